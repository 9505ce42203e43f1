"""Attributes: terrain, insolation and climate of every rock glacier."""
