"""Running it: status, diagnosis, deployment check, supervisor, examples, test visitor, switches."""
