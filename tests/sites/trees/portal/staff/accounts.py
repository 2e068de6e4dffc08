"""The accounts of guests: some of the staff may close them."""


def close(req, guest=""):
    return "closed %s" % (guest.decode() if isinstance(guest, bytes) else guest)
