"""Templates before anybody gets them: are they fit to be saved, and what would somebody read?"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kit.bus.rpc import Request
from kit.clock import Clock
from services.delivery import wire
from services.delivery.domain import template
from services.delivery.domain.scenes.making import Told, scene_of, seconds
from services.delivery.domain.scenes.rules import lint
from services.delivery.domain.scenes.scene import Finding, Flaw
from services.delivery.domain.sms import segments
from services.delivery.ports import Proofs, Unrenderable

Documents = dict[str, dict[str, Any]]
"""Documents of one kind by key."""

FINDINGS_MAX = 200
VALID_FOR = "P3D"
"""How long a message step's message is valid where it does not say (decision's default)."""
_KINDS = ("topic", "block", "journey", "template")


class CheckTemplates:
    """Answers `check_templates`: what is wrong with the templates an apply would leave behind.

    Looked at are those in the apply, and those that its topics, blocks and journeys concern.
    """

    def __init__(self, proofs: Proofs, clock: Clock) -> None:
        self._proofs = proofs
        self._clock = clock

    async def __call__(self, request: Request) -> bytes:
        given = _by_kind(wire.read_check(request.body))
        if not any(given.values()):
            return wire.check_reply([])
        wanted = {kind: await self._merged(request.workspace, kind, given) for kind in _KINDS}
        findings: list[tuple[str, Finding]] = []
        for document in _concerned(given, wanted["template"]):
            name = f"template {document.get('key')}"
            findings += [(name, each) for each in await self._check(document, wanted)]
        return wire.check_reply(findings[:FINDINGS_MAX])

    async def _merged(self, workspace: str, kind: str, given: Mapping[str, Documents]) -> Documents:
        """All documents of a kind as they would be after the apply."""
        stored = await self._proofs.catalog(workspace, kind)
        return {key: msgspec.json.decode(body) for key, body in stored.items()} | given[kind]

    async def _check(
        self, document: dict[str, Any], wanted: Mapping[str, Documents]
    ) -> list[Finding]:
        body = msgspec.json.encode(document)
        try:
            told = msgspec.convert(document, Told)
        except msgspec.ValidationError:
            return []  # decision says what a template document must look like
        try:
            read = template.read(body)
        except ValueError as error:
            return [Finding(Flaw.UNREADABLE, "content", str(error))]
        blocks = [
            msgspec.json.encode(wanted["block"][key])
            for key in template.blocks_in(read)
            if key in wanted["block"]
        ]
        wordings = [(locale, name) for locale in read.content for name in ("", *read.variants)]
        looks = await self._proofs.look(body, blocks, wordings)
        topic = wanted["topic"].get(told.topic, {})
        message_class = told.message_class or topic.get("class") or "marketing"
        valid_for_s = _valid_for_s(told.key, wanted["journey"])
        findings: list[Finding] = []
        for (locale, variant), look in zip(wordings, looks, strict=True):
            path = f"variants.{variant}.{locale}" if variant else f"content.{locale}"
            if isinstance(look, Unrenderable):
                findings.append(Finding(Flaw.UNRENDERABLE, path, str(look)))
                continue
            scene = scene_of(
                told,
                path,
                look.copy,
                look.used,
                message_class=message_class,
                now=self._clock.now(),
                valid_for_s=valid_for_s,
            )
            findings += lint(scene)
        return findings


class ShowText:
    """Answers `render_template`: what somebody would read; nothing is sent or stored."""

    def __init__(self, proofs: Proofs, clock: Clock) -> None:
        self._proofs = proofs
        self._clock = clock

    async def __call__(self, request: Request) -> bytes:
        asked = wire.read_preview(request.body, self._clock.now())
        try:
            proof = await self._proofs.write(request.workspace, asked)
        except Unrenderable as error:
            return wire.refused_preview(str(error))
        count = segments(proof.content.text).count if proof.channel == "sms" else 0
        return wire.preview_reply(proof, count)


def _by_kind(documents: list[dict[str, Any]]) -> dict[str, Documents]:
    found: dict[str, Documents] = {kind: {} for kind in _KINDS}
    for document in documents:
        kind, key = document.get("kind"), document.get("key")
        if isinstance(kind, str) and kind in found and isinstance(key, str):
            found[kind][key] = document
    return found


def _concerned(given: Mapping[str, Documents], templates: Documents) -> Iterator[dict[str, Any]]:
    """The templates whose findings may differ after the apply."""
    told_by_journeys = {
        step.get("template") for journey in given["journey"].values() for step in _steps(journey)
    }
    for key, document in templates.items():
        uses = any(f"'{block}'" in str(document) for block in given["block"])
        if (
            key in given["template"]
            or key in told_by_journeys
            or document.get("topic") in given["topic"]
            or uses
        ):
            yield document


def _steps(journey: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = journey.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _valid_for_s(key: str, journeys: Documents) -> float:
    """How long after its order a message of this template may still be sent; 0 where unknown."""
    found = [
        seconds(str(step.get("valid_for", VALID_FOR))) or 0.0
        for journey in journeys.values()
        for step in _steps(journey)
        if step.get("template") == key
    ]
    return max(found, default=0.0)
