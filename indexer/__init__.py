"""Owns the indexes: their shape, their writing, their engines, and where records come from."""
