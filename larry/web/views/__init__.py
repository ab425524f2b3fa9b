"""The views: each parses, makes its queries and hands frozen values to a template."""
