"""Settings of the delivery service."""

from dataclasses import dataclass

from kit.settings import setting

PREFIX = "KAIROS_DELIVERY"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where mail goes and how much at once."""

    email_provider: str = setting(
        "smtp", choices=("smtp", "http"), why="who takes e-mail: a mail server or an HTTP API"
    )
    smtp_url: str = setting(
        "smtp://127.0.0.1:8702",
        secret=True,
        why="smtp://user:password@host:587 (STARTTLS where offered) or smtps://…",
    )
    http_url: str = setting("http://127.0.0.1:8701", why="the e-mail API; POST {url}/v1/email")
    http_token: str = setting("", secret=True, why="sent to the e-mail API as a bearer token")
    sender: str = setting(
        "Kairos <hello@kairos.example>", why="From of every mail until sender profiles exist"
    )
    return_path: str = setting("bounces@kairos.example", why="where bounces go")
    mail_domain: str = setting(
        "kairos.example", why="right side of Message-ID, and the name we greet mail servers with"
    )
    call_timeout_s: float = setting(
        30.0, unit="s", lowest=1, highest=300, why="a silent provider holds a slot that long"
    )
    permit_ttl_s: float = setting(
        1.0, unit="s", lowest=0.1, highest=1.0, why="no call starts later after a withdrawal"
    )
    beat_s: float = setting(
        0.5, unit="s", lowest=0.05, highest=5, why="how often a process says it is alive"
    )
    ttl_s: float = setting(
        3.0, unit="s", lowest=1.5, highest=60, why="a still process is dead; outlives any permit"
    )
    now_at_once_max: int = setting(
        32, unit="messages", lowest=1, highest=500, why="slots that campaigns cannot take"
    )
    bulk_at_once_max: int = setting(
        96, unit="messages", lowest=1, highest=500, why="the bulkhead of campaigns"
    )
    public_url: str = setting(
        "http://127.0.0.1:8700",
        variable="KAIROS_PUBLIC_URL",
        why="the gateway as recipients reach it; links in mails begin with it",
    )
    link_secret: str = setting(
        variable="KAIROS_LINK_SECRET", secret=True, why="signs links; shared with the gateway"
    )
    webhook_secret: str = setting(
        variable="KAIROS_WEBHOOK_SECRET",
        secret=True,
        why="verifies receipts: whsec_ + base64 or any text; two with a comma during a change",
    )
