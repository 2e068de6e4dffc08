"""The list of guests, for those who work here."""


def index(req):
    return f"Guests, for {req.user}"
