"""Postgres: pools, transactions, roles, migrations."""
