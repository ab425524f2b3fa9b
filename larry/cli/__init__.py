"""The command line is the face that people and scripts type to."""
