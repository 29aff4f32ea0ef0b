"""Migrations of the schema `history`."""
