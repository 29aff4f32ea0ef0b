"""What is generated and committed is what would be generated now."""

from pathlib import Path

from contracts import asyncapi
from contracts.generate import GEN, generate


def test_generated_messages_are_up_to_date(tmp_path: Path) -> None:
    generate(tmp_path)

    assert _texts(GEN / "kairos") == _texts(tmp_path / "kairos"), "run `make gen`"


def test_asyncapi_document_is_up_to_date() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), "run `make gen`"


def _texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py*")
        if path.suffix in (".py", ".pyi")
    }
