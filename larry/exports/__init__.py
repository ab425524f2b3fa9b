"""The exports print configuration for one tool each, and know nothing but what they are given."""
