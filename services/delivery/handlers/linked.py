"""Templates whose links lead over our redirect, with targets stored before the message goes out."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from msgspec import structs

from kit.clock import Clock
from kit.db.database import Database
from services.delivery.domain.links import target_of
from services.delivery.domain.mail import Content
from services.delivery.domain.message import Order
from services.delivery.domain.scenes.making import seconds
from services.delivery.domain.template import TemplateDocument
from services.delivery.domain.tracking import led, with_parameters, with_pixel
from services.delivery.ports import Links, Targets, Template, Templates

KNOWN_MAX = 50_000
"""Targets known to be stored, some 200 bytes each; links mostly lead to the same few places."""


class LinkedTemplates:
    """Templates that are rendered with links of our own.

    E-mail and SMS: every web address in a link. A target is committed before the message can go
    out, so no link ever leads nowhere. The pixel comes only where opens may be measured.
    """

    def __init__(
        self, templates: Templates, links: Links, db: Database, targets: Targets, clock: Clock
    ) -> None:
        self._templates = templates
        self._links = links
        self._db = db
        self._targets = targets
        self._clock = clock
        self._known: set[tuple[str, UUID]] = set()

    async def find(self, order: Order) -> "LinkedTemplate":
        """The template at the order's revision; raises Unrenderable or Unavailable."""
        return LinkedTemplate(self, await self._templates.find(order))

    async def link(self, order: Order, document: TemplateDocument, content: Content) -> Content:
        """The content with its links led; raises Unavailable where targets cannot be stored."""
        targets: dict[UUID, str] = {}
        codes: dict[str, UUID] = {}

        def lead(url: str) -> str:
            if self._links.is_own(url):
                return url
            full = with_parameters(url, document.link_parameters)
            target = target_of(full)
            targets[target] = full
            if order.channel != "sms":
                return self._links.click_url(order, target)
            code, short = self._links.short_url(order, target)
            codes[code] = target
            return short

        if order.channel == "in_app":
            return structs.replace(
                content,
                placement=document.placement or "feed",
                holds_s=seconds(document.holds_for) or 0.0,
            )
        if order.channel not in ("email", "sms"):
            return content
        linked = led(content, lead)
        await self._keep(order, targets, codes)
        if order.channel == "email" and order.measure:
            linked = structs.replace(
                linked, html=with_pixel(linked.html, self._links.open_url(order))
            )
        return linked

    async def _keep(
        self, order: Order, targets: Mapping[UUID, str], codes: Mapping[str, UUID]
    ) -> None:
        new = {
            target: url
            for target, url in targets.items()
            if (order.workspace, target) not in self._known
        }
        if not new and not codes:
            return
        await self._db.retrying(partial(self._store, order, new, codes))
        if len(self._known) > KNOWN_MAX:
            self._known.clear()
        self._known |= {(order.workspace, target) for target in new}

    async def _store(
        self, order: Order, targets: Mapping[UUID, str], codes: Mapping[str, UUID]
    ) -> None:
        async with self._db.worker() as tx:
            await self._targets.keep_targets(tx, order.workspace, targets, self._clock.now())
            if codes:
                await self._targets.keep_short(tx, order.workspace, order.message_id, codes)


class LinkedTemplate:
    """One of them."""

    def __init__(self, linked: LinkedTemplates, template: Template) -> None:
        self._linked = linked
        self._template = template

    @property
    def document(self) -> TemplateDocument:
        """What the catalog says of it."""
        return self._template.document

    async def render(self, order: Order, given: Mapping[str, str]) -> Content:
        """What this recipient reads; raises Unrenderable, or Unavailable."""
        content = await self._template.render(order, given)
        return await self._linked.link(order, self.document, content)
