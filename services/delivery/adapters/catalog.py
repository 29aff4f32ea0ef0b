"""The catalog's templates, asked of decision once and kept: a revision never changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Generic, TypeVar

from contracts.topology import CATALOG
from kit.bus.rpc import Caller
from kit.errors import Broken, NotFound
from services.delivery import wire
from services.delivery.adapters.press.frames import Done, Job, Refused, Source
from services.delivery.adapters.press.presses import Presses
from services.delivery.domain import accounts, template
from services.delivery.domain.accounts import AccountDocument
from services.delivery.domain.mail import Content
from services.delivery.domain.message import Order
from services.delivery.ports import Unrenderable

K = TypeVar("K")
V = TypeVar("V")

TEMPLATES_MAX = 1000
"""Templates kept, about 10 KB each; the one not used for longest goes first."""
REVISIONS_MAX = 50_000
"""Which text a template has at a revision: two numbers each."""

_Name = tuple[str, str, int]
"""Workspace, key, revision."""


class PressedTemplate:
    """A template that is rendered elsewhere."""

    def __init__(
        self, presses: Presses, document: template.TemplateDocument, source: Source
    ) -> None:
        self.document = document
        self._presses = presses
        self._source = source

    async def render(self, order: Order, given: Mapping[str, str]) -> Content:
        """What this recipient reads; raises Unrenderable, or Unavailable."""
        job = Job(
            self._source.number,
            order.locale,
            order.variant or template.variant_of(order.variables),
            order.variables,
            {**given, "now": order.ordered_at},
        )
        answer = await self._presses.ask(order.lane, self._source, job)
        match answer:
            case Done(content):
                return content
            case Refused(why):
                raise Unrenderable(why)
            case _:
                raise Broken("a text was asked for and a look came")


class CatalogTemplates:
    """Finds the template of an order."""

    def __init__(self, caller: Caller, presses: Presses) -> None:
        self._caller = caller
        self._presses = presses
        self._written_at: _Kept[_Name, int] = _Kept(REVISIONS_MAX)
        self._parsed: _Kept[_Name, PressedTemplate] = _Kept(TEMPLATES_MAX)
        self._asked: dict[_Name, asyncio.Future[PressedTemplate]] = {}

    async def find(self, order: Order) -> PressedTemplate:
        """The template at the order's revision; raises Unrenderable or Unavailable."""
        name = (order.workspace, order.template, order.catalog_revision)
        written_at = self._written_at.get(name)
        if written_at is not None:
            parsed = self._parsed.get((*name[:2], written_at))
            if parsed is not None:
                return parsed
        return await self._together(name)

    async def _together(self, name: _Name) -> PressedTemplate:
        """Asks once however many wait for the same template."""
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = asyncio.ensure_future(self._ask(name))
            asked.add_done_callback(lambda _: self._asked.pop(name, None))
        return await asyncio.shield(asked)

    async def _ask(self, name: _Name) -> PressedTemplate:
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
        document = _read(key, body_json)
        blocks: list[bytes] = []
        if keys := template.blocks_in(document):
            blocks_at, blocks = await self._blocks(workspace, keys, revision)
            written_at = max(written_at, blocks_at)
        self._written_at.put(name, written_at)
        parsed = self._parsed.get((workspace, key, written_at))
        if parsed is None:
            source = self._presses.source(body_json, blocks)
            parsed = PressedTemplate(self._presses, document, source)
            self._parsed.put((workspace, key, written_at), parsed)
        return parsed

    async def _blocks(
        self, workspace: str, keys: set[str], revision: int
    ) -> tuple[int, list[bytes]]:
        """Shared blocks, and the revision in which the last of them changed."""
        question = wire.blocks_question(revision)
        found = wire.read_blocks(await self._caller.call(CATALOG, workspace, question))
        wanted = [(at, body) for key, at, body in found if key in keys]
        return max((at for at, _ in wanted), default=0), [body for _, body in wanted]


def _read(key: str, body_json: bytes) -> template.TemplateDocument:
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


class CatalogAccounts:
    """The provider accounts at the head of a workspace's catalog."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def accounts(self, workspace: str) -> list[AccountDocument]:
        """Those of a type this release knows; raises Unavailable where decision cannot answer."""
        body = await self._caller.call(CATALOG, workspace, wire.documents_question("provider"))
        found = [accounts.read(each) for each in wire.read_documents(body)]
        return [each for each in found if each.channel]
