"""Orders for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.delivery.domain.message import Claim, Order

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MESSAGE = UUID("019536e5-3e00-7000-8000-000000000001")


def order(**changed: Any) -> Order:
    """A marketing mail to Anna, ordered now, valid for ten hours."""
    given: dict[str, Any] = {
        "workspace": "fitshop",
        "message_id": MESSAGE,
        "decision_id": UUID("019536e5-3e00-7000-8000-000000000002"),
        "person": UUID("019536e5-3e00-7000-8000-000000000003"),
        "lane": "now",
        "channel": "email",
        "endpoint": "anna@example.com",
        "template": "welcome",
        "catalog_revision": 1,
        "topic": "tips",
        "message_class": "marketing",
        "locale": "de-AT",
        "variables": '{"profile": {"first_name": "Anna"}}',
        "ordered_at": NOW,
        "valid_until": NOW + timedelta(hours=10),
        "journey": "first-steps",
        "step": "one",
        "reason_en": "First order",
        "reason_de": "Erste Bestellung",
        "basis": "consent",
        "traceparent": "",
    }
    return Order(**given | changed)


def claim(*, attempts: int = 0, maybe_sent: bool = False, **changed: Any) -> Claim:
    """A claim on such an order."""
    return Claim(order(**changed), epoch=1, attempts=attempts, maybe_sent=maybe_sent)
