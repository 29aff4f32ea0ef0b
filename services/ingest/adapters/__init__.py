"""The outside world of ingest: the rules of e-mail addresses and of telephone numbers."""
