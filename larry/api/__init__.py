"""The API is the face that programs talk to."""
