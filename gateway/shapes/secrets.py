"""The shapes of provider accounts' secrets."""

from datetime import datetime

from pydantic import Field

from gateway.shapes.common import Shape


class SecretValue(Shape):
    """A secret on its way in."""

    value: str = Field(min_length=1, max_length=16_000)


class SecretRef(Shape):
    """A secret by its reference."""

    ref: str
    changed_at: datetime


class SecretRefs(Shape):
    """All secrets of a workspace, without their values."""

    items: list[SecretRef]
