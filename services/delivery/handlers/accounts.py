"""The provider accounts of each workspace, at work in this process.

An account has its own breaker, budget of retries and pause. The catalog's head is asked again every
few seconds, so that pausing an account takes effect soon; while decision is away the accounts known
last are used (without decision there are no permits anyway).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from kit.clock import Clock
from kit.errors import KairosError
from services.delivery.domain.accounts import (
    AccountDocument,
    Standing,
    by_channel,
    choose,
)
from services.delivery.domain.attempts import RETRY_CAP_S, STOP_PAUSE_S, Result
from services.delivery.domain.breaker import Breaker, Budget
from services.delivery.domain.faults import THROTTLED, Verdict
from services.delivery.domain.message import Claim
from services.delivery.handlers.drafting import Letterhead
from services.delivery.ports import Provider

log = logging.getLogger("kairos.delivery")

FRESH_S = 2.0
"""How long accounts are used before the catalog is asked again."""
PAUSED_S = 5.0
"""How soon messages look again at an account that is paused or cannot be used."""
CLOSE_AFTER_S = 90.0
"""A replaced account's connections are closed when the calls on them have long ended."""


class Unusable(Exception):
    """The account's settings or secrets make no provider; says which, without their values."""


class Account:
    """One account: the provider, and whether it may be called now."""

    def __init__(
        self,
        document: AccountDocument,
        provider: Provider[Any] | None,
        letterhead: Letterhead | None,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self.document = document
        self.letterhead = letterhead
        self._provider = provider
        self._clock = clock
        self._chance = chance
        self._breaker = Breaker()
        self._budget = Budget(clock.monotonic())
        self._shut_until: datetime | None = None

    @property
    def key(self) -> str:
        """Its name in the workspace, on the timeline and in metrics."""
        return self.document.key

    @property
    def provider(self) -> Provider[Any]:
        """Who is called; Unusable where the settings make none."""
        if self._provider is None:
            raise Unusable(self.key)
        return self._provider

    @property
    def is_probed(self) -> bool:
        """Only one call may go at a time."""
        return self._breaker.is_open

    def closed_for_s(self) -> float:
        """How long it takes no call; 0 where it does."""
        if self.document.paused or self._provider is None:
            return PAUSED_S
        return max(self._shut_for_s(), self._breaker.closed_for_s(self._clock.monotonic()))

    def may_repeat(self, claim: Claim) -> bool:
        """Whether the budget of retries has room for this attempt; first attempts always do."""
        if claim.attempts == 0:
            self._budget.earn()
            return True
        return self._budget.spend(self._clock.monotonic())

    def start(self) -> bool:
        """A call starts; whether it is a probe."""
        return self._breaker.start()

    def cancel(self, *, probe: bool) -> None:
        """It never came to the provider."""
        self._breaker.cancel(probe=probe)

    def end(self, result: Result, *, probe: bool) -> None:
        """Learns from the outcome of a call."""
        fault, now = result.fault, self._clock.monotonic()
        if fault is not None and fault.verdict is Verdict.STOP:
            self._shut(STOP_PAUSE_S, f"see its settings: {fault.name} ({result.detail})")
        if fault is THROTTLED and result.retry_after_s:
            self._shut(min(result.retry_after_s, RETRY_CAP_S), "it asked us to wait")
        failed = fault is not None and fault.verdict in (Verdict.RETRY, Verdict.UNKNOWN)
        failed = failed and fault is not THROTTLED
        if self._breaker.end(now, self._chance(), failed=failed, probe=probe):
            log.error("provider account %s fails; only probes go out", self.key)

    def _shut(self, for_s: float, why: str) -> None:
        before_s = self._shut_for_s()
        if not before_s:
            log.error("nothing goes through account %s for %g s: %s", self.key, for_s, why)
        self._shut_until = self._clock.now() + timedelta(seconds=max(for_s, before_s))

    def _shut_for_s(self) -> float:
        if self._shut_until is None:
            return 0.0
        return max(0.0, (self._shut_until - self._clock.now()).total_seconds())

    async def close(self) -> None:
        """Ends its connections."""
        if self._provider is not None:
            await self._provider.close()


class Directory(Protocol):
    """Where accounts are looked up."""

    async def accounts(self, workspace: str) -> Sequence[AccountDocument]:
        """The accounts at the head of a workspace's catalog; raises Unavailable."""
        ...


class Vault(Protocol):
    """Where secrets are kept."""

    async def reveal(self, workspace: str, refs: Sequence[str]) -> Mapping[str, str]:
        """The secrets by reference; those that are not there are left out."""
        ...


Build = Callable[[AccountDocument, Mapping[str, str]], tuple[Provider[Any], Letterhead]]
"""Makes the provider of an account from its document and its secrets by setting.

Raises ValueError for settings that cannot work.
"""


@dataclass
class _Kept:
    """A workspace's accounts and what they were made from."""

    accounts: dict[str, tuple[Account, tuple[AccountDocument, dict[str, str]]]]
    by_channel: Mapping[str, list[AccountDocument]]
    fresh_until_s: float
    asking: asyncio.Task[None] | None = None


class Accounts:
    """All accounts of all workspaces that have something to send.

    Args:
        standard: accounts from the settings, for channels a workspace has no account for.
    """

    def __init__(
        self,
        directory: Directory,
        vault: Vault,
        build: Build,
        standard: Sequence[Account],
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._vault = vault
        self._build = build
        self._standard = {each.key: each for each in standard}
        self._standard_by_channel = by_channel([each.document for each in standard])
        self._clock = clock
        self._chance = chance
        self._kept: dict[str, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def knows(self, workspace: str) -> bool:
        """Whether a message of the workspace can be given an account right now.

        What is known but no longer fresh is asked for on the side.
        """
        kept = self._kept.get(workspace)
        if kept is None:
            return False
        if kept.asking is None and self._clock.monotonic() >= kept.fresh_until_s:
            kept.asking = asyncio.create_task(self._again(workspace, kept))
        return True

    async def load(self, workspace: str) -> None:
        """Learns a workspace's accounts; raises Unavailable."""
        documents = await self._directory.accounts(workspace)
        refs = sorted({ref for each in documents for ref in each.secrets.values()})
        secrets = await self._vault.reveal(workspace, refs) if refs else {}
        before = self._kept.get(workspace)
        old = before.accounts if before else {}
        accounts = {}
        for each in documents:
            own = {name: secrets[ref] for name, ref in each.secrets.items() if ref in secrets}
            made_from = (each, own)
            known = old.get(each.key)
            same = known is not None and known[1] == made_from
            accounts[each.key] = known if known and same else (self._made(each, own), made_from)
        fresh_until_s = self._clock.monotonic() + FRESH_S
        self._kept[workspace] = _Kept(accounts, by_channel(documents), fresh_until_s)
        for key, (account, _) in old.items():
            if key not in accounts or accounts[key][0] is not account:
                self._close_later(account)

    def choose(self, claim: Claim) -> tuple[Account | None, float] | None:
        """The account for a message, or None and how long to wait; None where the channel has none.

        Only for workspaces that `knows`.
        """
        order = claim.order
        kept = self._kept[order.workspace]
        documents = kept.by_channel.get(order.channel)
        if documents:
            accounts = {key: account for key, (account, _) in kept.accounts.items()}
        else:
            documents = self._standard_by_channel.get(order.channel, [])
            accounts = self._standard
        if not documents:
            return None
        standings = [Standing(each, accounts[each.key].closed_for_s()) for each in documents]
        chosen, wait_s = choose(
            standings, order.message_id, last=claim.account, pinned=claim.pinned
        )
        return (accounts[chosen.key], 0.0) if chosen else (None, wait_s)

    async def token(self, workspace: str, account: str) -> str:
        """What Twilio signs with for an account; empty where there is none. Raises Unavailable."""
        if workspace and not self.knows(workspace):
            await self.load(workspace)
        own = self._kept[workspace].accounts.get(account) if workspace else None
        if own is not None:
            document, secrets = own[1]
            return {**document.settings, **secrets}.get("auth_token", "")
        standard = self._standard.get(account)
        return standard.document.settings.get("auth_token", "") if standard else ""

    async def close(self) -> None:
        """Ends all connections."""
        for task in (*self._closing, *(k.asking for k in self._kept.values() if k.asking)):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for account in self._standard.values():
            await account.close()
        for kept in self._kept.values():
            for account, _ in kept.accounts.values():
                await account.close()

    def _made(self, document: AccountDocument, secrets: Mapping[str, str]) -> Account:
        provider: Provider[Any] | None = None
        letterhead: Letterhead | None = None
        if missing := sorted(document.secrets.keys() - secrets.keys()):
            log.error("provider account %s lacks secrets: %s", document.key, ", ".join(missing))
            return Account(document, None, None, self._clock, self._chance)
        try:
            provider, letterhead = self._build(document, secrets)
        except ValueError as error:
            log.error("provider account %s cannot be used: %s", document.key, error)
        return Account(document, provider, letterhead, self._clock, self._chance)

    async def _again(self, workspace: str, kept: _Kept) -> None:
        try:
            await self.load(workspace)
        except KairosError as error:
            log.debug("accounts of a workspace not read again: %s", error)
            kept.fresh_until_s = self._clock.monotonic() + FRESH_S
            kept.asking = None

    def _close_later(self, account: Account) -> None:
        async def close() -> None:
            try:
                await asyncio.sleep(CLOSE_AFTER_S)
            finally:
                await account.close()

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
