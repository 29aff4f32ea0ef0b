"""Settings of the sandbox; every one has a working default."""

from dataclasses import dataclass
from pathlib import Path

from kit.settings import setting

PREFIX = "KAIROS_SANDBOX"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the sandbox listens, keeps its ledger and sends its receipts."""

    host: str = setting(
        "127.0.0.1", why="the stand-ins take mail from anyone: only this machine, unless told"
    )
    port: int = setting(
        8701, lowest=0, highest=65535, why="mailbox page, provider API, ledger and switches"
    )
    smtp_port: int = setting(8702, lowest=0, highest=65535, why="the SMTP mailbox")
    receipts: bool = setting(
        True, why="benchmarks that measure sending only switch the receipts off"
    )
    data: Path = setting(
        Path(".kairos"),
        variable="KAIROS_DATA",
        why="the ledger lies in its folder `sandbox`, so that a restart forgets nothing",
    )
    public_url: str = setting(
        "", variable="KAIROS_PUBLIC_URL", why="the gateway, which takes receipts; empty: none sent"
    )
    webhook_secret: str = setting(
        "",
        variable="KAIROS_WEBHOOK_SECRET",
        secret=True,
        why="receipts are signed with it; `whsec_` + base64, or any text",
    )
    log_level: str = setting(
        "INFO",
        variable="KAIROS_LOG_LEVEL",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        why="how much a process says",
    )
