"""Links into the recipient's pages, signed with the installation's link secret."""

from uuid import UUID

from kit import tokens
from services.delivery.domain import links
from services.delivery.domain.message import Order


class SignedLinks:
    """Makes links below the public address of the gateway."""

    def __init__(self, public_url: str, secret: bytes, short_url: str = "") -> None:
        self._public_url = public_url.rstrip("/")
        self._short_url = short_url.rstrip("/") or self._public_url
        self._secret = secret

    def pages_of(self, order: Order) -> dict[str, str]:
        """Where this recipient ends this topic on this channel, and says what they wish; the links
        never run out.
        """
        said = links.encode(
            links.PageLink(
                order.workspace, order.person, order.message_id, order.channel, order.topic
            )
        )
        return {
            "unsubscribe_url": f"{self._public_url}/u/{self._sign(links.UNSUBSCRIBE, said)}",
            "preferences_url": f"{self._public_url}/p/{self._sign(links.PREFERENCES, said)}",
        }

    def click_url(self, order: Order, target: UUID) -> str:
        """Leads to the stored target, and tells us that somebody went there."""
        said = links.encode(links.ClickLink(order.workspace, order.message_id, target))
        return f"{self._public_url}/c/{self._sign(links.CLICK, said)}"

    def open_url(self, order: Order) -> str:
        """A picture of one pixel that tells us that the message was opened."""
        said = links.encode(links.OpenLink(order.workspace, order.message_id))
        return f"{self._public_url}/o/{self._sign(links.OPEN, said)}"

    def short_url(self, order: Order, target: UUID) -> tuple[str, str]:
        """As `click_url`, short enough for a text message; the code and the address."""
        code = links.short_code(order.message_id, target, self._secret)
        return code, f"{self._short_url}/s/{code}"

    def is_own(self, url: str) -> bool:
        """Whether it is one of our pages."""
        return url.startswith((f"{self._public_url}/", f"{self._short_url}/"))

    def _sign(self, purpose: str, payload: bytes) -> str:
        return tokens.sign(purpose, payload, self._secret)
