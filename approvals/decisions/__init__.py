"""A person's decision about one text of one email: one judgement for every channel."""
