"""Each rule of `dev/lint` finds what it forbids, and leaves alone what it allows."""

from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest

from dev.files import ROOT
from dev.lint.registry import RULES
from dev.lint.rule import check
from dev.lint.source import Finding, Source

HANDLER = "services/decision/handlers.py"
DOMAIN = "services/decision/domain/policy/quiet_hours.py"
STORE = "services/decision/store.py"

PLANTED = [
    # rule, path, code with exactly one violation, on the line that ends in  # <-
    ("clock", HANDLER, "from datetime import datetime, UTC\nx = datetime.now(UTC)  # <-"),
    ("clock", HANDLER, "import datetime as dt\nx = dt.date.today()  # <-"),
    ("clock", "cli/up.py", "import time\nstart = time.monotonic()  # <-"),
    ("clock", HANDLER, "from time import perf_counter\nx = perf_counter()  # <-"),
    ("clock", HANDLER, "import time\nfield(default_factory=time.time)  # <-"),
    ("clock", HANDLER, "import asyncio\nx = asyncio.get_running_loop().time()  # <-"),
    ("clock", "bench/step_bench.py", "import time\nx = time.time()  # <-"),
    ("commits", HANDLER, "async def on(tx):\n    await tx.commit()  # <-"),
    ("commits", STORE, "async def on(tx):\n    await tx.execute('ROLLBACK')  # <-"),
    ("environment", HANDLER, "import os\nx = os.environ['A']  # <-"),
    ("environment", STORE, "from os import getenv\nx = getenv('A')  # <-"),
    ("honest-tests", "tests/unit/test_a.py", "import pytest\n@pytest.mark.skip  # <-\ndef t(): 0"),
    ("honest-tests", "tests/unit/test_a.py", "from unittest.mock import AsyncMock  # <-"),
    ("honest-tests", "tests/unit/test_a.py", "monkeypatch.setattr('kit.clock.now', 1)  # <-"),
    ("kept-tasks", HANDLER, "import asyncio\nasyncio.create_task(f())  # <-"),
    ("kept-tasks", HANDLER, "import asyncio\n_ = asyncio.ensure_future(f())  # <-"),
    ("prints", HANDLER, "print('hello')  # <-"),
    (
        "publish-async",
        "kit/bus/relay.py",
        "async def f(js):\n    await js.publish_async(b'')  # <-",
    ),
    ("pure-domain", DOMAIN, "async def quiet_hours():  # <-\n    return 1"),
    ("pure-domain", DOMAIN, "import random  # <-"),
    ("pure-domain", DOMAIN, "from secrets import token_hex  # <-"),
    ("pure-domain", DOMAIN, "from uuid import uuid4\nx = uuid4()  # <-"),
    ("pure-domain", "services/history/domain.py", "text = open('a').read()  # <-"),
    ("sql-time", STORE, "sql = 'SELECT * FROM people WHERE at < now()'  # <-"),
    ("sql-time", STORE, "sql = f'UPDATE p SET at = CURRENT_TIMESTAMP {x}'  # <-"),
    ("sql-time", "kit/db/tables.py", "from sqlalchemy import func\nx = func.now()  # <-"),
    ("sql-time", "kit/db/tables.py", "x = Column('at', server_default=text('now()'))  # <-"),
    ("swallowing", HANDLER, "try:\n    f()\nexcept:  # <-\n    raise"),
    ("swallowing", HANDLER, "try:\n    f()\nexcept Exception:  # <-\n    pass"),
    ("swallowing", HANDLER, "try:\n    f()\nexcept (ValueError, BaseException):  # <-\n    ..."),
    (
        "swallowing",
        HANDLER,
        "from contextlib import suppress\nwith suppress(Exception):  # <-\n    f()",
    ),
    ("typed-ports", "services/delivery/ports.py", "from typing import Any\nx: Any  # <-"),
]

FINE = [
    ("clock", "kit/clock.py", "import time\nx = time.monotonic()"),
    ("clock", "bench/step_bench.py", "import time\nx = time.perf_counter()"),
    ("clock", HANDLER, "x = clock.now()\ny = clock.monotonic()\nz = event.time()"),
    ("commits", "kit/db/database.py", "async def f(t):\n    await t.commit()"),
    ("commits", HANDLER, "x = 'commit the change of the person to the ledger and begin again'"),
    ("commits", HANDLER, "log.debug('commit run again: %s', error)"),
    ("environment", "services/ingest/main.py", "import os\nx = os.environ"),
    ("environment", "cli/up.py", "import os\nx = os.environ"),
    ("kept-tasks", HANDLER, "import asyncio\ntask = asyncio.create_task(f())"),
    (
        "kept-tasks",
        HANDLER,
        "async def f():\n    async with asyncio.TaskGroup() as g:\n        g.create_task(h())",
    ),
    ("prints", "cli/doctor.py", "print('fine')"),
    ("pure-domain", HANDLER, "async def on_event_accepted(tx, facts): ..."),
    ("pure-domain", DOMAIN, "from uuid import UUID, uuid5\nx = uuid5(UUID(int=0), 'step')"),
    ("sql-time", STORE, '"""SELECT now() would read the clock."""\nx = "SELECT $1"'),
    ("sql-time", HANDLER, "raise Unavailable('Nothing can be sent now (quiet hours)')"),
    ("swallowing", HANDLER, "try:\n    f()\nexcept TimeoutError:\n    pass"),
    ("swallowing", HANDLER, "try:\n    f()\nexcept Exception:\n    raise Broken from None"),
    ("honest-tests", "tests/unit/test_a.py", "monkeypatch.setattr(thing, 'limit', 1)"),
    ("typed-ports", HANDLER, "from typing import Any\nx: Any"),
]


def findings(rule: str, path: str, code: str, root: Path = ROOT) -> list[Finding]:
    """What the named rule (and the check of excuses) says about this code."""
    source = Source(PurePosixPath(path), dedent(code), root)
    return [one for one in check(source, RULES) if one.rule in (rule, "excuse")]


@pytest.mark.parametrize(("rule", "path", "code"), PLANTED)
def test_planted_violation_is_found_on_its_line(rule: str, path: str, code: str) -> None:
    marked = [number for number, line in enumerate(code.splitlines(), 1) if line.endswith("# <-")]

    found = findings(rule, path, code)

    assert marked == [one.line for one in found]
    assert all(one.rule == rule and one.path == path and one.text for one in found)


@pytest.mark.parametrize(("rule", "path", "code"), FINE)
def test_permitted_code_is_left_alone(rule: str, path: str, code: str) -> None:
    assert findings(rule, path, code) == []


def test_excuse_with_a_reason_is_taken_on_the_line_and_before_it() -> None:
    code = """
        print('a')  # lint: allow prints: the supervisor speaks to a person
        # lint: allow prints: the supervisor speaks to a person
        print('b')
    """
    assert findings("prints", HANDLER, code) == []


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("print('a')  # lint: allow prints", "say why"),
        ("x = 1  # lint: allow prints: none here", "remove the comment"),
        ("x = 1  # lint: allow printing: a typing error", "no rule"),
    ],
)
def test_bad_excuse_is_a_finding(comment: str, complaint: str) -> None:
    found = findings("prints", HANDLER, comment)

    assert [one.rule for one in found] == ["excuse"]
    assert complaint in found[0].text


class TestWorkspaceSql:
    """The rule reads the service's own tables.py, so it needs a tree."""

    TABLES = """
        people = Table("people", metadata, Column("workspace", Text), Column("person", Uuid))
        models = Table("models", metadata, Column("revision", Integer))
    """

    def found(self, tmp_path: Path, code: str) -> list[Finding]:
        service = tmp_path / "services" / "decision"
        service.mkdir(parents=True)
        (service / "tables.py").write_text(dedent(self.TABLES))
        return findings("workspace-sql", STORE, code, tmp_path)

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT state FROM people WHERE person = $1",
            "SELECT state FROM decision.people WHERE person = $1",
            "UPDATE people SET state = $2 WHERE person = $1",
            "DELETE FROM ONLY people WHERE person = $1",
            "SELECT 1 FROM models m JOIN people p USING (person)",
        ],
    )
    def test_query_without_workspace_is_found(self, tmp_path: Path, sql: str) -> None:
        assert [one.line for one in self.found(tmp_path, f"X = {sql!r}")] == [1]

    def test_query_over_several_literals_counts_as_one(self, tmp_path: Path) -> None:
        code = "X = (\n    'SELECT state FROM people'\n    ' WHERE workspace = $1'\n)"
        assert self.found(tmp_path, code) == []

    def test_constant_in_an_f_string_is_filled_in(self, tmp_path: Path) -> None:
        code = """
            _OWN = "WHERE workspace = $1"
            X = f"SELECT state FROM people {_OWN}"
            Y = "SELECT state FROM people " + _OWN
        """
        assert self.found(tmp_path, code) == []

    def test_table_without_workspace_is_free(self, tmp_path: Path) -> None:
        assert self.found(tmp_path, "X = 'SELECT revision FROM models'") == []

    def test_excused_query_is_left_alone(self, tmp_path: Path) -> None:
        code = """
            # lint: allow workspace-sql: counts all people for a gauge
            X = count(
                "SELECT count(*) FROM people",
            )
        """
        assert self.found(tmp_path, code) == []


def test_every_rule_is_registered_explained_and_tested() -> None:
    """A file in rules/ that nobody runs, or a rule nobody saw failing, is worth nothing."""
    files = {p.stem.replace("_", "-") for p in (ROOT / "dev/lint/rules").glob("[a-z]*.py")}
    tested = {rule for rule, _, _ in PLANTED} | {"workspace-sql"}

    assert files == {rule.name for rule in RULES} == tested
