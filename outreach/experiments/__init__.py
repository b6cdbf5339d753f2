"""A/B tests of a template: start, count, compare, end."""
