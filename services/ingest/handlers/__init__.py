"""What ingest does with a question: load, decide, record."""
