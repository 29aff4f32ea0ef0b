"""Streams as their specs say: created where missing, updated where different.

The number of replicas is the operator's (a cluster has three) and is left alone once a stream
exists.
"""

import logging
from collections.abc import Sequence
from typing import Any

from kit.bus.connection import Connection
from kit.bus.jetstream import ApiError, StreamState, ask, stream_state
from kit.bus.spec import FeedSpec, StreamSpec
from kit.embedded.nats import assert_sync_always
from kit.errors import Broken

log = logging.getLogger("kairos.bus")

DUPLICATE_WINDOW_S = 120.0
"""How long the server remembers message ids: longer than a relay tries to publish one envelope."""
_NAME_IN_USE = 10058
_NANOSECONDS = 1_000_000_000


async def ensure_streams(bus: Connection, streams: Sequence[StreamSpec | FeedSpec]) -> None:
    """Makes every stream as its spec says; safe to call from many processes at once.

    Raises NatsUnusable where the server acknowledges before the disk has the message, and
    Unavailable where it cannot be asked.
    """
    if streams:
        await assert_sync_always(bus.client)
    for spec in streams:
        await ensure_stream(bus, spec)


async def ensure_stream(bus: Connection, spec: StreamSpec | FeedSpec) -> StreamState:
    """Makes one stream as its spec says and returns its state."""
    wanted = _config(spec)
    state = await stream_state(bus, spec.name)
    if state is None:
        await _create(bus, spec.name, wanted)
        state = await stream_state(bus, spec.name)
    elif any(state.config.get(key) != value for key, value in wanted.items()):
        log.info("updating stream %s", spec.name)
        await ask(bus, f"STREAM.UPDATE.{spec.name}", {**state.config, **wanted})
        state = await stream_state(bus, spec.name)
    if state is None:
        raise Broken(f"Stream {spec.name} vanished while it was being made")
    return state


async def recreate_stream(bus: Connection, spec: StreamSpec) -> StreamState:
    """Replaces a stream that lost messages by an empty one, which is a new incarnation."""
    await ask(bus, f"STREAM.DELETE.{spec.name}")
    return await ensure_stream(bus, spec)


async def _create(bus: Connection, name: str, config: dict[str, Any]) -> None:
    log.info("creating stream %s", name)
    try:
        await ask(bus, f"STREAM.CREATE.{name}", config | {"num_replicas": 1})
    except ApiError as error:
        if error.code != _NAME_IN_USE:  # somebody else was a moment faster
            raise


def _config(spec: StreamSpec | FeedSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "subjects": [spec.subjects],
        "retention": "limits",
        "storage": "file",
        "discard": "new" if isinstance(spec, StreamSpec) else "old",
        "max_age": int(spec.max_age_s * _NANOSECONDS),
        "max_bytes": spec.max_bytes,
        "duplicate_window": int(min(DUPLICATE_WINDOW_S, spec.max_age_s) * _NANOSECONDS),
        "allow_direct": True,
        "deny_delete": False,
        "deny_purge": False,
    }
