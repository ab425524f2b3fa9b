"""Journeys walk through all floors of the house, as somebody who uses it would."""
