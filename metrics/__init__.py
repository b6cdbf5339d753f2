"""What came of it, and how much autonomy that has earned."""
