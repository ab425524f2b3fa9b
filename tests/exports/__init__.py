"""The tests of the exports: every dialect is read back by the tool it is for."""
