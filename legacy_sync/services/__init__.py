"""Use cases. Every function takes a synchronous Session, commits its own work and needs no Flask context."""
