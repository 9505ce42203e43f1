"""Review: people's edits, read, checked and applied."""
