def index(req):
    return "Open from eight to six, %s" % (req.user or "whoever you are")
