"""The actions, end to end: what each writes, refuses and leaves alone, also when many act at once."""
