"""Composition root of ingest: the only file that names concrete classes."""

from contracts.topology import EVENTS
from kit.service import Parts, Service, run
from kit.settings import load
from services.ingest.handlers.accept import Acceptance
from services.ingest.handlers.group import GroupCommit, Limits
from services.ingest.settings import Settings
from services.ingest.store import PostgresStore
from services.ingest.subscriptions import endpoints

NAME = "ingest"


async def compose(service: Service) -> Parts:
    """Builds ingest's parts."""
    settings = load(Settings, service.env, "KAIROS_INGEST")
    store = PostgresStore()
    commits = GroupCommit(
        Acceptance(service.db, store, service.clock).commit,
        lambda submission: submission.weight,
        Limits(
            group_weight_max=settings.group_events_max,
            queue_weight_max=settings.queue_events_max,
            workers=settings.committers,
        ),
    )
    return Parts(
        streams=[EVENTS],
        endpoints=endpoints(store, commits, service.clock, settings.requests_max),
        busy=[commits.busy],
    )


def main() -> None:
    """Runs ingest until it is told to stop."""
    run(NAME, compose)


if __name__ == "__main__":
    main()
