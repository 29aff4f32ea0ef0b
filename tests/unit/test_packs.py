"""Every story pack does what its journey tests say, and `kairos apply` would take it as it is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli import test as command
from contracts.gen.kairos.delivery.v1.service_pb2 import (
    CheckTemplatesReply,
    CheckTemplatesRequest,
)
from kit.bus.rpc import Request
from kit.clock import SystemClock
from services.decision.domain.catalog import parse_catalog
from services.delivery.adapters.liquid.template import Liquid
from services.delivery.domain import template
from services.delivery.handlers.templates import CheckTemplates
from services.delivery.ports import Preview, Proof, Unrenderable, Wording

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKS = sorted(path.parent for path in EXAMPLES.glob("*/catalog"))
LANGUAGES = {"de", "en"}

#: Advice a pack does not take: three-acts keeps one wording whether or not the hook was seen.
ADVICE = {
    "three-acts": ("template how-to content.de: no_recap", "template how-to content.en: no_recap")
}

every_pack = pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.name)


class ReadHere:
    """Proofs of an empty workspace, read in this process instead of a press of their own."""

    async def catalog(self, workspace: str, kind: str) -> dict[str, bytes]:
        return {}

    async def look(
        self, document: bytes, blocks: Sequence[bytes], wordings: Sequence[tuple[str, str]]
    ) -> list[Wording | Unrenderable]:
        shared = {one.key: one for one in map(template.read_block, blocks)}
        read = Liquid().parse(template.read(document), shared)
        found: list[Wording | Unrenderable] = []
        for locale, variant in wordings:
            try:
                parsed = read.parsed(locale, variant)
                found.append(Wording(parsed.source, parsed.variables()))
            except Unrenderable as error:
                found.append(error)
        return found

    async def write(self, workspace: str, asked: Preview) -> Proof:
        raise Unrenderable("nobody reads here")


def documents(pack: Path) -> list[dict[str, Any]]:
    return command.documents_in(pack / "catalog")


def findings(catalog: list[dict[str, Any]]) -> list[str]:
    """What the check of an apply finds, advice too."""
    body = CheckTemplatesRequest(documents_json=msgspec.json.encode(catalog)).SerializeToString()
    check = CheckTemplates(ReadHere(), SystemClock())
    reply = CheckTemplatesReply.FromString(asyncio.run(check(Request("acme", body, {}))))
    return [f"{f.document} {f.path}: {f.flaw}, {f.expected}, {f.got}" for f in reply.findings]


@every_pack
def test_pack_keeps_its_own_tests(pack: Path) -> None:
    command.test([pack])


@every_pack
def test_pack_is_a_catalog_whose_templates_have_no_flaw(pack: Path) -> None:
    """No refusal and no advice, in every language, as `kairos apply` would say."""
    parse_catalog(documents(pack))
    advice = ADVICE.get(pack.name, ())
    assert [one for one in findings(documents(pack)) if not any(a in one for a in advice)] == []


@every_pack
def test_pack_speaks_german_and_english(pack: Path) -> None:
    templates = [one for one in documents(pack) if one["kind"] == "template"]
    assert templates
    assert {one["key"]: set(one["content"]) for one in templates} == {
        one["key"]: LANGUAGES for one in templates
    }


@every_pack
def test_pack_sends_every_message_in_its_tests_and_says_what_it_is(pack: Path) -> None:
    """A message that no journey test sees is one nobody has thought through."""
    sent = {each["message"] for one in command.documents_in(pack / "tests") for each in one["gets"]}
    kept = {one["key"] for one in documents(pack) if one["kind"] == "template"}
    assert kept - sent == set()
    assert "Pending" in (pack / "README.md").read_text(encoding="utf-8")


def test_flaw_in_a_template_is_found() -> None:
    """The check above would see one: without it, a pack could say anything."""
    catalog = documents(EXAMPLES / "win-back")
    for one in catalog:
        if one["kind"] == "template":
            one["content"]["de"]["text"] = "Nur noch heute."
            break
    assert any("urgency_without_end" in one for one in findings(catalog))
