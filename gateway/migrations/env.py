"""Alembic's environment of this schema."""

from gateway.tables import SCHEMA, metadata
from kit.db.migrate import run_environment

run_environment(SCHEMA, metadata)
