"""The queries: what they answer as of a moment, in which order, with how many statements."""
