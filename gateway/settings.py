"""What an operator can set on the gateway."""

from dataclasses import dataclass

from kit.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read with the prefix KAIROS_GATEWAY; what several processes share names its own variable."""

    host: str = setting("127.0.0.1", why="the address to listen on; loopback unless asked")
    port: int = setting(8700, lowest=1, highest=65535, why="the one public port")
    trusted_proxies: str = setting(
        "",
        why="addresses whose X-Forwarded-For is believed; nobody's unless asked, as it is evidence",
    )
    key_cache_s: float = setting(
        5.0, unit="s", lowest=0, highest=5, why="a revoked key is refused this much later at most"
    )
    requests_in_flight_max: int = setting(
        512,
        unit="requests",
        lowest=1,
        highest=10_000,
        why="what waits longer than clients do is better refused",
    )
    requests_per_s_per_key_max: int = setting(
        5_000,
        unit="requests/s",
        lowest=1,
        highest=100_000,
        why="one key must not use up the machine",
    )
    link_secret: str = setting(
        variable="KAIROS_LINK_SECRET", secret=True, why="signs the links in messages"
    )
    dev_clock: bool = setting(
        False, variable="KAIROS_DEV_CLOCK", why="time can be moved forward; never in production"
    )
    sandbox_url: str = setting(
        "", variable="KAIROS_SANDBOX_URL", why="the sandbox follows the development clock"
    )
    dev_workspace: str = setting(
        "", variable="KAIROS_DEV_WORKSPACE", why="a workspace made at the start, for development"
    )
    dev_write_key: str = setting(
        "", variable="KAIROS_DEV_WRITE_KEY", secret=True, why="its server-side write key"
    )
    dev_browser_key: str = setting(
        "", variable="KAIROS_DEV_BROWSER_KEY", why="its write key for browsers and apps"
    )
    dev_secret_key: str = setting(
        "", variable="KAIROS_DEV_SECRET_KEY", secret=True, why="its secret key"
    )
