"""Every error as `application/problem+json` (RFC 9457), those of FastAPI and Starlette included."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kit.errors import (
    Broken,
    Conflict,
    Forbidden,
    Invalid,
    KairosError,
    Malformed,
    NotFound,
    Overloaded,
    Rejected,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

log = logging.getLogger("kairos.gateway")

MEDIA_TYPE = "application/problem+json"


class UnsupportedMedia(Rejected):
    """The body comes in a type or encoding that this route does not read."""

    status = 415
    type = "unsupported-media"
    title = "Unsupported media type"


ERRORS: tuple[type[KairosError], ...] = (
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    UnsupportedMedia,
    Invalid,
    Overloaded,
    Broken,
    Unavailable,
)
"""Every error a caller can meet, in order of status."""


def answer(error: KairosError) -> Response:
    """The error as a response."""
    return _response(error.problem(), _headers(error))


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    @app.exception_handler(KairosError)
    async def on_known(request: Request, error: KairosError) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> Response:
        return answer(from_validation(error))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        return _response(_from_status(error), dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> Response:
        return answer(Broken("The gateway failed; its log says more under the request id"))


def documented(*errors: type[KairosError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of a route for these errors, besides those any route can meet."""
    return {
        error.status: response(error) for error in ERRORS if error in errors or error in _ANYWHERE
    }


def response(error: type[KairosError]) -> dict[str, Any]:
    """The error as an OpenAPI response."""
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": error().problem()}
    return {
        "description": (error.__doc__ or error.title).splitlines()[0],
        "content": {MEDIA_TYPE: content},
    }


_ANYWHERE = (Unauthenticated, Forbidden, Overloaded, Unavailable)


def _response(problem: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(
        msgspec.json.encode(problem),
        status_code=problem["status"],
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def _headers(error: KairosError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"www-authenticate": 'Bearer realm="kairos"'}
    if isinstance(error, Overloaded | Unavailable):
        return {"retry-after": str(error.retry_after_s)}
    return {}


def from_validation(error: RequestValidationError) -> KairosError:
    """Names each place; what was sent is not repeated, it may be personal."""
    errors: Sequence[Any] = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        return Malformed("The body must be JSON")
    return Invalid(
        "The request breaks a rule; `errors` names each place",
        errors=[_place(each["loc"]) | {"detail": each["msg"]} for each in errors],
    )


def _place(location: Sequence[str | int]) -> dict[str, str]:
    """Where in the request: a JSON pointer into the body, or the name of a parameter."""
    origin, *path = location or ("body",)
    if origin == "body":
        return {"pointer": "".join(f"/{part}" for part in path)}
    return {"parameter": ".".join(str(part) for part in path)}


def _from_status(error: HTTPException) -> dict[str, Any]:
    """404 and 405 of the router."""
    status = HTTPStatus(error.status_code)
    details = {
        404: "There is no such path; see /docs",
        405: "This path does not take this method; see /docs",
    }
    return {
        "type": f"/problems/{status.phrase.lower().replace(' ', '-')}",
        "title": status.phrase,
        "status": status.value,
        "detail": details.get(status.value, status.description),
    }
