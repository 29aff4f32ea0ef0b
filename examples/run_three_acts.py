"""`make run`: starts Kairos, plays the three-acts story with real purchases, shows one customer's
conversation, stays up.

Everything goes through the public door: the catalog by POST /v1/apply, the past by POST
/v1/imports, the present by the stock Segment client, time by POST /v1/dev/clock.
"""

import argparse
import asyncio
import re
import signal
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.progress import Progress
from segment.analytics.client import Client

from cli.system import DEFAULT_DATA, DEFAULT_PORT, Kairos, Options
from examples.three_acts_people import CUTOFF, Person, Purchase, person, purchases, sample, workouts
from examples.three_acts_report import show
from kit.clock import SystemClock
from kit.embedded.errors import EmbeddedError
from kit.settings import SettingError

CATALOG = Path(__file__).parent / "three-acts" / "catalog"
HOURS = {"order_completed": 11, "workout_completed": 20}
"""People shop at noon and train in the evening (UTC): some scenes then wait for the morning."""
CONSENT_WORDING = "Yes, send me training tips by e-mail, at most four a month."
console = Console()


Happening = tuple[str, str, dict[str, Any]]
"""Customer, event, properties."""


@dataclass
class Story:
    """One run of the story against a running system."""

    api: httpx.Client
    sandbox: httpx.Client
    segment: Client
    weeks: int
    size: int
    today: date = field(default_factory=lambda: SystemClock().now().date())

    def play(self) -> list[str]:
        """Imports the past, lives through the weeks, returns the customers that were played."""
        lines = purchases()
        chosen = sample(lines, self.weeks, self.size)
        self._apply()
        self._import_past(lines)
        self._welcome([person(customer) for customer in chosen])
        self._live(
            [line for line in lines if line.customer in chosen and line.day >= CUTOFF], chosen
        )
        return chosen

    def shifted(self, day: date) -> date:
        """A day of the log as a day of this run: the cut-off is today."""
        return self.today + (day - CUTOFF)

    def _apply(self) -> None:
        text = "\n---\n".join(path.read_text() for path in sorted(CATALOG.glob("*.yaml")))
        answer = self.api.post(
            "/v1/apply", content=text, headers={"content-type": "application/yaml"}
        )
        answer.raise_for_status()
        console.print(f"catalog applied, revision {answer.json()['revision']}")

    def _import_past(self, lines: list[Purchase]) -> None:
        past = [line for line in lines if line.day < CUTOFF]
        rows = b"\n".join(msgspec.json.encode(self._past_event(line)) for line in past)
        answer = self.api.post(
            "/v1/imports", content=rows, headers={"content-type": "application/x-ndjson"}
        )
        answer.raise_for_status()
        customers = len({line.customer for line in past})
        console.print(
            f"past imported: {len(past)} purchases of {customers} customers ({answer.json()})"
        )

    def _past_event(self, line: Purchase) -> dict[str, Any]:
        at = datetime.combine(self.shifted(line.day), time(12), UTC)
        return {
            "type": "track",
            "messageId": f"cdnow-{line.number}",
            "userId": line.customer,
            "event": "order_completed",
            "timestamp": at.isoformat(),
            "properties": {"quantity": line.quantity, "amount_usd": line.amount_usd},
        }

    def _welcome(self, people: list[Person]) -> None:
        """Traits by the stock client, consent with its evidence by the API."""
        for one in people:
            self.segment.identify(
                one.customer,
                {
                    "email": one.email,
                    "first_name": one.first_name,
                    "locale": one.locale,
                    "timezone": one.timezone,
                },
            )
        self.segment.flush()
        for one in people:
            if not one.consents:
                continue
            answer = self.api.put(
                f"/v1/profiles/user:{one.customer}/consents/email/tips",
                json={
                    "status": "granted",
                    "purpose": "contact",
                    "basis": "opt_in",
                    "evidence": {"wording": CONSENT_WORDING, "version": "1", "source": "checkout"},
                },
            )
            answer.raise_for_status()

    def _live(self, lines: list[Purchase], chosen: list[str]) -> None:
        """Day by day: the clock moves on, what happened is sent, the system decides."""
        end = CUTOFF + timedelta(weeks=self.weeks)
        agenda = _agenda(lines, chosen, end)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("weeks pass", total=(end - CUTOFF).days)
            day = CUTOFF
            while day < end:
                for event, hour in HOURS.items():
                    self._send(day, hour, [one for one in agenda.get(day, []) if one[1] == event])
                if day == CUTOFF + timedelta(weeks=3):
                    self._one_unsubscribes()
                day += timedelta(days=1)
                progress.advance(task)
        self._advance_to(datetime.combine(self.shifted(end), time(12), UTC))

    def _send(self, day: date, hour: int, happened: list[Happening]) -> None:
        if not happened:
            return
        self._advance_to(datetime.combine(self.shifted(day), time(hour), UTC))
        for customer, event, properties in happened:
            self.segment.track(customer, event, properties)
        self.segment.flush()

    def _advance_to(self, instant: datetime) -> None:
        now = datetime.fromisoformat(self.api.get("/v1/dev/clock").json()["now"])
        if instant > now:
            answer = self.api.post("/v1/dev/clock", json={"to": instant.isoformat()}, timeout=120.0)
            answer.raise_for_status()

    def _one_unsubscribes(self) -> None:
        """The reader of the newest tip uses the unsubscribe link of that mail, as a mail client
        would.
        """
        mails = self.sandbox.get("/ledger", params={"channel": "email", "limit": 200}).json()
        items = mails["items"] if isinstance(mails, dict) else mails
        for mail in reversed(items):
            if link := re.search(r"/u/[A-Za-z0-9_.\-]+", str(mail.get("body", ""))):
                self.api.post(link[0], data={"List-Unsubscribe": "One-Click"}).raise_for_status()
                return


def _agenda(lines: list[Purchase], chosen: list[str], end: date) -> dict[date, list[Happening]]:
    agenda: dict[date, list[Happening]] = {}
    trained: dict[date, set[str]] = {}
    people = {customer: person(customer) for customer in chosen}
    for line in lines:
        if line.day >= end:
            continue
        properties = {"quantity": line.quantity, "amount_usd": line.amount_usd}
        agenda.setdefault(line.day, []).append((line.customer, "order_completed", properties))
        for day in workouts(people[line.customer], line.day, end):
            trained.setdefault(day, set()).add(line.customer)
    for day, customers in trained.items():
        agenda.setdefault(day, []).extend(
            (customer, "workout_completed", {"minutes": 20}) for customer in sorted(customers)
        )
    return agenda


async def run(data: Path, port: int, weeks: int, people: int, *, stay: bool) -> None:
    """Starts the system, tells the story in a thread of its own, stays until Ctrl-C."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    system = Kairos(Options(data=data, port=port, dev_clock=True))
    console.print("starting Postgres, NATS and Kairos ...")
    async with system:
        told = asyncio.create_task(asyncio.to_thread(_tell, system.addresses, weeks, people))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({told, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            told.result()
        if stay and not stop.is_set():
            console.print("\nKairos stays up; Ctrl-C stops it.")
            await stopped
        console.print("stopping: what was accepted is finished or kept")


def main() -> None:
    """Runs the story; `--exit` stops at its end instead of staying up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="where everything is kept")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port of the gateway")
    parser.add_argument("--weeks", type=int, default=8, help="weeks to live through")
    parser.add_argument("--people", type=int, default=40, help="customers to play")
    parser.add_argument("--exit", action="store_true", help="stop when the story has been told")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.data, given.port, given.weeks, given.people, stay=not given.exit))
    except (EmbeddedError, SettingError) as error:
        raise SystemExit(f"Kairos cannot start: {error}") from None


def _tell(environment: dict[str, str], weeks: int, people: int) -> None:
    url, sandbox_url = environment["KAIROS_URL"], environment["KAIROS_SANDBOX_URL"]
    headers = {"authorization": f"Bearer {environment['KAIROS_SECRET_KEY']}"}
    segment = Client(environment["KAIROS_WRITE_KEY"], host=url, max_retries=3, gzip=True)
    with (
        httpx.Client(base_url=url, headers=headers, timeout=60.0) as api,
        httpx.Client(base_url=sandbox_url, timeout=30.0) as sandbox,
    ):
        sandbox.put("/reactions", json={"open_rate": 0.5, "click_rate": 0.2}).raise_for_status()
        chosen = Story(api, sandbox, segment, weeks, people).play()
        segment.shutdown()
        show(console, api, chosen, url, sandbox_url)


if __name__ == "__main__":
    main()
