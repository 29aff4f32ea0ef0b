"""Composition root of history: the only file that names concrete classes."""

from kit.service import Parts, Service, run
from kit.settings import load
from services.history.adapters.catalog import CatalogGoals
from services.history.handlers.attributing import Attributor, Watch
from services.history.handlers.experimenting import Experimenter
from services.history.handlers.recording import Recorder
from services.history.ports import Stores
from services.history.settings import Settings
from services.history.store.credits import CreditStore
from services.history.store.experiments import ExperimentStore
from services.history.store.goals import GoalStore
from services.history.store.messages import MessageStore
from services.history.store.reports import ReportStore
from services.history.store.timeline import PERSONAL, TimelineStore
from services.history.subscriptions import STREAMS, endpoints, subscriptions

NAME = "history"


async def compose(service: Service) -> Parts:
    """Builds history's parts."""
    settings = load(Settings, service.env, "KAIROS_HISTORY")
    timelines = TimelineStore()
    experiments, watch = ExperimentStore(), Watch()
    stores = Stores(timelines, MessageStore(), CreditStore(), experiments)
    recorder = Recorder(stores, watch)
    goals = CatalogGoals(service.caller)
    attributor = Attributor(service.db, stores, goals, watch)
    experimenter = Experimenter(experiments, goals, service.clock)
    return Parts(
        streams=STREAMS,
        subscriptions=subscriptions(recorder, settings.batch_facts_max),
        endpoints=endpoints(timelines, ReportStore(), GoalStore(), experimenter),
        tasks=(attributor.run,),
        busy=(attributor.busy,),
        personal=PERSONAL,
    )


def main() -> None:
    """Runs history until it is told to stop."""
    run(NAME, compose)


if __name__ == "__main__":
    main()
