"""The page Performance: charts of figures, each with its numbers and never under its sample."""
