"""What other systems did: a contact they made takes its slot like one of ours."""

from services.decision.domain import learning
from services.decision.domain.civil import to_s_up
from services.decision.domain.inputs import ContactInput
from services.decision.domain.state import ACCEPTED, Contact
from services.decision.domain.turn import Turn


def on_contact(turn: Turn, contact: ContactInput) -> str:
    """Enter a contact into the ledger once; every policy that fits it counts it from then on.

    One that no policy looks back to is forgotten with the step. One from the future counts as now.
    """
    state = turn.state
    source = (contact.source or state.person).bytes
    if contact.seq > 0 and not learning.apply_once(state.applied, source, contact.seq):
        return "duplicate"
    if all(known.id != contact.id for known in state.contacts):
        state.contacts.append(
            Contact(
                contact.id,
                "",
                contact.channel,
                contact.topic,
                contact.message_class,
                contact.tags,
                min(to_s_up(contact.at), turn.now_s),
                ACCEPTED,
            )
        )
        state.contacts.sort(key=lambda one: (one.at_s, one.id))
    turn.changed()
    return "applied"
