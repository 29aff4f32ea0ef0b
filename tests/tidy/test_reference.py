"""The reference pages say what the code says."""

import pytest

from dev.reference import REFERENCE, pages
from services.decision.domain.reasons import Reason

PAGES = pages()


@pytest.mark.parametrize("file", PAGES)
def test_reference_page_is_up_to_date(file: str) -> None:
    assert (REFERENCE / file).read_text(encoding="utf-8") == PAGES[file], "run `make gen`"


def test_every_reason_has_words() -> None:
    missing = [each.value for each in Reason if f"| `{each.value}` |" not in PAGES["reasons.md"]]

    assert missing == []
