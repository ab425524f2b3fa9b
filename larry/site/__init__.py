"""The site is the one place that knows every room, and wires them together."""
