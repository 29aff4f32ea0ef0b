"""Every error of Kairos, and what to do about it.

KairosError
├── Rejected          the caller is wrong; never retried; answered as problem+json (RFC 9457)
│   ├── Malformed         400  not readable at all
│   ├── Unauthenticated   401  no valid key
│   ├── Forbidden         403  a valid key without the right
│   ├── NotFound          404
│   ├── Conflict          409
│   ├── TooLarge          413
│   └── Invalid           422  readable, but breaks a rule; names where
├── Overloaded        429/503  come back after `retry_after_s`
├── Unavailable       503  a neighbour or the store is away; retried
└── Broken            500  an invariant does not hold; a bug, not retried
"""

from typing import Any


class KairosError(Exception):
    """Base of all: carries what a problem+json document needs.

    Args:
        detail: one sentence for the caller, saying what to do next.
        extra: further members of the problem document; never personal data.
    """

    status = 500
    type = "error"
    title = "Something went wrong"
    retryable = False

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The error as an RFC 9457 document."""
        return {
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class Rejected(KairosError):
    """The caller is wrong; the same call will be refused again."""

    status = 400
    type = "rejected"
    title = "Refused"


class Malformed(Rejected):
    """The body cannot be read."""

    type = "malformed"
    title = "The request cannot be read"


class Unauthenticated(Rejected):
    """No valid key came with the call."""

    status = 401
    type = "unauthenticated"
    title = "A valid key is needed"


class Forbidden(Rejected):
    """The key is valid and lacks the right."""

    status = 403
    type = "forbidden"
    title = "The key lacks the right"


class NotFound(Rejected):
    """There is no such thing in this workspace."""

    status = 404
    type = "not-found"
    title = "Not found"


class Conflict(Rejected):
    """The thing exists in a state that forbids the call."""

    status = 409
    type = "conflict"
    title = "Conflict"


class TooLarge(Rejected):
    """The body is over its limit."""

    status = 413
    type = "too-large"
    title = "Too large"


class Invalid(Rejected):
    """The body is readable but breaks a rule; `errors` names each place and what was expected."""

    status = 422
    type = "invalid"
    title = "Invalid"


class Overloaded(KairosError):
    """More work than can be done in time; nothing was accepted."""

    status = 429
    type = "overloaded"
    title = "Too much at once"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **extra: Any) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **extra)
        self.retry_after_s = retry_after_s


class Unavailable(KairosError):
    """A neighbour or the store cannot answer now; nothing was accepted."""

    status = 503
    type = "unavailable"
    title = "Not available right now"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **extra: Any) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **extra)
        self.retry_after_s = retry_after_s


class Broken(KairosError):
    """An invariant does not hold: a bug. Never retried; the fact goes to the dead letters."""

    type = "broken"
    title = "Broken invariant"


def from_problem(problem: dict[str, Any]) -> KairosError:
    """The error a problem document stands for; an unknown type becomes `Unavailable`."""
    slug = str(problem.get("type", "")).rsplit("/", 1)[-1]
    extra = {k: v for k, v in problem.items() if k not in {"type", "title", "status", "detail"}}
    return _BY_TYPE.get(slug, Unavailable)(str(problem.get("detail", "")), **extra)


def _tree(root: type[KairosError]) -> list[type[KairosError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


_BY_TYPE = {error.type: error for error in _tree(KairosError)}
