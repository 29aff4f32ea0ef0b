"""The questions ingest answers, and who answers them. It consumes no stream."""

from functools import partial

from contracts.topology import ACCEPT, PROFILE
from kit.bus.rpc import Endpoint
from kit.clock import Clock
from services.ingest.handlers.accept import Outcome, Submission, on_accept
from services.ingest.handlers.group import GroupCommit
from services.ingest.handlers.profile import on_profile
from services.ingest.ports import Store


def endpoints(
    store: Store,
    commits: GroupCommit[Submission, Outcome],
    clock: Clock,
    requests_max: int,
) -> list[Endpoint]:
    """One line for each question."""
    accept = partial(on_accept, commits=commits, clock=clock)
    profile = partial(on_profile, store=store)
    return [
        Endpoint(ACCEPT, accept, at_once_max=requests_max, waiting_max=requests_max),
        Endpoint(PROFILE, profile),
    ]
