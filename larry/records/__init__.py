"""The records are the tables, and the promises that the database keeps about them."""
