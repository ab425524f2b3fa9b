"""The questions and acts of the command, put to a Larry elsewhere: the same arguments, the same values."""
