"""The page about the emulator: its examples work, and it leaves no key, fault or route out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from reconciler.emulator import start
from reconciler.emulator.control import fault_rules
from tests.emulator.callers import HTTP

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
EMULATOR = Path(fault_rules.__file__).parents[1]
COMPARED = ("dotnet", "register", "systemusers")
"""The packages that are compared with the service."""


@pytest.mark.parametrize("text", TOML, ids=["issuer", "whole", "outage", "writer"])
def test_examples(text: str, tmp_path: Path) -> None:
    """Every example of a configuration starts an emulator."""
    path = tmp_path / "emulator.toml"
    path.write_text(text)
    assert tomllib.loads(text)
    start(path).close()


def test_every_key_is_documented() -> None:
    """Every key that the configuration is asked for stands on the page."""
    asked: set[str] = set()
    for module in ("config", "config_entries", "fault_rules", "concurrent_writer"):
        text = (EMULATOR / "control" / f"{module}.py").read_text(encoding="utf-8")
        asked |= set(re.findall(r'(?:table|flags)\.\w+\(\s*"(\w+)"', text))
    assert len(asked) > 40
    assert {name for name in asked if name not in PAGE} == set()


def test_every_fault_is_documented() -> None:
    """Every fault has its row."""
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Faults")[2], re.MULTILINE))
    assert rows - {"fault"} == set(get_args(fault_rules.Kind))


def test_every_control_call_is_documented() -> None:
    """Every route of the control endpoint has its row, and every row a route."""
    text = (EMULATOR / "control" / "endpoints.py").read_text(encoding="utf-8")
    routes = {
        (method, path.replace("{{", "{").replace("}}", "}"))
        for method, path in re.findall(r'Route\("(\w+)", f"\{PREFIX\}([^"]*)"', text)
    }
    rows = {(method, path) for method, path in re.findall(r"`(GET|POST|PUT|DELETE) /control([^`?]*)", PAGE)}
    assert rows == routes


def test_curl_examples() -> None:
    """The calls of the page, made one after another, succeed."""
    with start() as emulator:
        addresses = re.findall(r'curl -s "\$BASE(/[^"]*)"', PAGE)
        token = HTTP.get(emulator.base + next(path for path in addresses if "Token" in path)).text
        headers = {"Authorization": f"Bearer {token}"}
        body = re.search(r"-d '(\{\n.*?)'\n", PAGE, re.DOTALL)
        assert body is not None
        answer = HTTP.post(
            f"{emulator.base}/authentication/api/v1/systemregister/vendor",
            content=body[1],
            headers={**headers, "Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        for path in addresses:
            assert HTTP.get(emulator.base + path, headers=headers).status_code == 200, path
        fault = re.search(r"/control/faults\" -d '(.*)'", PAGE)
        assert fault is not None
        assert HTTP.post(f"{emulator.base}/control/faults", content=fault[1]).status_code == 201


def test_every_module_is_on_the_page() -> None:
    """Every module that is compared with the service is named on the page by its path, and no other."""
    table = PAGE.partition("## What it is compared with")[2].partition("## ")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `") and " | " in row]
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row)]
    there = {
        f"{package}/{path.stem}"
        for package in COMPARED
        for path in (EMULATOR / package).glob("*.py")
        if path.stem != "__init__"
    }
    assert sorted(named) == sorted(there)
