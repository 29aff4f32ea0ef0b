"""Migrations of the schema `ingest`."""
