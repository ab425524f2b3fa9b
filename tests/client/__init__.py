"""The client, against a server that is scripted, and against a Larry that is real."""
