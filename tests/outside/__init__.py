"""The world outside, as far as it can be tested here."""
