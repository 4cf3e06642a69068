"""The configuration of an emulator: reading a TOML file or a mapping, and saying all that is wrong with it.

It makes values and has no effect. Every problem is one line with the line number of the file and,
for an unknown key, the nearest known one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from reconciler.emulator import places, registration
from reconciler.emulator.catalogue import Package
from reconciler.emulator.grants import Rules
from reconciler.emulator.problems import Shape
from reconciler.emulator.tables import Problems, Table

if TYPE_CHECKING:
    from reconciler.emulator.clients import Client


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be said about an emulator before it starts."""

    problem_shape: Shape = "2026-07"
    clock_offset: float = 0.0
    keep_unknown: bool = False
    rules: Rules = field(default_factory=Rules)
    clients: tuple[Client, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)


def read_config(source: Mapping[str, object] | Path | None, now: float) -> Config:
    """Read a configuration; raises ValueError with every problem on a line of its own."""
    if source is None:
        return Config()
    if isinstance(source, Path):
        text = source.read_text(encoding="utf-8")
        try:
            content: Mapping[str, object] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{source.name}: {error}") from error
        problems = Problems(source.name, places.find_places(text))
        folder = source.parent
    else:
        content, problems, folder = source, Problems("", {}), Path()
    config = _read(Table(content, (), problems), folder, now)
    problems.check()
    return config


def _read(table: Table, folder: Path, now: float) -> Config:
    config = Config(
        problem_shape=table.choice("problem_shape", get_args(Shape), "2026-07"),
        clock_offset=table.number("clock_offset", 0.0),
        keep_unknown=table.choice("unknown_members", ("ignored", "kept"), "ignored") == "kept",
        rules=_read_rules(table.table("maskinporten")),
        clients=tuple(registration.read_client(one, folder, now) for one in table.tables("clients")),
        resources=_read_resources(table.table("resources")),
        packages=_read_packages(table.table("packages")),
    )
    table.finish()
    return config


def _read_rules(table: Table) -> Rules:
    rules = Rules(
        max_lifetime=int(table.number("max_lifetime", 120)),
        tolerated_claims=frozenset(table.texts("tolerated_claims")),
        accept_token_url=table.flag("accept_token_url"),
        accept_bare_issuer=table.flag("accept_bare_issuer"),
        user_scopes=frozenset(table.texts("user_scopes")),
    )
    table.finish()
    return rules


def _read_resources(table: Table) -> dict[str, str]:
    return {name: table.text(name, "") for name in table.names()}


def _read_packages(table: Table) -> dict[str, Package]:
    packages: dict[str, Package] = {}
    for urn in table.names():
        flags = table.table(urn)
        packages[urn] = Package(
            urn,
            flags.text("name", urn.rpartition(":")[2]),
            flags.flag("isDelegable"),
            flags.flag("isAssignable"),
            flags.text("id", ""),
        )
        flags.finish()
    return packages
