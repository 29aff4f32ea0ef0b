"""Templates looked at before anybody gets them; always aside, where no message waits."""

import asyncio
from collections.abc import Sequence

from contracts.topology import CATALOG
from kit.bus.rpc import Caller
from kit.errors import Broken, NotFound
from services.delivery import wire
from services.delivery.adapters.press.frames import Answer, Done, Job, Look, Refused, Source
from services.delivery.adapters.press.presses import ASIDE, Presses
from services.delivery.domain import template
from services.delivery.ports import Preview, Proof, Unrenderable, Wording

PREVIEW_URL = "https://preview.invalid/"
"""Stands where each recipient's own link will be."""


class PressedProofs:
    """The catalog's documents, and what a press makes of them."""

    def __init__(self, caller: Caller, presses: Presses) -> None:
        self._caller = caller
        self._presses = presses

    async def catalog(self, workspace: str, kind: str) -> dict[str, bytes]:
        """All documents of a kind at the head, by key; raises Unavailable."""
        body = await self._caller.call(CATALOG, workspace, wire.documents_question(kind))
        return {key: text for key, _, text in wire.read_blocks(body)}

    async def look(
        self, document: bytes, blocks: Sequence[bytes], wordings: Sequence[tuple[str, str]]
    ) -> list[Wording | Unrenderable]:
        """Each wording (language, variant) of a template; raises Unavailable."""
        source = self._presses.source(document, list(blocks))
        jobs = [Job(source.number, locale, name, "{}", {}, look=True) for locale, name in wordings]
        answers = await asyncio.gather(*(self._ask(source, job) for job in jobs))
        return [
            Wording(answer.copy, answer.variables)
            if isinstance(answer, Look)
            else Unrenderable(_why(answer))
            for answer in answers
        ]

    async def write(self, workspace: str, asked: Preview) -> Proof:
        """What somebody would read; raises Unrenderable, NotFound, Unavailable."""
        question = wire.template_question(asked.key, asked.revision)
        found = wire.read_template(await self._caller.call(CATALOG, workspace, question))
        if found is None:
            raise NotFound("There is no template with this key")
        _, body = found
        try:
            document = template.read(body)
        except ValueError as error:
            raise Unrenderable(str(error)) from error
        blocks = await self._blocks(workspace, document, asked.revision)
        source = self._presses.source(body, blocks)
        given = {"unsubscribe_url": f"{PREVIEW_URL}u", "now": asked.at}
        given["preferences_url"] = f"{PREVIEW_URL}p"
        job = Job(source.number, asked.locale, asked.variant, asked.variables, given)
        answer = await self._ask(source, job)
        if not isinstance(answer, Done):
            raise Unrenderable(_why(answer))
        return Proof(document.channel, answer.content)

    async def _blocks(
        self, workspace: str, document: template.TemplateDocument, revision: int
    ) -> list[bytes]:
        keys = template.blocks_in(document)
        if not keys:
            return []
        question = wire.blocks_question(revision)
        found = wire.read_blocks(await self._caller.call(CATALOG, workspace, question))
        return [body for key, _, body in found if key in keys]

    async def _ask(self, source: Source, job: Job) -> Answer:
        return await self._presses.ask(ASIDE, source, job)


def _why(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return answer.why
    raise Broken("the press answered something else than it was asked")
