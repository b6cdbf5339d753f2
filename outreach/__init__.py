"""What we write to people, and the only place that sends it."""
