"""The configuration of an emulator: reading a TOML file or a mapping, and saying all that is wrong with it.

It makes values and has no effect. Every problem is one line with the line number of the file and,
for an unknown key, the nearest known one.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from reconciler.emulator import certificates, faults, places, registration
from reconciler.emulator.clients import Delegation
from reconciler.emulator.connection import Patience
from reconciler.emulator.grants import Rules
from reconciler.emulator.register.answers import Shape
from reconciler.emulator.systemusers import PAGE_SIZE
from reconciler.emulator.tables import Problems, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.x509 import Certificate

    from reconciler.emulator.catalogue import Package
    from reconciler.emulator.clients import Client
    from reconciler.emulator.faults import Fault
    from reconciler.emulator.systemusers import SystemUser


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be said about an emulator before it starts."""

    problem_shape: Shape = "2026-07"
    clock_offset: float = 0.0
    keep_unknown: bool = False
    page_size: int = PAGE_SIZE
    rules: Rules = field(default_factory=Rules)
    clients: tuple[Client, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)
    system_users: tuple[SystemUser, ...] = ()
    faults: tuple[Fault, ...] = ()
    patience: Patience = field(default_factory=Patience)


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
        page_size=table.count("page_size", PAGE_SIZE) or PAGE_SIZE,
        rules=_read_rules(table.table("maskinporten"), folder),
        clients=tuple(registration.read_client(one, folder, now) for one in table.tables("clients")),
        resources=_read_resources(table.table("resources")),
        packages=_read_packages(table.table("packages")),
        system_users=_read_system_users(table, folder),
        faults=tuple(faults.read_fault(one) for one in table.tables("faults")),
        patience=_read_patience(table.table("patience")),
    )
    table.finish()
    return config


def _read_patience(table: Table) -> Patience:
    usual = Patience()
    patience = Patience(
        idle=table.number("idle", usual.idle),
        head=table.number("head", usual.head),
        body=table.number("body", usual.body),
    )
    table.finish()
    return patience


def _read_rules(table: Table, folder: Path) -> Rules:
    rules = Rules(
        max_lifetime=table.count("max_lifetime", 120),
        tolerated_claims=frozenset(table.texts("tolerated_claims")),
        accept_token_url=table.flag("accept_token_url"),
        accept_bare_issuer=table.flag("accept_bare_issuer"),
        user_scopes=frozenset(table.texts("user_scopes")),
        roots=_read_roots(table, folder),
        delegations=frozenset(_read_delegation(one) for one in table.tables("delegations")),
    )
    table.finish()
    return rules


def _read_roots(table: Table, folder: Path) -> tuple[Certificate, ...]:
    name = "trusted_certificates"
    if not table.has(name):
        return ()
    text = table.text(name)
    try:
        pem = text.encode() if "-----BEGIN" in text else (folder / text).read_bytes()
        return certificates.read_roots(pem)
    except (OSError, ValueError) as error:
        table.refuse(name, f"cannot be read: {error}")
        return ()


def _read_delegation(table: Table) -> Delegation:
    delegation = Delegation(table.text("consumer"), table.text("supplier"), table.text("scope"))
    table.finish()
    return delegation


def _read_resources(table: Table) -> dict[str, str]:
    return {name: table.text(name, "") for name in table.names()}


def _read_packages(table: Table) -> dict[str, Package]:
    return {urn: registration.read_package(urn, table.table(urn)) for urn in table.names()}


def _read_system_users(table: Table, folder: Path) -> tuple[SystemUser, ...]:
    users = [registration.read_system_user(one) for one in table.tables("system_users")]
    name = "system_users_file"
    if table.has(name):
        try:
            text = (folder / table.text(name)).read_text(encoding="utf-8")
            users += registration.read_system_users(json.loads(text))
        except (OSError, ValueError) as error:
            table.refuse(name, "; ".join(str(error).splitlines()))
    return tuple(users)
