"""Imagery: tile indexes of quads, one global pixel grid, mosaics with a fallback quarter."""
