"""The press as a process: `python -m services.delivery.adapters.press.worker`.

The parent has loaded everything and forks a child that works; when a child ends it says so and
forks the next (some milliseconds). The child reads batches from standard input and answers on
standard output. It has no network, no files and no secrets to lose, and for each job

    150 ms of CPU   then an exception ends the job;
    200 ms of CPU   then the kernel ends the child: a C function heard nothing of the exception;
    256 MiB         more than at the start is a MemoryError;
    2 s             on the clock: the kernel ends the child, which a busy machine may explain.
"""

import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from services.delivery.adapters.liquid.template import Liquid, LiquidTemplate
from services.delivery.adapters.press.frames import (
    FRAME_BYTES_MAX,
    HEAD,
    Answer,
    Batch,
    Died,
    Done,
    Job,
    Look,
    Refused,
    batch_decoder,
    frame,
)
from services.delivery.domain import template
from services.delivery.domain.mail import Content
from services.delivery.ports import Unrenderable

SOFT_CPU_S = 0.15
HARD_CPU_S = 0.2
WALL_S = 2.0
MEMORY_BYTES_MORE_MAX = 256 * 1024 * 1024
WARM_LOCALES = ("de", "en")
"""Read before the first fork, so that no child has to (some 10 ms each)."""


class TooSlow(BaseException):
    """The job has used up its time; no `except Exception` on the way may keep it."""


def main() -> None:
    """Forks workers until standard input ends."""
    liquid = Liquid()
    _warm(liquid)
    gc.freeze()  # what is there by now is shared by all children
    while True:
        child = os.fork()
        if child == 0:
            _work(liquid)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        _write(frame(Died(number, os.waitstatus_to_exitcode(status))))


def _warm(liquid: Liquid) -> None:
    """Does once what every child would do at its first job."""
    html = "<style>p{color:red}</style><p>{{ 1 | money }} {{ 'now' | moment }} {{ 1 | percent }}"
    document = template.TemplateDocument(
        "warm", "email", {name: template.Copy(subject="x", html=html) for name in WARM_LOCALES}
    )
    made = liquid.parse(document)
    for name in WARM_LOCALES:
        made.render(name, "", "{}", {"now": "2026-01-01T00:00:00Z"})


def _work(liquid: Liquid) -> None:
    """Answers batches until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which closes us
    signal.signal(signal.SIGVTALRM, _too_slow)
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    _bound_memory()
    known: dict[int, LiquidTemplate | str] = {}
    for batch in _batches():
        if batch.forget:
            known.clear()
        for source in batch.sources:
            known[source.number] = _parsed(liquid, source.document, source.blocks)
        for job in batch.jobs:
            _write(frame(_answer(known[job.template], job)))


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    bytes_max = pages * resource.getpagesize() + MEMORY_BYTES_MORE_MAX
    resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _parsed(liquid: Liquid, document: bytes, blocks: list[bytes]) -> LiquidTemplate | str:
    """The template; why not, where it is none."""
    try:
        found = [template.read_block(each) for each in blocks]
        return liquid.parse(template.read(document), {block.key: block for block in found})
    except ValueError as error:
        return str(error)


def _answer(made: LiquidTemplate | str, job: Job) -> Answer:
    if isinstance(made, str):
        return Refused(made)
    try:
        _start_timers(SOFT_CPU_S, HARD_CPU_S, WALL_S)
        try:
            return _look(made, job) if job.look else Done(_render(made, job))
        finally:
            _start_timers(0, 0, 0)
    except Unrenderable as error:
        return Refused(str(error))
    except TooSlow:
        return Refused(f"it takes more than {SOFT_CPU_S * 1000:g} ms to write", stopped=True)
    except MemoryError:
        return Refused("it takes too much memory to write", stopped=True)
    except RecursionError:
        return Refused("it is nested too deeply")


def _render(made: LiquidTemplate, job: Job) -> Content:
    return made.render(job.locale, job.variant, job.variables, job.given)


def _look(made: LiquidTemplate, job: Job) -> Look:
    parsed = made.parsed(job.locale, job.variant)
    return Look(parsed.source, parsed.variables())


def _start_timers(soft_s: float, hard_s: float, wall_s: float) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, soft_s)
    signal.setitimer(signal.ITIMER_PROF, hard_s)
    signal.setitimer(signal.ITIMER_REAL, wall_s)


def _too_slow(number: int, at: FrameType | None) -> None:
    raise TooSlow


def _batches() -> Iterator[Batch]:
    """What comes down the pipe. Reads no byte too many: the next child goes on from there."""
    while head := _read(HEAD.size):
        (size,) = HEAD.unpack(head)
        if size > FRAME_BYTES_MAX:
            raise ValueError("a frame is too large")
        yield batch_decoder.decode(_read(size))


def _read(size: int) -> bytes:
    """So many bytes of standard input; none where it has ended."""
    got = bytearray()
    while len(got) < size:
        piece = os.read(sys.stdin.fileno(), size - len(got))
        if not piece:
            return b""
        got += piece
    return bytes(got)


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


if __name__ == "__main__":
    main()
