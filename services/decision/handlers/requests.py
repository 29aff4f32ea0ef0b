"""Messages asked for from outside: decided at once, under the person's lock, by the same core."""

from uuid import UUID

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.domain.decisions import Decision
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import Input, MessageInput, NextInput
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work
from services.decision.wire import requests as wire

VALID_FOR_S = 86_400
"""How long a message asked for may wait for its turn, unless the request says."""
VALID_FOR_S_MAX = 30 * 86_400
_KEYS = UUID("00000000-0000-7000-8000-000000000000")
"""What ids of requests derive from: equal keys, equal ids."""


class RequestDesk:
    """Answers `send` and `next`."""

    def __init__(self, decider: Decider, catalogs: Catalogs, clock: Clock) -> None:
        self._decider = decider
        self._catalogs = catalogs
        self._clock = clock

    async def on_send(self, tx: Tx, request: Request) -> bytes:
        """Decides about one message for one person; what was decided is committed with the answer.

        The same key again is the same request as long as the message waits or is on its way.
        NotFound for an unknown template, Invalid where channel or class are not its own.
        """
        asked = wire.send_request(request.body)
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        template = catalog.templates.get(asked.template)
        if template is None:
            raise NotFound("There is no template with this key")
        for name, given, own in (
            ("channel", asked.channel, template.channel),
            ("class", asked.message_class, template.message_class),
        ):
            if given and given != own:
                problem = {"pointer": f"/{name}", "detail": f"`{own}`, as the template says"}
                raise Invalid(f"The template has another {name}", errors=[problem])
        valid_for_s = min(asked.valid_for_s or VALID_FOR_S, VALID_FOR_S_MAX)
        id_ = derive_id(_KEYS, request.workspace, asked.key) if asked.key else new_id(self._clock)
        message = MessageInput(id_, asked.template, self._clock.now(), valid_for_s, asked.data)
        made = await self._decide(tx, request, asked.person, message)
        about = [one for one in made if any(not each.journey for each in one.candidates)]
        return wire.send_reply(about[0] if about else None)

    async def on_next(self, tx: Tx, request: Request) -> bytes:
        """Chooses the next best message now and takes its slot; none is an answer too."""
        asked = wire.next_request(request.body)
        now = self._clock.now()
        question = NextInput(new_id(self._clock), now, asked.channels, asked.placement)
        made = await self._decide(tx, request, asked.person, question)
        chosen = next((one for one in made if one.order is not None), made[-1] if made else None)
        return wire.next_reply(chosen, asked.placement)

    async def _decide(
        self, tx: Tx, request: Request, person: UUID, asked: Input
    ) -> tuple[Decision, ...]:
        trace = request.headers.get("traceparent", "")
        work = Work((request.workspace, person), [asked], trace)
        [result] = await self._decider.decide(tx, [work], "now")
        return result.decisions
