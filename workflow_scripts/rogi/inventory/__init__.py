"""Inventory: ids, merging, checks, publication and accuracy."""
