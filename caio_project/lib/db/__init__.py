"""What is about the database: claims, append-only tables, deadlines, row changes."""
