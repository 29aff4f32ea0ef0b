"""What the sandbox's HTTP handlers share: typed bodies and queries in, JSON and problems out."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from kit.errors import Broken, Invalid, KairosError, Malformed

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_BYTES_MAX = 10 * 1024 * 1024
"""As for SMTP."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `(?P<name>[^`]+)`")


def answer(content: Any, status: int = 200, headers: Mapping[str, str] = {}) -> web.Response:
    """A JSON answer."""
    return _answer("application/json", content, status, headers)


def problem(title: str, status: int, headers: Mapping[str, str] = {}) -> web.Response:
    """An answer about something that no error class stands for."""
    about = {"type": "about:blank", "title": title, "status": status}
    return _answer("application/problem+json", about, status, headers)


def _answer(kind: str, content: Any, status: int, headers: Mapping[str, str]) -> web.Response:
    text = _encoder.encode(content)
    return web.Response(body=text, status=status, headers=headers, content_type=kind)


async def body(request: web.Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The request's body; raises Invalid naming the field, or Malformed when it is not JSON."""
    try:
        return decoder.decode(await request.read())
    except msgspec.ValidationError as error:
        raise _invalid(str(error), "pointer") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body must be JSON: {error}") from None


def query(request: web.Request, kind: type[T]) -> T:
    """The request's query parameters; raises Invalid naming the one that is wrong."""
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), "parameter") from None


def number(request: web.Request) -> int:
    """The number in the path `/…/{number}`."""
    return int(request.match_info["number"])


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error becomes problem+json (RFC 9457)."""
    try:
        return await handler(request)
    except KairosError as error:
        return _from(error)
    except web.HTTPException as error:
        return problem(error.reason, error.status)
    except Exception:  # noqa: BLE001 - the edge: logged, and the caller hears of it
        _log.exception("a request failed", extra={"facts": {"path": request.path}})
        return _from(Broken("A bug in the sandbox; its log says more"))


def _from(error: KairosError) -> web.Response:
    return _answer("application/problem+json", error.problem(), error.status, {})


def _invalid(said: str, place: str) -> Invalid:
    """The error that names the field, out of the sentence of msgspec."""
    match = _AT.match(said)
    what, path = (match["what"], match["path"] or "") if match else (said, "")
    where = path.replace("[...]", "").replace(".", "/").replace("[", "/").replace("]", "")
    if field := _FIELD.search(what):
        where += f"/{field['name']}"
    shown = where.lstrip("/") if place == "parameter" else where
    return Invalid(f"{shown or 'the body'}: {what}", errors=[{place: shown, "detail": what}])
