"""Consumed floors: how far a consumer has committed, per partition, in the consumer's own schema.

The floor row is the resume point and the fence. Its `epoch` is raised by whoever takes the
partition over; a batch moves the floor first, in its own transaction, and only under its own epoch.
So a zombie's transaction either commits before the take-over, which waits for its row lock and then
reads the new floor, or finds a higher epoch and fails.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from kit.db.database import Tx
from kit.errors import Unavailable

_ADD = """
INSERT INTO consumer_floors (stream, lane, partition, incarnation, seq, epoch)
SELECT $1, $2, partition, '', 0, 0 FROM unnest($3::int[]) AS partition
WHERE NOT EXISTS (
    SELECT FROM consumer_floors AS floors
    WHERE floors.stream = $1 AND floors.lane = $2 AND floors.partition = partition.partition
)
ORDER BY partition ON CONFLICT DO NOTHING
"""
"""ON CONFLICT alone would wait for whoever is moving such a floor."""
_TAKE = """
WITH free AS (
    SELECT partition FROM consumer_floors
    WHERE stream = $1 AND lane = $2 AND partition = ANY($3::int[])
    ORDER BY partition FOR UPDATE SKIP LOCKED
)
UPDATE consumer_floors AS floors SET epoch = mine.epoch
FROM free JOIN unnest($3::int[], $4::bigint[]) AS mine (partition, epoch) USING (partition)
WHERE floors.stream = $1 AND floors.lane = $2 AND floors.partition = mine.partition
      AND floors.epoch <= mine.epoch
RETURNING floors.partition, floors.incarnation, floors.seq
"""
_MOVE = """
UPDATE consumer_floors AS floors SET incarnation = $3, seq = done.seq
FROM unnest($4::int[], $5::bigint[], $6::bigint[]) AS done (partition, seq, epoch),
     set_config('idle_in_transaction_session_timeout', $7, true),
     pg_advisory_xact_lock_shared($8)
WHERE floors.stream = $1 AND floors.lane = $2 AND floors.partition = done.partition
      AND floors.epoch = done.epoch
"""

SILENT_S_MAX = 15.0
"""A process that freezes in the middle of a batch loses its session after this long, and with it
the locks on its floors; a handler that talks to nobody for longer than this is stuck.
"""

ERASURE_LOCK = 0x6B61_6972_6F73_6572
"""Advisory lock (`kairoser`) that a batch holds in share: whoever erases people waits for the
batches under way, and the next ones see who is gone. See `kit.bus.erasure`.
"""

REPORTS = "kairos.floors.v1"
"""Core NATS subject prefix on which consumers tell the owner of a stream what they have committed.
"""


class Fenced(Unavailable):
    """Somebody else has the partition now; nothing of this transaction may stay."""


@dataclass(frozen=True)
class Floor:
    """Everything of the partition up to `seq` of this incarnation is committed."""

    incarnation: str
    seq: int


async def take(tx: Tx, stream: str, lane: str, owned: Mapping[int, int]) -> dict[int, Floor]:
    """Raises the fence to our epochs and reads the floors.

    A partition is missing from the answer while a former holder's transaction still runs, or when
    somebody newer has it already: ask again a little later.
    """
    partitions = sorted(owned)
    epochs = [owned[each] for each in partitions]
    await tx.execute(_ADD, stream, lane, partitions)
    rows = await tx.fetch(_TAKE, stream, lane, partitions, epochs)
    return {row["partition"]: Floor(row["incarnation"], row["seq"]) for row in rows}


async def move(
    tx: Tx,
    stream: str,
    lane: str,
    incarnation: str,
    seqs: Mapping[int, int],
    epochs: Mapping[int, int],
) -> None:
    """Moves the floors of these partitions to `seqs`; raises Fenced unless all are still ours."""
    partitions = sorted(seqs)
    status = await tx.execute(
        _MOVE,
        stream,
        lane,
        incarnation,
        partitions,
        [seqs[each] for each in partitions],
        [epochs[each] for each in partitions],
        f"{SILENT_S_MAX * 1000:.0f}ms",
        ERASURE_LOCK,
    )
    if status != f"UPDATE {len(partitions)}":
        raise Fenced(f"{stream} {lane}: a newer process has taken over")


@dataclass(frozen=True)
class Report:
    """What one process of a consumer says about the partitions it has."""

    consumer: str
    lane: str
    incarnation: str
    seqs: Mapping[int, int]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "consumer": self.consumer,
                "lane": self.lane,
                "incarnation": self.incarnation,
                "floors": {str(partition): seq for partition, seq in self.seqs.items()},
            }
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Report":
        """Raises ValueError, KeyError or TypeError for anything else."""
        said = json.loads(data)
        seqs = {int(partition): int(seq) for partition, seq in said["floors"].items()}
        return cls(str(said["consumer"]), str(said["lane"]), str(said["incarnation"]), seqs)
