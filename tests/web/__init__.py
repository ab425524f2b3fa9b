"""The pages, as a browser and whoever wishes harm asks for them."""
