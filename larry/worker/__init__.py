"""The worker is the face that acts when nobody is watching."""
