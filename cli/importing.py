"""`kairos import`: the past of another tool, with progress, and again after a crash."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli.apply import Key, Url
from cli.terminal import console, fail, say

CHUNK_BYTES = 256 * 1024
TRIES = 10
"""How often the file is sent again after a lost connection: what is stored is passed over."""
PAUSE_S = 3.0
LOOK_S = 1.0
FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}
KINDS = ("events", "profiles", "consents", "objections", "suppressions", "contacts")
PAGE = 1000


def import_(
    file: Annotated[Path, typer.Argument(help="NDJSON, CSV or Parquet.", exists=True)],
    kind: Annotated[str, typer.Option(help=f"What the rows are: {', '.join(KINDS)}.")] = "events",
    format_: Annotated[
        str, typer.Option("--format", help="ndjson, csv or parquet; by default from the name.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="userId=customer_no, properties.total=amount:number, event='Order'"
        ),
    ] = None,
    url: Url = "http://127.0.0.1:8700",
    key: Key = "",
    *,
    dry_run: Annotated[bool, typer.Option(help="Check every row, store nothing.")] = False,
    trigger: Annotated[bool, typer.Option(help="Let the past trigger journeys.")] = False,
) -> None:
    """Import customers, past events, consents, objections, suppressions or contacts.

    The past triggers nothing, unless --trigger is given. The same command again, after a crash or
    by mistake, stores nothing twice and goes on where it stopped. Refused rows are written to
    FILE.refused.ndjson with their reasons; then the command ends with 1.
    """
    if not key:
        fail("No secret key: source the dev.env of your system, or set KAIROS_SECRET_KEY")
    options: dict[str, Any] = {
        "kind": kind,
        "format": format_ or FORMATS.get(file.suffix.lower(), "ndjson"),
        "map": mapping or [],
        "dry_run": dry_run,
        "trigger": trigger,
        "name": file.name[:200],
    }
    client = _Client(url, key, file, {**options, "id": str(_id_of(file, options))})
    told = client.run()
    stored = f"{told['accepted']} {'could be stored' if dry_run else 'stored'}"
    known = f"{told['repeated']} known before, {told['refused']} refused"
    say(f"{stored}, {known} (import {told['id']})")
    if told["refused"]:
        path = file.with_name(f"{file.name}.refused.ndjson")
        client.write_refused(path)
        fail(f"The refused rows and their reasons are in {path}")


def _id_of(file: Path, options: dict[str, Any]) -> UUID:
    """The same for the same content read the same way: so the command can simply be run again."""
    digest = hashlib.sha256(json.dumps({**options, "name": ""}, sort_keys=True).encode())
    with file.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
    return UUID(bytes=digest.digest()[:16], version=4)


class _Client:
    """One import and the gateway that takes it."""

    def __init__(self, url: str, key: str, file: Path, options: dict[str, Any]) -> None:
        self._file = file
        self._options = options
        self._url = f"{url}/v1/imports"
        self._http = httpx.Client(
            headers={"authorization": f"Bearer {key}"}, timeout=httpx.Timeout(60, read=None)
        )

    def run(self) -> dict[str, Any]:
        """Sends the file until all of it is stored; what came of it."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]} rows"),
            TimeRemainingColumn(),
            console=console,
            transient=not console.is_terminal,
        )
        with bar:
            task = bar.add_task(self._file.name, total=self._file.stat().st_size, rows=0)
            for left in range(TRIES, 0, -1):
                try:
                    return self._send(bar, task)
                except httpx.TransportError as error:
                    self._wait(left, type(error).__name__)
        raise AssertionError("unreachable")

    def write_refused(self, path: Path) -> None:
        """Writes a line for each refused row: number, reason, place, and the row of NDJSON."""
        wanted = {each["row"]: each for each in self._refusals()}
        with path.open("w", encoding="utf-8") as out:
            for number, line in self._lines():
                if number in wanted:
                    told = {**wanted.pop(number), "content": line}
                    out.write(json.dumps(told, ensure_ascii=False) + "\n")
            for each in wanted.values():
                out.write(json.dumps(each, ensure_ascii=False) + "\n")

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The rows of an NDJSON file as they stand there; other formats are named by number."""
        if self._options["format"] != "ndjson":
            return
        with self._file.open(encoding="utf-8", errors="replace") as source:
            for number, line in enumerate(source, 1):
                yield number, line.rstrip("\n")

    def _send(self, bar: Progress, task: TaskID) -> dict[str, Any]:
        stop = threading.Event()
        watch = threading.Thread(target=self._watch, args=(bar, task, stop), daemon=True)
        watch.start()
        try:
            answer = self._http.post(
                self._url, params=self._options, content=self._chunks(bar, task)
            )
        finally:
            stop.set()
            watch.join()
        if answer.status_code in (429, 502, 503):
            raise httpx.RemoteProtocolError(answer.json().get("detail", "try again"))
        if answer.is_error:
            _refused(answer)
        told: dict[str, Any] = answer.json()
        bar.update(task, completed=self._file.stat().st_size, rows=told["rows"])
        return told

    def _chunks(self, bar: Progress, task: TaskID) -> Iterator[bytes]:
        sent = 0
        with self._file.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
                sent += len(chunk)
                bar.update(task, completed=sent)

    def _watch(self, bar: Progress, task: TaskID, stop: threading.Event) -> None:
        """Shows how many rows are settled, while the file is on its way."""
        while not stop.wait(LOOK_S):
            try:
                answer = httpx.get(
                    f"{self._url}/{self._options['id']}", headers=self._http.headers, timeout=5
                )
            except httpx.TransportError:
                continue
            if answer.is_success:
                bar.update(task, rows=answer.json()["rows"])

    def _refusals(self) -> Iterator[dict[str, Any]]:
        cursor = 0
        while True:
            address = f"{self._url}/{self._options['id']}/refusals"
            answer = self._http.get(address, params={"cursor": cursor, "limit": PAGE})
            answer.raise_for_status()
            page = answer.json()
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def _wait(self, left: int, why: str) -> None:
        if left == 1:
            fail(f"The import does not get on ({why}); run the same command again to continue it")
        time.sleep(PAUSE_S)


def _refused(answer: httpx.Response) -> NoReturn:
    problem = answer.json()
    for each in problem.get("errors", []):
        say(f"{each.get('pointer', '')}: {each.get('detail', '')}")
    fail(problem.get("detail", f"status {answer.status_code}"))
