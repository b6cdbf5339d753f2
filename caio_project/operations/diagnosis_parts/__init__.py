"""Parts of the diagnosis: what stands around the stages, and the command that mends each fault."""
