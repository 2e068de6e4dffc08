"""Nothing: what Python 2.2 lacked is in every Python that runs this. Applications may still import it."""
