"""The command line, as a person or a program uses it: exit codes, texts, documents and real processes."""
