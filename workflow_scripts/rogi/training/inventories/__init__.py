"""Training inventories by different hands, brought together: every polygon is accounted for."""
