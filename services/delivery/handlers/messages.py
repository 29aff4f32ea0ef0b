"""Questions about messages."""

from kit.bus.rpc import Request
from kit.db.database import Tx
from kit.errors import NotFound
from services.delivery import wire
from services.delivery.ports import Records


class TellMessage:
    """Answers `message`: one message with its attempts and receipts; raises NotFound."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def __call__(self, tx: Tx, request: Request) -> bytes:
        message_id = wire.read_message_request(request.body)
        found = await self._records.find(tx, request.workspace, message_id)
        if found is None:
            raise NotFound("There is no such message in this workspace")
        return wire.message_reply(found)
