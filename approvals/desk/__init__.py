"""The review desk: all that stands beside one email, batches, and the proof of reading."""
