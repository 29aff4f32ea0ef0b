"""Which messages a policy is about."""

import msgspec

from services.decision.domain import documents


class Scope(msgspec.Struct, frozen=True):
    """Sets that must each fit; None fits everything. Tags fit where one of them does."""

    channels: frozenset[str] | None
    topics: frozenset[str] | None
    classes: frozenset[str] | None
    tags: frozenset[str] | None

    def covers(self, channel: str, topic: str, message_class: str, tags: tuple[str, ...]) -> bool:
        """Return whether a message with these labels is meant."""
        return (
            (self.classes is None or message_class in self.classes)
            and (self.channels is None or channel in self.channels)
            and (self.topics is None or topic in self.topics)
            and (self.tags is None or not self.tags.isdisjoint(tags))
        )


def scope_of(document: documents.Scope) -> Scope:
    """Return the scope a document describes."""
    return Scope(
        frozenset(document.channels) or None,
        frozenset(document.topics) or None,
        frozenset(document.classes) or None,
        frozenset(document.tags) or None,
    )
