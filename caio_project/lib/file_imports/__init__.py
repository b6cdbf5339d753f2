"""Files that a Lead gave on a page to be imported: rows, and their sealed content."""
