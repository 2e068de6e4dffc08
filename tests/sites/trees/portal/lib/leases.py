"""Which machine has an address, from the leases that a DHCP server gave."""

import re

LEASE = re.compile(
    r'lease (?P<ip>\S+) \{ hardware ethernet (?P<mac>\S+);(?: client-hostname "(?P<name>[^"]*)";)? \}'
)


def find(path, address):
    """Return the hardware address and name of the machine at an address, or two Nones."""
    with open(path) as lines:
        for line in lines:
            lease = LEASE.match(line)
            if lease and lease["ip"] == address:
                return lease["mac"], lease["name"]
    return None, None
