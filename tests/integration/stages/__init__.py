"""Stores of stages, and the processes that follow them."""
