"""Composition root of the delivery service: the one place that names concrete classes."""

import asyncio
from random import SystemRandom

from contracts.topology import DECISIONS, DELIVERIES
from kit.bus.spec import BULK, NOW
from kit.clock import Clock
from kit.service import Parts, Service, Task, run
from kit.settings import load
from services.delivery.adapters.catalog import CatalogTemplates
from services.delivery.adapters.decision import DecisionPermits
from services.delivery.adapters.http_mail import HttpMail
from services.delivery.adapters.links import SignedLinks
from services.delivery.adapters.press.presses import Presses
from services.delivery.adapters.proofs import PressedProofs
from services.delivery.adapters.smtp import SmtpMail
from services.delivery.domain.receipts import signing_key
from services.delivery.handlers.drafting import Drafts, Letterhead
from services.delivery.handlers.gate import Gate
from services.delivery.handlers.lane import Lane, Limits
from services.delivery.handlers.liveness import Liveness, Pulse
from services.delivery.handlers.messages import TellMessage
from services.delivery.handlers.orders import OnDecisions
from services.delivery.handlers.receipts import TakeReceipts
from services.delivery.handlers.sender import Sender
from services.delivery.handlers.sending import Tools
from services.delivery.handlers.templates import CheckTemplates, ShowText
from services.delivery.settings import PREFIX, Settings
from services.delivery.store import Store
from services.delivery.subscriptions import endpoints, subscriptions

NAME = "delivery"
KEYED = {SmtpMail.name: SmtpMail.keyed, HttpMail.name: HttpMail.keyed}


async def compose(service: Service) -> Parts:
    """The service's parts."""
    settings = load(Settings, service.env, PREFIX)
    store, clock = Store(), service.clock
    provider = provider_of(settings, clock)
    lanes: dict[str, Lane] = {}

    def look() -> None:
        for lane in lanes.values():
            lane.look()

    chance = SystemRandom().random
    liveness = Liveness(
        service.db,
        store,
        store,
        clock,
        pulse=Pulse(settings.beat_s, settings.ttl_s),
        keyed=KEYED,
        chance=chance,
        on_planned=look,
    )
    presses = Presses()
    proofs = PressedProofs(service.caller, presses)
    tools = Tools(
        db=service.db,
        clock=clock,
        outbound=store,
        drafts=Drafts(
            CatalogTemplates(service.caller, presses),
            SignedLinks(settings.public_url, settings.link_secret.encode()),
            Letterhead.of(settings.sender, settings.return_path, settings.mail_domain),
            clock,
        ),
        permits=DecisionPermits(service.caller, clock, settings.permit_ttl_s),
        provider=provider,
        gate=Gate(clock),
        chance=chance,
        sender=lambda: liveness.sender,
    )
    lanes |= {name: Lane(name, limits, tools) for name, limits in limits_of(settings).items()}
    sender = Sender(service.db, store, provider, liveness, lanes)
    keys = [signing_key(each.strip()) for each in settings.webhook_secret.split(",")]
    return Parts(
        streams=(DECISIONS, DELIVERIES),
        subscriptions=subscriptions(OnDecisions(store, lanes, clock)),
        endpoints=endpoints(
            TakeReceipts(service.db, store, clock, keys),
            TellMessage(store),
            CheckTemplates(proofs, clock),
            ShowText(proofs, clock),
        ),
        tasks=(run_with(presses, sender),),
        busy=(sender.is_busy,),
        next_due=(sender.next_due,),
    )


def run_with(presses: Presses, sender: Sender) -> Task:
    """The sender, whose templates are rendered as long as it sends."""

    async def sending(stop: asyncio.Event) -> None:
        try:
            await sender.run(stop)
        finally:
            await presses.close()

    return sending


def provider_of(settings: Settings, clock: Clock) -> SmtpMail | HttpMail:
    """Who takes e-mail."""
    if settings.email_provider == HttpMail.name:
        return HttpMail(
            settings.http_url,
            clock,
            timeout_s=settings.call_timeout_s,
            token=settings.http_token,
        )
    return SmtpMail(
        settings.smtp_url, clock, hello=settings.mail_domain, timeout_s=settings.call_timeout_s
    )


def limits_of(settings: Settings) -> dict[str, Limits]:
    """`now` goes out one by one and at once; `bulk` in groups, which share permits and commits."""
    return {
        NOW: Limits(
            at_once_max=settings.now_at_once_max,
            group_min=1,
            group_max=32,
            backlog_max=500,
            outcome_wait_s=0.0,
        ),
        BULK: Limits(
            at_once_max=settings.bulk_at_once_max,
            group_min=min(32, settings.bulk_at_once_max),
            group_max=64,
            backlog_max=4000,
            outcome_wait_s=0.005,
        ),
    }


if __name__ == "__main__":
    run(NAME, compose)
