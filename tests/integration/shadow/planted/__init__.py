"""Ports that are right, and a hundred ways to get them wrong."""
