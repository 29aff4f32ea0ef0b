"""Alembic's door to the ingest schema."""

from kit.db.migrate import run_environment
from services.ingest.tables import SCHEMA, metadata

run_environment(SCHEMA, metadata)
