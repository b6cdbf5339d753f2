"""Parts of the diagnosis beside the stages, and what mends each fault."""
