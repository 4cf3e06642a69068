"""The members that docs/reference/json.md describes, and those that an output has."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

from tests.citations import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.canonical_json import Json

SECTIONS: Mapping[str, str] = {
    "validate": "Findings",
    "drift": "Drift",
    "list": "A list of systems",
    "history": "A history",
    "customers": "Customers",
    "ask": "Asked customers",
    "compare": "A comparison",
    "check": "A check",
    "runs": "Runs",
    "evidence": "Evidence",
    "recover": "Recovered requests",
    "accept": "Accepted differences",
    "doctor": "A diagnosis",
    "catalogue search": "Packages and resources",
    "catalogue show": "Packages and resources",
    "catalogue refresh": "A new list",
    "register serve": "A served register",
}
"""The section that describes the output of a verb; a plan and a report are checked by their schemas."""
_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n)*)", re.MULTILINE)
BY_SCHEMA = frozenset({"plan", "apply", "rollback"})
"""The verbs that print a plan or a report."""
_VALUES = frozenset({"files", "register", "before", "after", "desired.*", "live.*"})
"""Members that hold a value of a definition, which may be an object of the register."""


@cache
def read_described() -> Mapping[str, frozenset[str]]:
    """Read the paths that each section describes."""
    page = (REFERENCE / "json.md").read_text(encoding="utf-8")
    return {
        match["title"]: frozenset(
            path
            for row in re.findall(r"^\| (`.+?) \| ", match["text"], re.MULTILINE)
            for path in re.findall(r"`([^`]+)`", row)
        )
        for match in _SECTION.finditer(page)
    }


def list_paths(value: Json, path: str = "") -> Iterator[str]:
    """List the paths of the members of a value, such as `systems[].id`."""
    if isinstance(value, dict):
        for name, each in value.items():
            below = f"{path}.{name}" if path else name
            yield below
            yield from list_paths(each, below)
    elif isinstance(value, list):
        for each in value:
            yield from list_paths(each, f"{path}[]")


def find_undescribed(section: str, value: Json) -> list[str]:
    """Name the paths of an output that its section does not describe."""
    described = read_described()[section]
    return sorted({each for each in list_paths(value) if not _is_described(each, described)})


def find_missing(section: str, values: Sequence[Json]) -> list[str]:
    """Name the paths that a section describes and no output has."""
    found = {each for value in values for each in list_paths(value)}
    return sorted(each for each in read_described()[section] if not any(_fits(path, each) for path in found))


def _is_described(path: str, described: frozenset[str]) -> bool:
    """Say whether a path is described, leads to what is, or lies in a value of a definition."""
    return any(_fits(path, each) or _leads_to(path, each) or _lies_in(path, each) for each in described)


def _fits(path: str, described: str) -> bool:
    return path == described or (described.endswith(".*") and path.rpartition(".")[0] == described[:-2])


def _leads_to(path: str, described: str) -> bool:
    return described.startswith((f"{path}.", f"{path}[]"))


def _lies_in(path: str, described: str) -> bool:
    if not any(described.endswith(f".{each}") for each in _VALUES):
        return False
    start = re.escape(described).replace(r"\.\*", r"\.[^.\[]+")
    return re.match(rf"{start}[.\[]", path) is not None


def check_output(words: Sequence[str], printed: str) -> None:
    """Check that what a verb printed as JSON is described; what has a schema, or is no JSON, is let through."""
    if "json" not in words or not printed.startswith("{"):
        return
    verb = next((each for each in (" ".join(words[:2]), *words[:1]) if each in SECTIONS), "")
    value = json.loads(printed)
    if "format_version" in value:
        return
    section = "Findings" if set(value) == {"findings", "summary"} else SECTIONS.get(verb, "")
    undescribed = find_undescribed(section, value) if section else []
    assert undescribed == [], f"docs/reference/json.md does not describe these under {section!r}"
