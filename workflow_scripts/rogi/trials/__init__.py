"""Trials: variants of the network, trained on the same splits and scored on the ground that each left out."""
