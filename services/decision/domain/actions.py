"""What can be done for a message that may go out, and the draw among it.

An action is a variant of a template on its channel. The eligible ones are those of all templates of
the step that passed every rule; a wish for a channel, where the person has said one
(`preferred_channel`), leaves only actions on it if there are any.
"""

from collections.abc import Sequence

from services.decision.domain import bandit
from services.decision.domain.case import Moment
from services.decision.domain.decisions import Action
from services.decision.domain.model import Template

#: The trait in which a person's wish for a channel is kept.
PREFERRED_CHANNEL = "preferred_channel"


def eligible(moment: Moment, templates: Sequence[Template]) -> list[tuple[Template, str]]:
    """Return (template, variant) of every action that may be taken; never empty."""
    wish = moment.state.traits.get(PREFERRED_CHANNEL)
    wished = [one for one in templates if one.channel == wish]
    return [
        (template, variant)
        for template in wished or templates
        for variant in template.variants or ("",)
    ]


def tabulated(
    moment: Moment, found: Sequence[tuple[Template, str]], exploration: float
) -> tuple[Action, ...]:
    """Return each action with the probability of taking it, in millionths."""
    if len(found) == 1:
        template, variant = found[0]
        return (Action(template.key, variant, template.channel, bandit.WHOLE),)
    model, bucket = moment.model, moment.habits.bucket
    beliefs = [
        model.of_variant_for(template.channel, template.key, variant, bucket)
        if variant
        else model.of_template_for(template.channel, template.key, bucket)
        for template, variant in found
    ]
    shares = bandit.millionths(beliefs, exploration)
    return tuple(
        Action(template.key, variant, template.channel, share)
        for (template, variant), share in zip(found, shares, strict=True)
    )
