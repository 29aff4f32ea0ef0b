"""Pure rules of ingest: what a call says, who it is about, which trait wins."""
