"""What the machine may approve; the sweep approves, and gives back what it may not any more."""
