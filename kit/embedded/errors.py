"""Why an embedded system cannot start: for the person at the terminal, never retried by itself.

EmbeddedError
├── AlreadyRunning      another supervisor holds the data directory
├── DataUnusable        the data directory cannot be written, or belongs to somebody else
├── PortTaken           somebody listens there
├── PostgresUnusable    no binaries, another version, no way to run them unprivileged
├── NatsUnusable        no binary, or it acknowledges before the disk has the message
└── StartFailed         a process ended or did not become ready; carries the end of its log
"""


class EmbeddedError(Exception):
    """Base of all; the text is a sentence that says what to do next."""


class AlreadyRunning(EmbeddedError):
    """Another supervisor holds this data directory."""


class DataUnusable(EmbeddedError):
    """The data directory cannot be used by this user or on this system."""


class PortTaken(EmbeddedError):
    """A port somebody asked for is in use."""


class PostgresUnusable(EmbeddedError):
    """The embedded Postgres cannot run here."""


class NatsUnusable(EmbeddedError):
    """The NATS server cannot be used as it is."""


class StartFailed(EmbeddedError):
    """A process could not be started."""
