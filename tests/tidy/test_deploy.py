"""What the containers are told exists: modules, settings, files, metrics."""

import importlib.util
import json
import re
from typing import Any

import pytest
import yaml

from dev.files import ROOT, python_files

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "kairos:local"}
CODE = "\n".join(path.read_text(encoding="utf-8") for path in python_files())
KNOWN = CODE + (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"KAIROS_[A-Z_]+")
METRIC = re.compile(r"\b(?:kairos|http_server)_[a-z_]+")
SUFFIXES = re.compile(r"(_seconds)?(_total|_bucket|_count|_sum)?$")


def test_every_process_is_a_container() -> None:
    assert set(OURS) == {
        "migrate", "ingest", "decision", "delivery", "history", "gateway", "sandbox"
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_command_names_a_module_that_exists(name: str) -> None:
    python, dash_m, module = OURS[name]["command"]

    assert (python, dash_m) == ("python", "-m")
    assert importlib.util.find_spec(module)


@pytest.mark.parametrize("name", OURS)
def test_process_is_locked_in_and_told_only_what_the_code_reads(name: str) -> None:
    told = [each for each in OURS[name]["environment"] if VARIABLE.fullmatch(each)]

    assert OURS[name]["read_only"]
    assert OURS[name]["cap_drop"] == ["ALL"]
    assert [each for each in told if each not in KNOWN] == [], "nobody reads it"


def test_only_one_service_builds_the_image() -> None:
    """docker-compose 1 would build it once for each of them."""
    assert [name for name, each in OURS.items() if "build" in each] == ["migrate"]


def test_files_mounted_into_containers_exist() -> None:
    mounts = [mount for each in SERVICES.values() for mount in each.get("volumes", [])]
    paths = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_secret_with_a_default_is_named_where_people_are_warned() -> None:
    """A secret that nobody was told to change stays what this file says."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "guides" / "docker.md").read_text(encoding="utf-8")
    secrets = set(re.findall(r"\$\{(KAIROS_\w*(?:PASSWORD|SECRET|KEY))\b", text))

    assert secrets
    head = text.split("x-kairos:")[0]
    assert [each for each in sorted(secrets) if each not in head or each not in guide] == []


def test_metrics_on_the_dashboard_are_measured() -> None:
    """A panel without data looks like a system at rest."""
    dashboard = json.loads(
        (ROOT / "deploy" / "grafana" / "dashboards" / "kairos.json").read_text(encoding="utf-8")
    )
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    labels = {"kairos_workspace", "http_route", "http_response_status_code"}
    shown = {SUFFIXES.sub("", each) for query in queries for each in METRIC.findall(query)}
    measured = {each.replace(".", "_") for each in re.findall(r'"((?:kairos|http)[a-z_.]+)"', CODE)}

    assert shown
    assert shown - labels - measured - {"kairos_up"} == set()
