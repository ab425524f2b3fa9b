"""The tests of the house keep its rules: sizes, names, imports and links."""
