"""Which facts and questions go to which handler."""

from contracts.topology import (
    CHECK_TEMPLATES,
    DECISIONS,
    DROP_SECRET,
    INBOX,
    INBOX_ACT,
    KEEP_SECRET,
    MESSAGE,
    REACT,
    RENDER_TEMPLATE,
    SECRETS,
    TAKE_RECEIPTS,
)
from kit.bus.consumer import Subscription
from kit.bus.rpc import Endpoint
from kit.bus.spec import LANES
from services.delivery.handlers.inbox import InboxDesk
from services.delivery.handlers.messages import TellMessage
from services.delivery.handlers.orders import OnDecisions
from services.delivery.handlers.reactions import React
from services.delivery.handlers.receipts import TakeReceipts
from services.delivery.handlers.secrets import SecretsDesk
from services.delivery.handlers.templates import CheckTemplates, ShowText

FACTS_MAX = 500
"""Orders of one transaction: 500 rows take about 10 ms."""


def subscriptions(on_decisions: OnDecisions) -> list[Subscription]:
    """Stream and lane -> handler."""
    return [Subscription(DECISIONS, lane, on_decisions, max_facts=FACTS_MAX) for lane in LANES]


def endpoints(
    take_receipts: TakeReceipts,
    tell_message: TellMessage,
    check: CheckTemplates,
    show: ShowText,
    secrets: SecretsDesk,
    react: React,
    inbox: InboxDesk,
) -> list[Endpoint]:
    """Question -> handler."""
    return [
        Endpoint(TAKE_RECEIPTS, take_receipts),
        Endpoint(MESSAGE, tell_message),
        Endpoint(CHECK_TEMPLATES, check, at_once_max=4),
        Endpoint(RENDER_TEMPLATE, show, at_once_max=16),
        Endpoint(REACT, react),
        Endpoint(INBOX, inbox.on_items),
        Endpoint(INBOX_ACT, inbox.on_act),
        Endpoint(KEEP_SECRET, secrets.on_keep),
        Endpoint(SECRETS, secrets.on_list),
        Endpoint(DROP_SECRET, secrets.on_drop),
    ]
