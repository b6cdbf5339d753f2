"""Imports of files by a Lead: given on a page, worked off by a worker, shown with their lines."""
