"""The shapes of what the public API takes and gives, a file a resource."""
