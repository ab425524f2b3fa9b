"""The outside holds the doors to the world: clocks, clouds, directories and other people's servers."""
