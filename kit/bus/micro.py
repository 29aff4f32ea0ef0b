"""The discovery side of a service: `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS` (NATS ADR-32).

The answers have nats-py's shapes. Its own service class is not used: it takes one request at a time
for each endpoint, and counts only that.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.micro.service import (
    EndpointInfo,
    EndpointStats,
    ServiceInfo,
    ServicePing,
    ServiceStats,
    ServiceVerb,
    control_subject,
)
from nats.nuid import NUID

from kit.bus.connection import Callback, Connection
from kit.bus.spec import EndpointSpec


@dataclass
class Counts:
    """What an endpoint has done since the process started."""

    requests: int = 0
    errors: int = 0
    busy_ns: int = 0
    last_error: str = ""

    def took(self, nanoseconds: int, error: BaseException | None) -> None:
        """Counts one finished request."""
        self.requests += 1
        self.busy_ns += nanoseconds
        if error is not None:
            self.errors += 1
            self.last_error = type(error).__name__


class Discovery:
    """Answers for one instance of a service."""

    def __init__(self, name: str, started: datetime, endpoints: dict[EndpointSpec, Counts]) -> None:
        self.id = NUID().next().decode()
        self._name = name
        self._version = version("kairos")
        self._started = started
        self._endpoints = endpoints
        self._subscriptions: list[Subscription] = []

    async def start(self, bus: Connection) -> None:
        """Subscribes the three verbs, each for all services, for its name and for itself."""
        for verb, answer in (
            (ServiceVerb.PING, self._ping),
            (ServiceVerb.INFO, self._info),
            (ServiceVerb.STATS, self._stats),
        ):
            for name, instance in ((None, None), (self._name, None), (self._name, self.id)):
                subject = control_subject(verb, name=name, id=instance)
                self._subscriptions.append(await bus.subscribe(subject, _responder(bus, answer)))

    async def stop(self) -> None:
        for subscription in self._subscriptions:
            await subscription.unsubscribe()
        self._subscriptions.clear()

    def _ping(self) -> dict[str, Any]:
        return ServicePing(id=self.id, name=self._name, version=self._version).to_dict()

    def _info(self) -> dict[str, Any]:
        endpoints = [
            EndpointInfo(
                name=spec.method,
                subject=spec.subject,
                queue_group=self._name,
                metadata={"mode": spec.mode, "timeout_s": str(spec.timeout_s)},
            )
            for spec in self._endpoints
        ]
        return ServiceInfo(
            name=self._name, id=self.id, version=self._version, endpoints=endpoints
        ).to_dict()

    def _stats(self) -> dict[str, Any]:
        endpoints = [
            EndpointStats(
                name=spec.method,
                subject=spec.subject,
                queue_group=self._name,
                num_requests=counts.requests,
                num_errors=counts.errors,
                processing_time=counts.busy_ns,
                average_processing_time=counts.busy_ns // max(counts.requests, 1),
                last_error=counts.last_error,
            )
            for spec, counts in self._endpoints.items()
        ]
        return ServiceStats(
            id=self.id,
            name=self._name,
            version=self._version,
            started=self._started,
            endpoints=endpoints,
        ).to_dict()


def _responder(bus: Connection, answer: Any) -> Callback:
    async def respond(message: Msg) -> None:
        if message.reply:
            await bus.publish(message.reply, json.dumps(answer()).encode())

    return respond
