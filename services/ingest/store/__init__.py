"""Every query on ingest's tables."""
