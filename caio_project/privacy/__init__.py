"""Personal data: which fields hold it, its export, erasure, retention, and backups."""
