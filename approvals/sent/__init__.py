"""What was approved and what became of it, and what people answered."""
