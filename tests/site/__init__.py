"""Settings, and the database of the tests themselves."""
