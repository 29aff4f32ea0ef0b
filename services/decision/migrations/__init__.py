"""Migrations of the schema `decision`."""
