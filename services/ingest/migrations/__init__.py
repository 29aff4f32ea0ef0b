"""Migrations of the ingest schema."""
