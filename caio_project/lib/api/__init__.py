"""What all views of the API share: lists, repeated writes, rates by key, the schema."""
