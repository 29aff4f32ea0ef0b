"""Links into the recipient's pages, signed with the installation's link secret."""

from kit import tokens
from services.delivery.domain import links
from services.delivery.domain.message import Order


class SignedLinks:
    """Makes links below the public address of the gateway."""

    def __init__(self, public_url: str, secret: bytes) -> None:
        self._public_url = public_url.rstrip("/")
        self._secret = secret

    def pages_of(self, order: Order) -> dict[str, str]:
        """Where this recipient ends this topic on this channel; the link never runs out."""
        link = links.UnsubscribeLink(
            order.workspace, order.person, order.message_id, order.channel, order.topic
        )
        token = tokens.sign(links.PURPOSE, links.encode(link), self._secret)
        return {"unsubscribe_url": f"{self._public_url}/u/{token}"}
