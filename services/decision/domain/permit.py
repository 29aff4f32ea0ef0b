"""The permit: may the provider call for this message start now?

Read-only and pure: asked right before the call, with everything that may have changed since the
decision. The message's own slot does not stand in its way. What cannot be judged is refused.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from services.decision.domain import sentences
from services.decision.domain.arbitrate import Wanted, weigh
from services.decision.domain.case import Moment, held, refused
from services.decision.domain.catalog import Catalog
from services.decision.domain.decisions import Ruling, Verdict
from services.decision.domain.model import NO_CONTROLS, TRANSACTIONAL, Controls
from services.decision.domain.permission import fingerprint
from services.decision.domain.reasons import Reason
from services.decision.domain.state import (
    RESERVED,
    UNKNOWN,
    Contact,
    Flight,
    PersonState,
)


class Permit(msgspec.Struct, frozen=True):
    """The answer: granted, or the verdict that stands against it."""

    granted: bool
    verdict: Verdict | None = None

    @property
    def reason(self) -> Reason | None:
        """Why it was refused; None if granted."""
        return self.verdict.reason if self.verdict else None

    @property
    def until(self) -> datetime | None:
        """When it may be granted, where only time is in the way."""
        return self.verdict.until if self.verdict else None

    def sentence(self, language: sentences.Language = "en") -> str:
        """The reason in words; empty if granted."""
        return sentences.sentence(self.verdict, language) if self.verdict else ""


_GRANTED = Permit(True)


def permit(
    state: PersonState,
    message_id: UUID,
    catalog: Catalog,
    now: datetime,
    controls: Controls = NO_CONTROLS,
    *,
    keyed: bool = False,
) -> Permit:
    """Return whether the call may start.

    `keyed`: the provider takes a repeat for the same message, so that an unknown outcome is no
    reason against one.

    Asked: exit, goal and answer since the decision; validity; address; permission; pause; mute;
    quiet hours and the whole current contact policy; stop of all marketing; pause of the journey.
    """
    contact = next((one for one in state.contacts if one.id == message_id), None)
    verdict = _against(state, contact, catalog, now, controls, keyed=keyed)
    return _GRANTED if verdict is None else Permit(False, verdict)


def _against(
    state: PersonState,
    contact: Contact | None,
    catalog: Catalog,
    now: datetime,
    controls: Controls,
    *,
    keyed: bool,
) -> Verdict | None:
    if contact is None:
        return refused("permit", Reason.UNKNOWN_MESSAGE)
    repeatable = keyed or contact.message_class == TRANSACTIONAL
    may_repeat = contact.state == UNKNOWN and repeatable
    flight = contact.flight
    if flight is None or not (contact.state == RESERVED or may_repeat):
        return refused("permit", Reason.ALREADY_SENT)
    pending = flight.pending
    if flight.cancelled:
        return refused(flight.cancelled, Reason(flight.cancelled), {"journey": pending.journey})
    wanted = catalog.wanted_by(pending)
    if wanted is None:
        return refused("catalog", Reason.JOURNEY_REMOVED, {"journey": pending.journey})
    template = catalog.templates.get(contact.template)
    if template is None:
        return refused("catalog", Reason.TEMPLATE_REMOVED, {"template": contact.template})
    moment = Moment(state, now, catalog.zone_of(state), controls, contact.id, catalog)
    decisive = weigh(moment, Wanted(pending, *wanted, template)).decisive
    if decisive is not None and decisive.ruling is Ruling.REFUSED:
        return decisive
    return _other_address(state, contact, flight, moment.now_s) or decisive


def _other_address(
    state: PersonState, contact: Contact, flight: Flight, now_s: int
) -> Verdict | None:
    """Hold what was addressed to somewhere the person no longer is: it is decided again."""
    if not flight.address:
        return None
    endpoint = state.endpoints.get(contact.channel)
    if endpoint is not None and fingerprint(endpoint.address) == flight.address:
        return None
    return held("reachable", Reason.ADDRESS_CHANGED, now_s, {"channel": contact.channel})
