"""The questions ingest answers, and who answers them. It consumes no stream."""

from contracts.topology import (
    ACCEPT,
    ACCEPT_MANY,
    MERGE,
    PAST,
    PROFILE,
    PROFILES,
    QUARANTINE,
    REPLAY_QUARANTINE,
)
from kit.bus.rpc import Endpoint
from services.ingest.handlers.accept import Reception
from services.ingest.handlers.past import Archive
from services.ingest.handlers.profile import Directory
from services.ingest.handlers.quarantine import Quarantine


def endpoints(
    reception: Reception,
    directory: Directory,
    archive: Archive,
    quarantine: Quarantine,
    requests_max: int,
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
        Endpoint(QUARANTINE, quarantine.on_quarantine),
        Endpoint(REPLAY_QUARANTINE, quarantine.on_replay, at_once_max=2),
    ]
