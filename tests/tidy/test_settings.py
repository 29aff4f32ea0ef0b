"""Every setting says its unit, its bounds and its reason."""

import dataclasses
import importlib
from types import ModuleType

import pytest

from dev.files import ROOT, python_files
from kit.settings import describe

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in python_files()
    if path.name == "settings.py" and path.relative_to(ROOT).parts[0] not in ("kit", "tests")
]


def classes(module: ModuleType) -> list[type]:
    """The settings classes a module defines."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and dataclasses.is_dataclass(each)
        and each.__module__ == module.__name__
    ]


@pytest.mark.parametrize("name", MODULES)
def test_setting_is_documented(name: str) -> None:
    """A number without a unit or a bound is a number nobody dares to change."""
    found = classes(importlib.import_module(name))
    assert found, "a settings module defines a frozen dataclass"
    for each in found:
        kinds = {field.name: field.type for field in dataclasses.fields(each)}
        for setting in describe(each, {}, "KAIROS"):
            assert setting.why.strip(), f"{setting.name}: why this value?"
            if kinds[setting.name] in (int, float, "int", "float"):
                assert setting.unit or "port" in setting.name, f"{setting.name}: in what unit?"
                assert setting.bounds, f"{setting.name}: between which bounds?"
