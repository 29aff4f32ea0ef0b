"""The catalog's templates, asked of decision once and kept: a revision never changes."""

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

from contracts.topology import CATALOG
from kit.bus.rpc import Caller
from kit.errors import NotFound
from services.delivery import wire
from services.delivery.adapters.liquid import Liquid, LiquidTemplate
from services.delivery.domain import template
from services.delivery.domain.message import Order
from services.delivery.ports import Unrenderable

K = TypeVar("K")
V = TypeVar("V")

TEMPLATES_MAX = 1000
"""Parsed templates kept, about 50 KB each; the one not used for longest goes first."""
REVISIONS_MAX = 50_000
"""Which text a template has at a revision: two numbers each."""

_Name = tuple[str, str, int]
"""Workspace, key, revision."""


class CatalogTemplates:
    """Finds the template of an order."""

    def __init__(self, caller: Caller, liquid: Liquid) -> None:
        self._caller = caller
        self._liquid = liquid
        self._written_at: _Kept[_Name, int] = _Kept(REVISIONS_MAX)
        self._parsed: _Kept[_Name, LiquidTemplate] = _Kept(TEMPLATES_MAX)
        self._asked: dict[_Name, asyncio.Future[LiquidTemplate]] = {}

    async def find(self, order: Order) -> LiquidTemplate:
        """The template at the order's revision; raises Unrenderable or Unavailable."""
        name = (order.workspace, order.template, order.catalog_revision)
        written_at = self._written_at.get(name)
        if written_at is not None:
            parsed = self._parsed.get((*name[:2], written_at))
            if parsed is not None:
                return parsed
        return await self._together(name)

    async def _together(self, name: _Name) -> LiquidTemplate:
        """Asks once however many wait for the same template."""
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = asyncio.ensure_future(self._ask(name))
            asked.add_done_callback(lambda _: self._asked.pop(name, None))
        return await asyncio.shield(asked)

    async def _ask(self, name: _Name) -> LiquidTemplate:
        workspace, key, revision = name
        try:
            body = await self._caller.call(
                CATALOG, workspace, wire.template_question(key, revision)
            )
        except NotFound as error:
            raise Unrenderable(f"there is no template {key} at revision {revision}") from error
        found = wire.read_template(body)
        if found is None:
            raise Unrenderable(f"there is no template {key} at revision {revision}")
        written_at, body_json = found
        self._written_at.put(name, written_at)
        parsed = self._parsed.get((workspace, key, written_at))
        if parsed is None:
            parsed = self._liquid.parse(self._read(key, body_json))
            self._parsed.put((workspace, key, written_at), parsed)
        return parsed

    def _read(self, key: str, body_json: bytes) -> template.TemplateDocument:
        try:
            return template.read(body_json)
        except ValueError as error:
            raise Unrenderable(f"{key}: {error}") from error


class _Kept(Generic[K, V]):
    """The entries used last, at most so many."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: K, value: V) -> None:
        self._entries[key] = value
        if len(self._entries) > self._size_max:
            self._entries.popitem(last=False)
