"""Migrations of the schema `delivery`."""
