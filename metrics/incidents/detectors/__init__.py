"""The rules by which something is wrong: facts in, findings out. Pure."""
