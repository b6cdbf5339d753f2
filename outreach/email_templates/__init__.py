"""Templates: the starting set, previews and publishing of versions."""
