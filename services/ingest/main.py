"""Composition root of ingest: the only file that names concrete classes."""

from contracts.topology import EVENTS
from kit.service import Parts, Service, run
from kit.settings import load
from services.ingest.adapters.addresses import Addresses
from services.ingest.adapters.schemas import check_of
from services.ingest.handlers.accept import Reception
from services.ingest.handlers.committing import Acceptance
from services.ingest.handlers.erasing import Erasures
from services.ingest.handlers.group import GroupCommit, Limits
from services.ingest.handlers.past import Archive
from services.ingest.handlers.plans import Plans
from services.ingest.handlers.profile import Directory
from services.ingest.handlers.quarantine import Quarantine
from services.ingest.handlers.rooms import Forgetting
from services.ingest.settings import Settings
from services.ingest.store.erased import PERSONAL, ErasedStore
from services.ingest.store.postgres import PostgresStore
from services.ingest.subscriptions import endpoints

NAME = "ingest"


async def compose(service: Service) -> Parts:
    """Builds ingest's parts."""
    settings = load(Settings, service.env, "KAIROS_INGEST")
    store, spelling = PostgresStore(), Addresses()
    plans = Plans(service.db, store, service.caller, service.clock, check_of)
    erasures = Erasures(ErasedStore(), settings.erasure_secret.encode())
    acceptance = Acceptance(service.db, store, service.clock, spelling, plans.known, erasures)
    commits = GroupCommit(
        acceptance.commit,
        lambda submission: submission.weight,
        Limits(
            group_weight_max=settings.group_events_max,
            queue_weight_max=settings.queue_events_max,
            workers=settings.committers,
        ),
    )
    reception = Reception(commits, service.clock, spelling, plans)
    directory = Directory(service.db, store, service.clock, spelling, acceptance, plans.known)
    quarantine = Quarantine(service.db, store, plans, acceptance)
    return Parts(
        streams=[EVENTS],
        endpoints=endpoints(
            reception, directory, Archive(store), quarantine, settings.requests_max
        ),
        tasks=[Forgetting(service.db, store, service.clock).run],
        personal=PERSONAL,
        before_erase=erasures.before_erase,
        busy=[commits.busy],
    )


def main() -> None:
    """Runs ingest until it is told to stop."""
    run(NAME, compose)


if __name__ == "__main__":
    main()
