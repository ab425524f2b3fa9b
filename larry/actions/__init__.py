"""The actions write: one verb is one function, one transaction and one line of activity."""
