"""Local stand-ins for providers, with a ledger and fault switches."""
