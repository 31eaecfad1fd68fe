"""The programs that the documentation shows; tests/docs runs each of them."""
