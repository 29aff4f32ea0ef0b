"""What acceptance and fault tests share: a whole system, and the checker of its invariants."""
