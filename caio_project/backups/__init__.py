"""Backups of the database with the file of erasures, and the check that one can be restored."""
