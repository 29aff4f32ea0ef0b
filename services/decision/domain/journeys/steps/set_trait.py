"""Sets a trait of the person, to a value or to what the entering event said."""

from typing import TYPE_CHECKING

from services.decision.domain.decisions import TraitSet
from services.decision.domain.documents import FieldName
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position, TraitValue

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

TraitText = str | int | float | bool | None
_CHARS_MAX = 256


class SetTraitDocument(
    StepDocument, frozen=True, kw_only=True, tag="set_trait", rename={"from_property": "property"}
):
    """Sets `trait` to `value` (null removes it), or to a property of the entering event."""

    trait: FieldName
    value: TraitText = None
    from_property: FieldName | None = None
    next: str = ""


class SetTraitStep(Step, frozen=True):
    """Sets a trait; what is no plain value is not taken."""

    trait: str
    value: TraitText
    from_property: str
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        value: TraitValue = self.value
        if self.from_property:
            told = position.context.get(self.from_property)
            value = told if isinstance(told, str | int | float | bool) else None
        if isinstance(value, str):
            value = value[:_CHARS_MAX]
        if turn.state.traits.get(self.trait) != value:
            if value is None:
                turn.state.traits.pop(self.trait, None)
            else:
                turn.state.traits[self.trait] = value
            turn.learnt(self.trait)
            seq = turn.say()
            turn.effects.append(
                TraitSet(
                    turn.derive("trait", seq), seq, turn.now, position.journey, self.key,
                    self.trait, value,
                )
            )  # fmt: skip
        return Go(self.next, position)


def compile_step(document: SetTraitDocument, spot: "Spot") -> SetTraitStep:
    if document.from_property is not None:
        if document.value is not None:
            spot.problem("property", "`value` or `property`", "both")
        spot.carry((document.from_property,))
    spot.keep_trait(document.trait)
    return SetTraitStep(
        document.key,
        document.trait,
        document.value,
        document.from_property or "",
        spot.target(document.next, "next"),
    )
