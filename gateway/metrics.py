"""Prometheus pages of several processes as one: every sample gets the label `process`."""

from collections.abc import Mapping


def merge(pages: Mapping[str, str]) -> str:
    """One page in the text format; the samples of a family stay together, as the format asks.

    Args:
        pages: process -> its page.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for process, page in pages.items():
        family = ""
        for line in page.splitlines():
            if line.startswith("# "):
                word, family = line.split(" ", 3)[1:3]
                head = heads.setdefault(family, [])
                if not any(each.startswith(f"# {word} ") for each in head):
                    head.append(line)
            elif line:
                samples.setdefault(family, []).append(_labelled(line, process))
    lines = []
    for family, found in samples.items():
        lines += [*heads.get(family, []), *found]
    return "\n".join(lines) + "\n"


def up(answered: Mapping[str, bool]) -> str:
    """Which processes answered."""
    lines = ["# HELP kairos_up Whether the process answers.", "# TYPE kairos_up gauge"]
    lines += [f'kairos_up{{process="{name}"}} {int(is_up)}' for name, is_up in answered.items()]
    return "\n".join(lines) + "\n"


def _labelled(sample: str, process: str) -> str:
    """`name{a="b"} 1` with one label more, placed first: a value may contain any character."""
    label = f'process="{process}"'
    at = next(place for place, character in enumerate(sample) if character in "{ ")
    name, rest = sample[:at], sample[at:]
    if rest.startswith("{"):
        comma = "" if rest.startswith("{}") else ","
        return f"{name}{{{label}{comma}{rest[1:]}"
    return f"{name}{{{label}}}{rest}"
