"""What the machine may approve, and the sweep that approves it."""
