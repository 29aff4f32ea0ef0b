"""Templates rendered in processes of their own: what a hostile one costs, and whom."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.delivery.adapters.press.frames import Done, Job, Refused, Source
from services.delivery.adapters.press.presses import Presses

GIVEN = {"unsubscribe_url": "https://kairos.example/u/1", "now": "2026-03-02T09:00:00Z"}
VARIABLES = '{"profile": {"first_name": "Anna", "timezone": "Europe/Berlin"}}'

HOSTILE = {
    "joined range": "{% assign a = (1..30000000) %}{{ a | join: ',' | size }}",
    "sorted range": "{% assign a = (1..30000000) %}{{ a | sort | first }}",
    "huge loop": "{% for i in (1..30000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}",
    "doubling text": "{% assign a = 'xxxxxxxx' %}{% for i in (1..60) %}"
    "{% assign a = a | append: a %}{% endfor %}",
    "doubling list": "{% assign l = 'a,b' | split: ',' %}{% for i in (1..60) %}"
    "{% assign l = l | concat: l %}{% endfor %}",
    "squaring": "{% assign a = 3 %}{% for i in (1..99) %}{% assign a = a | times: a %}{% endfor %}",
    "replace amplifies": "{% assign a = 'xxxxxxxx' %}{% for i in (1..12) %}"
    "{% assign a = a | append: a %}{% endfor %}{{ a | replace: 'x', a }}",
    "busy loop": "{% for i in (1..9000) %}{% assign s = 'b,a,d,c' | split: ',' | sort | join: ','"
    " | upcase | downcase | reverse %}{% assign t = s | split: ',' | uniq | join: '-' %}"
    "{% endfor %}",
    "sorting long lists": "{% assign l = 'b,a,c,d,e,f,g,h' | split: ',' %}{% for i in (1..10) %}"
    "{% assign l = l | concat: l %}{% endfor %}{% for i in (1..5000) %}"
    "{% assign m = l | sort_natural | uniq %}{% endfor %}",
    "deep nesting": "{% if true %}" * 3000 + "{% endif %}" * 3000,
    "wide source": "{{ profile.first_name | upcase | downcase | append: 'x' | strip }}" * 3800,
}
"""Twelve ways to stall whoever renders them: each is refused in time, or harmless."""

CPU_S_MAX = 0.3


def source(presses: Presses, html: str) -> Source:
    document = {
        "key": "t",
        "channel": "email",
        "content": {"de": {"subject": "Hallo {{ profile.first_name }}", "html": html}},
    }
    return presses.source(json.dumps(document).encode(), [])


def job(of: Source, variables: str = VARIABLES) -> Job:
    return Job(of.number, "de-AT", "", variables, GIVEN)


@pytest_asyncio.fixture
async def presses() -> AsyncIterator[Presses]:
    made = Presses()
    yield made
    await made.close()


def children_of(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in told.split()]


async def test_text_is_written_as_the_recipient_reads_it(presses: Presses) -> None:
    of = source(presses, "<p>{{ 1234.5 | money: 'EUR' }} {{ 'now' | moment }}</p>")
    answer = await presses.ask("now", of, job(of))
    assert isinstance(answer, Done)
    assert answer.content.subject == "Hallo Anna"
    assert answer.content.html == "<p>€\u00a01.234,50 2. März 2026, 10:00</p>"
    assert answer.content.text == "€\u00a01.234,50 2. März 2026, 10:00"


async def test_hostile_templates_stop_and_neighbours_go_on(presses: Presses) -> None:
    """Twelve hostile among many good ones: each good one is written, each bad one refused, and
    afterwards the lane is free of them.
    """
    good = source(presses, "<p>Hallo {{ profile.first_name }}</p>")
    bad = {name: source(presses, html) for name, html in HOSTILE.items()}
    asked = [presses.ask("now", of, job(of)) for of in bad.values()]
    between = [presses.ask("now", good, job(good)) for _ in range(60)]
    answers = await asyncio.gather(*asked, *between)
    written = dict(zip(bad, answers, strict=False))
    assert {name for name, each in written.items() if isinstance(each, Done)} <= {"wide source"}
    assert all(isinstance(each, Done) for each in answers[len(bad) :])
    assert all("Anna" not in each.why for each in answers if isinstance(each, Refused))


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_template_takes_no_more_than_its_time(presses: Presses, name: str) -> None:
    """Measured in CPU of its process, which a busy machine does not stretch."""
    of, good = source(presses, HOSTILE[name]), source(presses, "<p>x</p>")
    await presses.ask("now", good, job(good))
    before_s = os.times()
    await presses.ask("now", of, job(of))
    await presses.close()
    after_s = os.times()
    used_s = after_s.children_user - before_s.children_user
    assert used_s < CPU_S_MAX + 1.0, "start of the process included"


async def test_killed_worker_costs_nobody_his_message(presses: Presses) -> None:
    """A kill from outside says nothing about the template: it is tried once more."""
    of = source(presses, "<p>{{ profile.first_name }}</p>")
    await presses.ask("bulk", of, job(of))
    press = presses._presses["bulk"]
    assert press._process is not None
    asking = [asyncio.create_task(presses.ask("bulk", of, job(of))) for _ in range(200)]
    for _ in range(2):
        await asyncio.sleep(0.002)
        for child in children_of(press._process.pid):
            os.kill(child, signal.SIGKILL)
    answers = await asyncio.gather(*asking)
    assert all(isinstance(each, Done) for each in answers)


async def test_press_that_died_is_started_again(presses: Presses) -> None:
    of = source(presses, "<p>x</p>")
    await presses.ask("now", of, job(of))
    process = presses._presses["now"]._process
    assert process is not None
    for each in (*children_of(process.pid), process.pid):
        os.kill(each, signal.SIGKILL)
    assert isinstance(await presses.ask("now", of, job(of)), Done)


async def test_slow_template_goes_aside(presses: Presses) -> None:
    """The second time it holds up only what is as slow."""
    of = source(presses, HOSTILE["sorting long lists"])
    for _ in range(2):
        answer = await presses.ask("now", of, job(of))
        assert isinstance(answer, Refused)
        assert answer.stopped
    assert set(presses._presses) == {"now", "aside"}


async def test_worker_inherits_no_secret(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIROS_LINK_SECRET", "not for templates")
    of = source(presses, "<p>x</p>")
    await presses.ask("now", of, job(of))
    process = presses._presses["now"]._process
    assert process is not None
    assert b"not for templates" not in Path(f"/proc/{process.pid}/environ").read_bytes()


async def test_one_job_is_quick(presses: Presses) -> None:
    """Sanity of the isolation's price; the figure itself is measured in bench/."""
    of = source(presses, "<p>{{ profile.first_name }}</p>" * 20)
    await presses.ask("now", of, job(of))
    started_s = time.perf_counter()
    await asyncio.gather(*(presses.ask("now", of, job(of)) for _ in range(500)))
    assert time.perf_counter() - started_s < 10
