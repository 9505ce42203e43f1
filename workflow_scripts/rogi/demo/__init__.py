"""The embedded demo world: a synthetic mountain range in the formats of the real products."""
