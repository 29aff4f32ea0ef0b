"""A table with rows of people is erased and exported, or says why not.

The tables grow with every feature; whoever adds one decides here, not when somebody asks to be
forgotten.
"""

from importlib import import_module

import pytest

from kit.bus.erasure import Personal

LISTS = {
    "ingest": "services.ingest.store.erased",
    "decision": "services.decision.store.personal",
    "delivery": "services.delivery.store.messages",
    "history": "services.history.store.timeline",
}
NAMES = frozenset(
    {
        "person",
        "profile",
        "winner",
        "loser",
        "user_id",
        "message",
        "message_id",
        "email",
        "endpoint",
    }
)
"""Columns that lead to somebody."""
NOBODY = {
    ("history", "pressure"): "how many people got how many messages; names nobody",
    ("history", "message_days"): "sums",
    ("ingest", "erased_ids"): "what must be left",
}
BUS = frozenset({"erased", "dead_letters"})
"""The kit's own."""


@pytest.mark.parametrize("service", LISTS)
def test_table_with_rows_of_people_is_listed(service: str) -> None:
    personal: tuple[Personal, ...] = import_module(LISTS[service]).PERSONAL
    listed = {each.table for each in personal}
    tables = import_module(f"services.{service}.tables").metadata.tables.values()
    people = {
        table.name
        for table in tables
        if NAMES & {column.name for column in table.columns}
        and table.name not in BUS
        and (service, table.name) not in NOBODY
    }

    assert people - listed == set(), "list it in PERSONAL, or say in NOBODY why not"
    assert listed <= {table.name for table in tables}
