"""What travels on the bus and where: streams, lanes, facts, endpoints.

Subjects are `kairos.<domain>.v1.<lane>.<partition>` for facts, `kairos.svc.<service>.v1.<method>`
for questions and `kairos.feed.v1.<workspace>.<domain>.<what>` for the public feed.
"""

from dataclasses import dataclass
from typing import Literal

NOW, BULK = "now", "bulk"
LANES = (NOW, BULK)
"""Two lanes everywhere: `now` never waits for `bulk`."""

Mode = Literal["read", "write", "plain"]


@dataclass(frozen=True)
class StreamSpec:
    """One JetStream stream of envelopes.

    Args:
        domain: second token of its subjects.
        owner: the one service that publishes to it.
        consumers: services that commit floors; the owner keeps a fact until all of them have.
        max_age_s: after this a message leaves the stream (the owner's outbox still has it).
        max_bytes: when full, publishing waits; nothing stored is dropped for it.
        partitions: fixed for the life of the stream; see `kit.ids.partition_of`.
    """

    name: str
    domain: str
    owner: str
    consumers: tuple[str, ...]
    max_age_s: float
    max_bytes: int
    partitions: int = 16

    def __post_init__(self) -> None:
        if not self.consumers:
            raise ValueError(f"{self.name} needs a consumer: its facts are kept until one has them")

    def subject(self, lane: str, partition: int | str) -> str:
        """The subject of one partition of one lane; `*` names all partitions."""
        return f"kairos.{self.domain}.v1.{lane}.{partition}"

    @property
    def subjects(self) -> str:
        """All subjects of the stream."""
        return f"kairos.{self.domain}.v1.>"


@dataclass(frozen=True)
class FeedSpec:
    """The stream of the public feed: one fact per message, kept a while for whoever listens.

    Outsiders cannot hold it up: when full, its oldest messages leave.
    """

    name: str = "FEED"
    prefix: str = "kairos.feed.v1"
    max_age_s: float = 24 * 3600.0
    max_bytes: int = 512 * 1024 * 1024

    @property
    def subjects(self) -> str:
        return f"{self.prefix}.>"


@dataclass(frozen=True)
class EndpointSpec:
    """One question a service answers.

    Args:
        mode: `read` and `write` run in a transaction of the caller's workspace, `plain` runs
            without one;
            only `read` is asked again when nobody answered.
        timeout_s: how long a caller waits unless it says otherwise.
    """

    service: str
    method: str
    mode: Mode
    timeout_s: float

    @property
    def subject(self) -> str:
        return f"kairos.svc.{self.service}.v1.{self.method}"


@dataclass(frozen=True)
class OutgoingFact:
    """A fact on its way out; handed to `Tx.emit`.

    Args:
        body: a serialised `kairos.bus.v1.Fact`.
        feed: tail of its feed subject, `<workspace>.<domain>.<what>`; None keeps it off the feed.
        id: the fact's id as text, `ce-id` on the feed; needed where `feed` is set.
    """

    stream: str
    lane: str
    partition: int
    body: bytes
    feed: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class IncomingFact:
    """A fact as a handler gets it; `seq` and `index` say where it stood in the stream."""

    stream: str
    lane: str
    partition: int
    seq: int
    index: int
    body: bytes
