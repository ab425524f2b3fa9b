"""What programs ask over HTTP: bodies, headers, refusals."""
