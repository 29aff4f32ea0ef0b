"""Where a template asks for it, a message waits for the hour its reader is usually there."""

from services.decision.domain import rhythm
from services.decision.domain.case import Case, held, passed
from services.decision.domain.civil import local
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "preferred_time"
PASSED = passed(NAME)
#: It waits at most so long, and never beyond its validity.
WAIT_H_MAX = 23
HOUR_S = 3600


def rule(case: Case) -> Verdict:
    """Hold until the best hour of the person's week within a day of the message being wanted.

    Nothing is held where habits may not be used, nor at the permit: then the hour has come.
    """
    moment, pending = case.moment, case.pending
    if moment.own is not None or not moment.habits.profiled:
        return PASSED
    since_s = pending.since_s
    hours_max = min(WAIT_H_MAX, max(0, (pending.valid_until_s - since_s) // HOUR_S - 1))
    wanted = local(since_s, moment.zone)
    hour = rhythm.hour_of_week(wanted)
    wait_h = rhythm.best_wait_h(moment.state.rhythm, moment.model, hour, hours_max)
    if wait_h == 0:
        return PASSED
    due_s = since_s - wanted.minute * 60 - wanted.second + wait_h * HOUR_S
    return PASSED if due_s <= case.now_s else held(NAME, Reason.PREFERRED_TIME, due_s)
