"""Composition root of decision: the one file that names concrete classes."""

from kit.service import Parts, Service, run
from kit.settings import load
from services.decision.adapters.hooks import HttpHooks
from services.decision.adapters.past import IngestPast
from services.decision.handlers.calls import Calls
from services.decision.handlers.campaigns import CampaignDesk
from services.decision.handlers.catalog import CatalogDesk
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.deciding import Decider
from services.decision.handlers.facts import Facts
from services.decision.handlers.fanout import Fanout
from services.decision.handlers.journeys import JourneyDesk
from services.decision.handlers.judging import JudgingDesk
from services.decision.handlers.models import Learner, Models
from services.decision.handlers.optins import OptInDesk
from services.decision.handlers.optouts import OptOutGate
from services.decision.handlers.permission import PermissionDesk
from services.decision.handlers.permits import Permits
from services.decision.handlers.previews import PreviewDesk
from services.decision.handlers.reading import ReadingDesk
from services.decision.handlers.requests import RequestDesk
from services.decision.handlers.segments import SegmentDesk
from services.decision.handlers.settling import Settler
from services.decision.handlers.wakeups import Wakeups
from services.decision.settings import Settings
from services.decision.store import campaigns, members, runs, trials
from services.decision.store import permission as ledger
from services.decision.store import queries as store
from services.decision.store.personal import PERSONAL
from services.decision.subscriptions import STREAMS, Desks, endpoints, subscriptions


async def compose(service: Service) -> Parts:
    """Wires the service."""
    settings = load(Settings, service.env, "KAIROS_DECISION")
    catalogs = Catalogs(store)
    models = Models(trials)
    learner = Learner(models, trials, service.db, service.clock, settings.learn_every_s)
    decider = Decider(store, runs, campaigns, catalogs, service.clock, models)
    gate = OptOutGate(service.caller, service.bus)
    wakeups = Wakeups(decider, store, service.db, service.clock)
    past = IngestPast(service.caller)
    settler = Settler(decider, members, catalogs, past, service.db, service.clock)
    controls = ControlsDesk(store, service.clock)
    catalog = CatalogDesk(store, service.clock, settler.wake)
    calls = Calls(runs, catalogs, HttpHooks(service.env), service.db, service.clock)
    previews = PreviewDesk(members, catalogs, service.db, service.clock)
    fanout = Fanout(decider, campaigns, catalogs, service.db, service.clock)
    return Parts(
        streams=STREAMS,
        subscriptions=subscriptions(Facts(decider, store, members, runs), settings),
        endpoints=endpoints(
            Desks(
                catalog,
                PermissionDesk(decider, store, ledger, catalogs, service.clock),
                Permits(decider, store, catalogs, service.db, service.clock, gate),
                ReadingDesk(store, catalogs, service.clock, models),
                JudgingDesk(store, trials, catalogs, service.clock, models),
                RequestDesk(decider, catalogs, service.clock),
                controls,
                SegmentDesk(store, members, catalogs, previews),
                JourneyDesk(decider, store, runs, catalogs, catalog, controls, service.clock),
                CampaignDesk(campaigns, catalogs, controls, service.clock),
                OptInDesk(decider, store, ledger, catalogs, service.clock),
            )
        ),
        tasks=[wakeups.run, settler.run, learner.run, gate.run, calls.run, fanout.run],
        personal=PERSONAL,
        busy=[settler.busy, calls.busy],
        next_due=[wakeups.next_due, calls.next_due, fanout.next_due],
    )


def main() -> None:
    """Runs the process."""
    run("decision", compose)


if __name__ == "__main__":
    main()
