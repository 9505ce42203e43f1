"""Mapping: windows over the imagery, blended probabilities, candidate polygons."""
