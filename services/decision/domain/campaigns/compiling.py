"""A campaign as it runs: a journey of one message that only its launch lets people into."""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from services.decision.domain import model
from services.decision.domain.campaigns import documents
from services.decision.domain.conditions.context import Uses
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.journeys.steps.split import bounds, draw

if TYPE_CHECKING:
    from services.decision.domain.compiling import Compiler

NOBODY = model.Entry(None, False, "", False, None, False)
VERSION = 1


class Campaign(msgspec.Struct, frozen=True):
    """`segment` is the one the audience is, where it is just one; empty where it is a rule.

    `local` tells whether `at` is the recipient's time. `stages` are shares of 1 and seconds.
    """

    key: str
    segment: str
    at: str
    local: bool
    rrule: str
    per_minute: int
    stages: tuple[tuple[float, int], ...]
    variants: tuple[str, ...]
    bounds: tuple[float, ...]
    journey: model.Journey

    def variant_of(self, person_hex: str) -> str:
        """Return the variant this person gets: the same whenever asked."""
        lot = draw(f"{documents.PREFIX}{self.key}", person_hex)
        return next(self.variants[i] for i, bound in enumerate(self.bounds) if lot < bound)


def compile_campaign(compiler: "Compiler", document: documents.Campaign) -> Campaign:
    """Return the campaign; problems are noted with the compiler."""
    where, uses = f"campaign {document.key}", Uses()
    rule = compiler.condition(document.audience, where, "audience", uses)
    if uses.properties:
        names = ", ".join(sorted(uses.properties))
        compiler.problem(where, "audience", "no `property`: there is no event at hand", names)
    valid_for_s = compiler.seconds(document.valid_for, where, "valid_for")
    steps = {}
    for i, variant in enumerate(document.variants):
        compiler.needs(where, f"variants[{i}].template", "template", variant.template)
        if variant.key in steps:
            compiler.problem(where, f"variants[{i}].key", "each variant once", f"`{variant.key}`")
        steps[variant.key] = MessageStep(
            variant.key, (variant.template,), document.priority, valid_for_s,
            document.when_blocked, "",
        )  # fmt: skip
    weights = [variant.weight for variant in document.variants]
    if not sum(weights):
        compiler.problem(where, "variants", "at least one weight above 0", "none")
        weights = [1.0] * len(weights)
    stages = [
        (stage.percent / 100, compiler.seconds(stage.rest, where, f"stages[{i}].rest"))
        for i, stage in enumerate(document.stages)
    ]
    if [share for share, _ in stages] != sorted({share for share, _ in stages}):
        compiler.problem(where, "stages", "growing percentages", "others")
    send = document.send
    if send is not None and not _is_instant(send.at):
        compiler.problem(where, "send.at", "a date and time that exists", repr(send.at))
    keys = [variant.key for variant in document.variants]
    journey = model.Journey(
        documents.PREFIX + document.key, VERSION, NOBODY, "every", rule, {}, keys[0], dict(steps),
        (),
    )  # fmt: skip
    return Campaign(
        document.key,
        str(document.audience.segment) if document.audience.segment is not UNSET else "",
        send.at if send else "",
        send.local if send else False,
        (send.rrule or "") if send else "",
        document.per_minute or 0,
        tuple(stages),
        tuple(keys),
        bounds(weights),
        journey,
    )


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
