"""Health check of a container: `python health.py ingest`, or an http:// address.

Ends with 0 when the service answers its `health` question over NATS, or the address with 200.
"""

import asyncio
import os
import sys
import urllib.request

import nats

TIMEOUT_S = 3


async def service_answers(name: str) -> bool:
    """Asks as any neighbour would: a process cut off from NATS is not healthy."""
    client = await nats.connect(
        os.environ["KAIROS_NATS_URL"], allow_reconnect=False, connect_timeout=TIMEOUT_S
    )
    try:
        answer = await client.request(f"kairos.svc.{name}.v1.health", b"", timeout=TIMEOUT_S)
        return "Nats-Service-Error-Code" not in (answer.headers or {})
    finally:
        await client.close()


def page_answers(url: str) -> bool:
    """Whether the page is there."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - our own address
        return bool(answer.status == 200)


def main(what: str) -> int:
    """The exit status; an error's traceback shows in `docker inspect`."""
    if what.startswith("http"):
        return 0 if page_answers(what) else 1
    return 0 if asyncio.run(service_answers(what)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
