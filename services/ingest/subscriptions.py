"""The questions ingest answers, and who answers them. It consumes no stream."""

from contracts.topology import ACCEPT, ACCEPT_MANY, MERGE, PAST, PROFILE, PROFILES
from kit.bus.rpc import Endpoint
from services.ingest.handlers.accept import Reception
from services.ingest.handlers.past import Archive
from services.ingest.handlers.profile import Directory


def endpoints(
    reception: Reception, directory: Directory, archive: Archive, requests_max: int
) -> list[Endpoint]:
    """One line for each question."""
    bound = {"at_once_max": requests_max, "waiting_max": requests_max}
    return [
        Endpoint(ACCEPT, reception.on_accept, **bound),
        Endpoint(ACCEPT_MANY, reception.on_accept_many, **bound),
        Endpoint(PROFILE, directory.on_profile),
        Endpoint(PROFILES, directory.on_profiles),
        Endpoint(MERGE, directory.on_merge),
        Endpoint(PAST, archive.on_past, at_once_max=2, waiting_max=16),
    ]
