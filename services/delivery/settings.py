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
    twilio_url: str = setting("https://api.twilio.com", why="the Messages API for SMS")
    twilio_account_sid: str = setting(
        "", why="sends SMS for workspaces without an account of their own; empty: they cannot"
    )
    twilio_auth_token: str = setting("", secret=True, why="signs in, and verifies its reports")
    twilio_sender: str = setting("", why="number, alphanumeric sender or messaging service (MG…)")
    hook_secret: str = setting(
        "",
        secret=True,
        why="signs outgoing webhooks (whsec_…, two with a comma during a change); empty: none sent",
    )
    hook_anywhere: bool = setting(
        False, why="webhooks may go to http and to private addresses: for development only"
    )
    dkim_domain: str = setting("", why="signs e-mail sent over SMTP for this domain; empty: not")
    dkim_selector: str = setting("kairos", why="name of the key in the domain's DNS")
    dkim_key: str = setting("", secret=True, why="private key, PEM; RSA or Ed25519")
    secrets_key: str = setting(
        "",
        variable="KAIROS_SECRETS_KEY",
        secret=True,
        why="32 bytes in base64 that encrypt the secrets of provider accounts; further ones after"
        " a comma only decrypt",
    )
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
        128, unit="messages", lowest=1, highest=500, why="slots that campaigns cannot take"
    )
    bulk_at_once_max: int = setting(
        96, unit="messages", lowest=1, highest=500, why="the bulkhead of campaigns"
    )
    public_url: str = setting(
        "http://127.0.0.1:8700",
        variable="KAIROS_PUBLIC_URL",
        why="the gateway as recipients reach it; links in mails begin with it",
    )
    short_url: str = setting(
        "",
        variable="KAIROS_SHORT_URL",
        why="a short domain that leads to the gateway, for links in SMS; empty: public_url",
    )
    link_secret: str = setting(
        variable="KAIROS_LINK_SECRET", secret=True, why="signs links; shared with the gateway"
    )
    webhook_secret: str = setting(
        variable="KAIROS_WEBHOOK_SECRET",
        secret=True,
        why="verifies receipts: whsec_ + base64 or any text; two with a comma during a change",
    )
