"""Composition root of the delivery service: the one place that names concrete classes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode

from contracts.topology import DECISIONS, DELIVERIES
from kit.bus.spec import BULK, NOW
from kit.clock import Clock
from kit.service import Parts, Service, Task, run
from kit.settings import load
from services.delivery.adapters.catalog import CatalogAccounts, CatalogTemplates
from services.delivery.adapters.decision import DecisionPermits
from services.delivery.adapters.dkim import Signer
from services.delivery.adapters.http_mail import HttpMail
from services.delivery.adapters.in_app import InApp
from services.delivery.adapters.links import SignedLinks
from services.delivery.adapters.press.presses import Presses
from services.delivery.adapters.proofs import PressedProofs
from services.delivery.adapters.seals import Seals
from services.delivery.adapters.smtp import Server, SmtpMail
from services.delivery.adapters.twilio import Twilio
from services.delivery.adapters.webhook import Webhook
from services.delivery.domain.accounts import AccountDocument
from services.delivery.domain.receipts import signing_key
from services.delivery.handlers.accounts import Account, Accounts
from services.delivery.handlers.desk import Limits
from services.delivery.handlers.drafting import Drafts, Letterhead
from services.delivery.handlers.inbox import InboxDesk
from services.delivery.handlers.lane import Lane
from services.delivery.handlers.linked import LinkedTemplates
from services.delivery.handlers.liveness import Liveness, Pulse
from services.delivery.handlers.messages import TellMessage
from services.delivery.handlers.orders import OnDecisions
from services.delivery.handlers.reactions import React
from services.delivery.handlers.receipts import TakeReceipts
from services.delivery.handlers.secrets import SecretsDesk, StoredVault
from services.delivery.handlers.sender import Sender
from services.delivery.handlers.sending import Tools
from services.delivery.handlers.templates import CheckTemplates, ShowText
from services.delivery.ports import Provider
from services.delivery.settings import PREFIX, Settings
from services.delivery.store.inbox import InboxStore
from services.delivery.store.links import LinkStore
from services.delivery.store.messages import PERSONAL, Store
from services.delivery.subscriptions import endpoints, subscriptions

NAME = "delivery"
Chance = Callable[[], float]


async def compose(service: Service) -> Parts:
    """The service's parts."""
    settings = load(Settings, service.env, PREFIX)
    store, clock = Store(), service.clock
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
        chance=chance,
        on_planned=look,
    )
    presses = Presses()
    link_store = LinkStore()
    links = SignedLinks(settings.public_url, settings.link_secret.encode(), settings.short_url)
    proofs = PressedProofs(service.caller, presses)
    inbox_store = InboxStore()
    makers = Makers(settings, clock, InApp(service.db, inbox_store, store, clock))
    vault = StoredVault(service.db, store, Seals.parse(settings.secrets_key))
    accounts = Accounts(
        CatalogAccounts(service.caller), vault, makers.make, makers.standard(chance), clock, chance
    )
    tools = Tools(
        db=service.db,
        clock=clock,
        outbound=store,
        drafts=Drafts(
            LinkedTemplates(
                CatalogTemplates(service.caller, presses), links, service.db, link_store, clock
            ),
            links,
            clock,
        ),
        permits=DecisionPermits(service.caller, clock, settings.permit_ttl_s),
        accounts=accounts,
        rates=store,
        chance=chance,
        sender=lambda: liveness.sender,
    )
    lanes |= {name: Lane(name, limits, tools) for name, limits in limits_of(settings).items()}
    sender = Sender(service.db, store, accounts, liveness, lanes)
    keys = [signing_key(each.strip()) for each in settings.webhook_secret.split(",")]
    return Parts(
        streams=(DECISIONS, DELIVERIES),
        subscriptions=subscriptions(OnDecisions(store, lanes, clock)),
        endpoints=endpoints(
            TakeReceipts(service.db, store, clock, keys, accounts, settings.public_url),
            TellMessage(store),
            CheckTemplates(proofs, clock),
            ShowText(proofs, clock),
            SecretsDesk(store, vault.seals, clock),
            React(service.db, link_store, store, clock),
            InboxDesk(service.db, inbox_store, link_store, store, clock),
        ),
        tasks=(run_with(presses, sender),),
        personal=PERSONAL,
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


class Makers:
    """Makes providers from what a workspace's account, or the environment, says."""

    def __init__(self, settings: Settings, clock: Clock, in_app: InApp) -> None:
        self._settings = settings
        self._in_app = in_app
        self._clock = clock

    def make(
        self, document: AccountDocument, secrets: Mapping[str, str]
    ) -> tuple[Provider[Any], Letterhead]:
        """The provider of an account; ValueError names what cannot work."""
        given = {**document.settings, **secrets}
        match document.type:
            case "smtp":
                return self._smtp(given), self._letterhead(given)
            case "http":
                return self._http(given), self._letterhead(given)
            case "twilio":
                return self._twilio(given), self._reporting(document.key, given)
            case "webhook":
                return self._webhook(given), Letterhead()
            case "in_app":
                return self._in_app, Letterhead()
            case _:
                raise ValueError(f"there is no provider of type {document.type}")

    def standard(self, chance: Chance) -> list[Account]:
        """The accounts of the environment, for workspaces without any of their own."""
        settings = self._settings
        found = {settings.email_provider: self._of_environment(settings.email_provider)}
        found["in_app"] = {}
        if settings.twilio_account_sid:
            found["twilio"] = self._of_environment("twilio")
        if settings.hook_secret:
            found["webhook"] = self._of_environment("webhook")
        accounts = []
        for kind, given in found.items():
            # Unlimited here: the lanes' own slots bound it.
            document = AccountDocument(key=kind, type=kind, at_once=500, settings=given)
            provider, letterhead = self.make(document, {})
            accounts.append(Account(document, provider, letterhead, self._clock, chance))
        return accounts

    def _of_environment(self, kind: str) -> dict[str, str]:
        settings = self._settings
        of: dict[str, dict[str, str]] = {
            "smtp": {
                "url": settings.smtp_url,
                "dkim_domain": settings.dkim_domain,
                "dkim_selector": settings.dkim_selector,
                "dkim_key": settings.dkim_key,
            },
            "http": {"url": settings.http_url, "token": settings.http_token},
            "twilio": {
                "url": settings.twilio_url,
                "account_sid": settings.twilio_account_sid,
                "auth_token": settings.twilio_auth_token,
                "sender": settings.twilio_sender,
            },
            "webhook": {
                "signing_secret": settings.hook_secret,
            },
        }
        return of[kind]

    def _letterhead(self, given: Mapping[str, str]) -> Letterhead:
        settings = self._settings
        return Letterhead.of(
            given.get("sender") or settings.sender,
            given.get("return_path") or settings.return_path,
            given.get("domain") or settings.mail_domain,
        )

    def _smtp(self, given: Mapping[str, str]) -> SmtpMail:
        settings = self._settings
        server = Server.parse(_needed(given, "url"))
        if given.get("username"):
            server = replace(server, username=given["username"], password=given.get("password"))
        signer = None
        if given.get("dkim_domain"):
            selector, key = _needed(given, "dkim_selector"), _needed(given, "dkim_key")
            signer = Signer(given["dkim_domain"], selector, key)
        return SmtpMail(
            server,
            self._clock,
            hello=given.get("domain") or settings.mail_domain,
            timeout_s=settings.call_timeout_s,
            signer=signer,
        )

    def _http(self, given: Mapping[str, str]) -> HttpMail:
        return HttpMail(
            _needed(given, "url"),
            self._clock,
            timeout_s=self._settings.call_timeout_s,
            token=given.get("token", ""),
        )

    def _twilio(self, given: Mapping[str, str]) -> Twilio:
        return Twilio(
            given.get("url") or self._settings.twilio_url,
            _needed(given, "account_sid"),
            _needed(given, "auth_token"),
            _needed(given, "sender"),
            self._clock,
            timeout_s=self._settings.call_timeout_s,
        )

    def _reporting(self, key: str, given: Mapping[str, str]) -> Letterhead:
        """Where Twilio reports to, which names the account; the message's id is added to it."""
        base = f"{self._settings.public_url.rstrip('/')}/v1/webhooks/twilio"
        return Letterhead(callback=f"{base}?{urlencode({'account': key})}")

    def _webhook(self, given: Mapping[str, str]) -> Webhook:
        keys = [signing_key(each.strip()) for each in _needed(given, "signing_secret").split(",")]
        return Webhook(
            keys,
            self._clock,
            timeout_s=self._settings.call_timeout_s,
            idempotent=given.get("idempotent", "").lower() == "true",
            anywhere=self._settings.hook_anywhere,
        )


def _needed(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value:
        raise ValueError(f"the account needs `{name}`")
    return value


def limits_of(settings: Settings) -> dict[str, Limits]:
    """`now` goes out at once, in groups only when much waits; outcomes of `bulk` share commits."""
    return {
        NOW: Limits(
            at_once_max=settings.now_at_once_max,
            group_min=min(32, settings.now_at_once_max),
            group_max=64,
            backlog_max=1000,
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
