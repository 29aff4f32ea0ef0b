"""The checker of the numbered invariants of ARCHITECTURE.md, over the tables and the ledger.

It runs after every acceptance and fault test, on a system at rest. Each function returns what is
wrong, in words.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.decision.domain import decisions as decided
from services.decision.domain import state as states
from services.decision.domain.civil import parse_duration, period_s, to_s
from services.decision.domain.decisions import MessageOrder
from tests.support.running import Running, eventually

REPLAYED = 20
"""Decisions computed again by one check."""


async def at_rest(system: Running, *, within_s: float = 60.0) -> None:
    """Returns when nothing is unpublished, unconsumed or due any more."""

    async def resting() -> bool:
        waiting = 0
        for schema in ("ingest", "decision", "delivery"):
            rows = await system.sql(f"SELECT count(*) AS n FROM {schema}.outbox")
            waiting += rows[0]["n"]
        [open_messages] = await system.sql(
            "SELECT count(*) AS n FROM delivery.messages WHERE state IN ('planned', 'calling')"
        )
        return waiting == 0 and open_messages["n"] == 0

    await eventually(resting, "the system comes to rest", within_s=within_s)


async def check(system: Running, accepted: Sequence[str] = ()) -> list[str]:
    """Everything that is wrong; `accepted` are the message ids of events answered with 2xx."""
    wrong: list[str] = []
    wrong += await _i1_stored_once(system, accepted)
    wrong += await _i2_decided(system)
    wrong += await _i3_sent_once(system)
    wrong += await _i4_under_caps(system)
    wrong += await _i5_withdrawals(system)
    wrong += await _i6_final(system)
    wrong += await _i7_timeline(system)
    wrong += await _i10_replayable(system)
    wrong += await _no_dead_letters(system)
    return wrong


async def _i1_stored_once(system: Running, accepted: Sequence[str]) -> list[str]:
    rows = await system.sql("SELECT message_id, count(*) AS n FROM ingest.events GROUP BY 1")
    stored = {row["message_id"]: row["n"] for row in rows}
    missing = [one for one in set(accepted) if one not in stored]
    twice = [one for one, count in stored.items() if count > 1]
    return [f"I1 accepted but not stored: {one}" for one in missing] + [
        f"I1 stored more than once: {one}" for one in twice
    ]


async def _i2_decided(system: Running) -> list[str]:
    """Every numbered event of a profile has been applied to the person's state."""
    profiles = await system.sql(
        "SELECT workspace, id, last_seq, merged_into FROM ingest.profiles WHERE last_seq > 0"
    )
    rows = await system.sql("SELECT workspace, person, state FROM decision.person_states")
    applied: dict[tuple[str, bytes], list[int]] = {}
    for row in rows:
        if row["state"]:
            for source, ranges in states.decode(row["state"]).applied.items():
                applied[row["workspace"], source] = ranges
    merges = await system.sql("SELECT workspace, winner, person_seq FROM ingest.merges")
    own = Counter((row["workspace"], row["winner"]) for row in merges)
    wrong = []
    for profile in profiles:
        ranges = applied.get((profile["workspace"], profile["id"].bytes), [])
        seen = sum(end - start + 1 for start, end in zip(ranges[::2], ranges[1::2], strict=True))
        expected = profile["last_seq"] - own[profile["workspace"], profile["id"]]
        if seen < expected:
            wrong.append(f"I2 {profile['id']}: {seen} of {expected} events decided")
    return wrong


async def _i3_sent_once(system: Running) -> list[str]:
    entries = [entry for entry in await system.ledger() if entry["accepted"]]
    counts = Counter(
        (entry["message_id"], entry["recipient"]) for entry in entries if not entry.get("repeat_of")
    )
    return [f"I3 accepted {count} times: {key}" for key, count in counts.items() if count > 1]


async def _i4_under_caps(system: Running) -> list[str]:
    """No window of any cap holds more accepted and unknown messages than it allows.

    Under the caps that have stood unchanged, in the zone of each order and for the person it was
    decided for: what a merge puts together afterwards was allowed when it was sent.
    """
    documents = await system.sql(
        "SELECT key, count(*) AS n, min(body::text) AS body FROM decision.catalog_documents"
        " WHERE workspace = $1 AND kind = 'policy' GROUP BY key",
        system.workspace,
    )
    rules = {row["key"]: json.loads(row["body"])["rule"] for row in documents if row["n"] == 1}
    caps = {key: rule for key, rule in rules.items() if rule["type"] == "cap"}
    sent = await _sent(system)
    wrong = []
    for key, rule in caps.items():
        times: dict[Any, list[datetime]] = defaultdict(list)
        for order, person, at in sent:
            if _covers(rule, order):
                times[person, order.timezone].append(at)
        for (person, zone), moments in times.items():
            if (most := _most_at_once(rule, sorted(moments), ZoneInfo(zone))) > rule["messages"]:
                wrong.append(f"I4 cap {key}: {most} messages for {person}")
    return wrong


async def _sent(system: Running) -> list[tuple[MessageOrder, Any, datetime]]:
    """What was or may have been accepted: its order, the person, and when it was called."""
    rows = await system.sql(
        "SELECT m.person, d.decision, min(a.called_at) AS at FROM delivery.messages m"
        " JOIN decision.decisions d ON d.workspace = m.workspace AND d.id = m.decision_id"
        " JOIN delivery.attempts a ON a.workspace = m.workspace AND a.message_id = m.message_id"
        " WHERE m.workspace = $1 AND a.outcome IN ('accepted', 'unknown')"
        " AND a.called_at IS NOT NULL GROUP BY m.person, m.message_id, d.decision",
        system.workspace,
    )
    found = [(decided.decode(row["decision"]).order, row["person"], row["at"]) for row in rows]
    return [(order, person, at) for order, person, at in found if order is not None]


def _covers(rule: dict[str, Any], order: MessageOrder) -> bool:
    sets = {
        "channels": {order.channel},
        "topics": {order.topic},
        "classes": {order.message_class},
        "tags": set(order.tags),
    }
    given = {"classes": ["marketing"], **rule}
    return all(not given.get(name) or set(given[name]) & has for name, has in sets.items())


def _most_at_once(rule: dict[str, Any], moments: list[datetime], zone: ZoneInfo) -> int:
    """The most messages any one window holds."""
    if "per" in rule:
        return max(Counter(period_s(rule["per"], to_s(at), zone) for at in moments).values())
    window = timedelta(seconds=parse_duration(rule["within"]).fixed_s)
    most, first = 0, 0
    for i, at in enumerate(moments):
        while moments[first] <= at - window:
            first += 1
        most = max(most, i - first + 1)
    return most


PERMIT_S = 1.0
"""How long after an acknowledged withdrawal a call may still start."""
COMMIT_S = 1.0
"""The ledger has the time a change took effect, which is before its commit and its answer."""


async def _i5_withdrawals(system: Running) -> list[str]:
    """No call of marketing starts later than that after a withdrawal that covers it.

    A consent given, or a bar lifted, later on is another wish.
    """
    rows = await system.sql(
        "SELECT l.person, l.part, l.channel, l.at, a.called_at, m.message_id"
        " FROM decision.permission_ledger l"
        " JOIN delivery.messages m ON m.workspace = l.workspace AND m.person = l.person"
        " AND m.message_class = 'marketing'"
        " AND l.channel IN ('*', m.channel) AND l.topic IN ('*', m.topic)"
        " JOIN delivery.attempts a ON a.workspace = m.workspace AND a.message_id = m.message_id"
        " WHERE l.workspace = $1 AND a.called_at > l.at + $2::interval"
        " AND ((l.part = 'consent' AND l.status = 'withdrawn' AND l.purpose = 'contact')"
        "  OR (l.part IN ('objection', 'suppression', 'mute') AND l.status = 'set'))"
        " AND NOT EXISTS (SELECT 1 FROM decision.permission_ledger n"
        "  WHERE n.workspace = l.workspace AND n.person = l.person AND n.part = l.part"
        "  AND n.status IN ('granted', 'lifted') AND n.at >= l.at AND n.at <= a.called_at)",
        system.workspace,
        timedelta(seconds=PERMIT_S + COMMIT_S),
    )
    return [
        f"I5 {row['part']} of {row['person']} at {row['at']}, called at {row['called_at']}"
        for row in rows
    ]


async def _i6_final(system: Running) -> list[str]:
    rows = await system.sql(
        "SELECT message_id AS id, state FROM delivery.messages"
        " WHERE state IN ('planned', 'calling')"
    )
    return [f"I6 message {row['id']} rests in {row['state']}" for row in rows]


async def _i7_timeline(system: Running) -> list[str]:
    """Each event stands on the timeline exactly once."""
    rows = await system.sql(
        "SELECT e.id, count(t.*) AS n FROM ingest.events e LEFT JOIN history.timeline t"
        " ON t.workspace = e.workspace AND t.id = e.id GROUP BY e.id HAVING count(t.*) <> 1"
    )
    return [f"I7 event {row['id']} is {row['n']} times on the timeline" for row in rows]


async def _i10_replayable(system: Running) -> list[str]:
    """A sample of stored decisions, computed again from what they rested on."""
    rows = await system.sql(
        "SELECT id FROM decision.decisions WHERE workspace = $1 ORDER BY md5(id::text) LIMIT $2",
        system.workspace,
        REPLAYED,
    )
    answers = {row["id"]: await system.call("GET", f"/v1/decisions/{row['id']}") for row in rows}
    return [
        f"I10 decision {one} replays differently"
        for one, answer in answers.items()
        if not answer["basis"]["replay_agrees"]
    ]


async def _no_dead_letters(system: Running) -> list[str]:
    wrong = []
    for schema in ("decision", "delivery", "history"):
        rows = await system.sql(f"SELECT error_type, error FROM {schema}.dead_letters")
        wrong += [f"dead letter in {schema}: {row['error_type']} {row['error']}" for row in rows]
    return wrong
