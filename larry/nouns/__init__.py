"""What a simple noun is, said once: fields, kinds, addresses, and the estate file that states them."""
