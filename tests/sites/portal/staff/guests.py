"""The list of guests, for those who work here."""


def index(req):
    return "Guests, for %s" % req.user


def close(req, name=""):
    return "closed %s" % str(name)
