"""Log in with the passwords of a directory, as sites do against LDAP.

PythonOption directory.file    where the directory's entries are
PythonOption directory.base    below which entry people are looked for
PythonOption directory.groups  the groups whose members may log in; all may where there is none
"""

from mod_python import apache


def entries(path):
    """Yield the entries of a file as dictionaries of lists, by attribute."""
    entry = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, colon, value = line.rstrip("\n").partition(": ")
            if colon:
                entry.setdefault(name, []).append(value)
            elif entry:
                yield entry
                entry = {}
    if entry:
        yield entry


def find(path, base, user):
    """Return the entry of a user, None if there is none."""
    wanted = f"uid={user},{base}"
    return next((entry for entry in entries(path) if entry["dn"] == [wanted]), None)


def authenhandler(req):
    """Check the password first, then the groups."""
    password = req.get_basic_auth_pw()
    options = req.get_options()
    entry = find(options["directory.file"], options["directory.base"], req.user)
    if entry is None or password not in entry["userPassword"]:
        req.log_error(f"directory: no entry for {req.user}, or another password", apache.APLOG_WARNING)
        return apache.HTTP_UNAUTHORIZED
    groups = options.get("directory.groups", "").split()
    if groups and not set(groups) & set(entry.get("memberOf", [])):
        req.log_error(f"directory: {req.user} is in none of {groups}", apache.APLOG_WARNING)
        return apache.HTTP_FORBIDDEN
    req.notes["directory.dn"] = entry["dn"][0]
    return apache.OK
