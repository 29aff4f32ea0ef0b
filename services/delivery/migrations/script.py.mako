"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}

SCHEMA = "delivery"


def upgrade() -> None:
    ${upgrades if upgrades else "raise NotImplementedError"}
