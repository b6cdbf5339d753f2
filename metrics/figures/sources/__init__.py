"""What happened on one day, as counts with the dimensions they belong to."""
