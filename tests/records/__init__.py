"""The tables, and the promises that the database keeps about them."""
