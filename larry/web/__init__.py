"""The web is the face that people see in a browser."""
