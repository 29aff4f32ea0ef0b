"""Alembic's environment of this schema."""

from kit.db.migrate import run_environment
from services.delivery.tables import SCHEMA, metadata

run_environment(SCHEMA, metadata)
