"""How commands ask a running system: with its secret key, over the public API."""

from typing import Annotated, Any

import httpx
import typer

from cli.terminal import fail

Url = Annotated[str, typer.Option(envvar="KAIROS_URL", help="Where the API is.")]
Key = Annotated[str, typer.Option(envvar="KAIROS_SECRET_KEY", help="A secret key.")]
URL = "http://127.0.0.1:8700"
TIMEOUT_S = 40.0


class Api:
    """Asks; what is refused ends the command with the reason."""

    def __init__(self, url: str, key: str) -> None:
        if not key:
            fail("No secret key: source the dev.env of your system, or set KAIROS_SECRET_KEY")
        self._url = url
        headers = {"authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S)

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """The answer to a POST of JSON."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            fail(f"{self._url} does not answer ({type(error).__name__}); is Kairos up?")
        if answer.is_error:
            problem = answer.json()
            where = "; ".join(
                f"{each.get('pointer', '')}: {each.get('detail', '')}"
                for each in problem.get("errors", [])
            )
            fail(f"{problem['detail']}" + (f" ({where})" if where else ""))
        return answer.json()
