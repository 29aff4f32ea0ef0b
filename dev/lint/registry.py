"""The rules, in the order of the alphabet; a new one is a file in `rules/` and a line here."""

from dev.lint.rule import Rule
from dev.lint.rules import (
    clock,
    commits,
    environment,
    honest_tests,
    kept_tasks,
    prints,
    publish_async,
    pure_domain,
    sql_time,
    swallowing,
    typed_ports,
    workspace_sql,
)

RULES: tuple[Rule, ...] = (
    clock.RULE,
    commits.RULE,
    environment.RULE,
    honest_tests.RULE,
    kept_tasks.RULE,
    prints.RULE,
    publish_async.RULE,
    pure_domain.RULE,
    sql_time.RULE,
    swallowing.RULE,
    typed_ports.RULE,
    workspace_sql.RULE,
)
