"""Parts people by chance that sticks: a share of all, or the variants of an experiment.

The lot is a hash of salt and person (BLAKE2b, 53 bits), so the same person gets the same answer in
every run, on every machine, and two splits with different salts are independent of each other.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from services.decision.domain.documents import Key
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

_BITS = 53


class VariantDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way, and its weight among all."""

    key: Key
    weight: Annotated[float, Meta(ge=0, le=1_000_000)]
    next: str = ""


class SplitDocument(StepDocument, frozen=True, kw_only=True, tag="split"):
    """Goes one of several ways by weight; the same person always the same one.

    Splits with the same `salt` part people alike; without one each step parts by itself.
    """

    variants: Annotated[tuple[VariantDocument, ...], Meta(min_length=2, max_length=20)]
    salt: Annotated[str, Meta(max_length=100)] = ""


class SplitStep(Step, frozen=True):
    """`bounds` are the upper ends of the variants' shares of [0, 1), in order."""

    salt: str
    variants: tuple[str, ...]
    bounds: tuple[float, ...]
    targets: tuple[str, ...]

    @property
    def ways(self) -> tuple[str, ...]:
        return self.targets

    def arrive(self, turn: "Turn", position: Position) -> Next:
        lot = draw(self.salt, turn.person_hex)
        for i, bound in enumerate(self.bounds):
            if lot < bound:
                return Go(self.targets[i], position, self.variants[i])
        raise AssertionError("the last bound is 1 and every lot is below it")


def draw(salt: str, person: str) -> float:
    """Return this person's lot under `salt`, evenly spread over [0, 1)."""
    digest = blake2b(f"{salt}\x1f{person}".encode(), digest_size=8, person=b"kairos-split").digest()
    return (int.from_bytes(digest, "big") >> (64 - _BITS)) / (1 << _BITS)


def bounds(weights: list[float]) -> tuple[float, ...]:
    """Return the upper ends of the shares that `weights` mean; their sum must not be 0."""
    total, reached, found = sum(weights), 0.0, []
    for weight in weights:
        reached += weight
        found.append(reached / total)
    last = max(i for i, weight in enumerate(weights) if weight)
    return tuple(1.0 if i >= last else bound for i, bound in enumerate(found))


def compile_step(document: SplitDocument, spot: "Spot") -> SplitStep:
    weights = [variant.weight for variant in document.variants]
    keys = [variant.key for variant in document.variants]
    if not sum(weights):
        spot.problem("variants", "at least one weight above 0", "none")
        weights = [1.0] * len(weights)
    for i, key in enumerate(keys):
        if key in keys[:i]:
            spot.problem(f"variants[{i}].key", "each variant once", f"`{key}` again")
    return SplitStep(
        document.key,
        document.salt or f"{spot.journey}/{document.key}",
        tuple(keys),
        bounds(weights),
        tuple(
            spot.target(variant.next, f"variants[{i}].next")
            for i, variant in enumerate(document.variants)
        ),
    )
