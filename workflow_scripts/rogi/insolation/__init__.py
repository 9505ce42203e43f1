"""Potential incoming solar radiation of a year, with cast shadows: sun, atmosphere, horizon."""
