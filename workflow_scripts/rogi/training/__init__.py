"""Training: inventories, patches, splits, the network and the loop that fits it."""
