"""The configuration of an emulator: reading a TOML file or a mapping, with all problems.

It only makes values. Every problem is one line with the line number of the file and,
for an unknown key, the nearest known one.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from reconciler.emulator.control import config_entries, fault_rules, toml_lines
from reconciler.emulator.control.config_tables import ConfigProblems, ConfigTable
from reconciler.emulator.dotnet.answers import Shape
from reconciler.emulator.maskinporten import certificates
from reconciler.emulator.maskinporten.clients import Delegation
from reconciler.emulator.maskinporten.grant_validation import TOLERATED, GrantSettings
from reconciler.emulator.register.transactions import USUAL_SECONDS
from reconciler.emulator.server import addresses
from reconciler.emulator.server.connection import Timeouts
from reconciler.emulator.systemusers.answering import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.x509 import Certificate

    from reconciler.emulator.catalogue import KnownPackage
    from reconciler.emulator.control.fault_rules import FaultRule
    from reconciler.emulator.maskinporten.clients import Client
    from reconciler.emulator.systemusers.rows import SystemUser

HOST = "127.0.0.1"
UNKNOWN_ORG = "991825827"
"""The organisation of clients that are not registered, unless set: Digdir's, as in the examples."""
ANY_RESOURCE = {"app_*_*": "AltinnApp", "*": "GenericAccessResource"}
"""Patterns that fit every resource id."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of an emulator."""

    problem_shape: Shape = "2026-07"
    clock_offset: float = 0.0
    keep_unknown: bool = False
    page_size: int = PAGE_SIZE
    grant_settings: GrantSettings = field(default_factory=GrantSettings)
    clients: tuple[Client, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, KnownPackage] = field(default_factory=dict)
    system_users: tuple[SystemUser, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    transaction_seconds: float = USUAL_SECONDS
    timeouts: Timeouts = field(default_factory=Timeouts)
    host: str = HOST
    public_url: str | None = None
    control_token: str | None = None
    next_links: Literal["called", "internal"] = "called"
    confirm: Literal["altinn", "self"] = "altinn"
    paging: Literal["as-is", "correct"] = "as-is"
    issuer: str | None = None
    """What Maskinporten calls itself, where that is not its address."""


class Overrides(TypedDict, total=False):
    """Settings of the command line, which replace those of a file."""

    host: str
    public_url: str
    control_token: str


def read_config(
    source: Mapping[str, object] | Path | None, now: float, over: Overrides | None = None
) -> Config:
    """Read a configuration; raises ValueError with every problem on a line of its own."""
    source = {} if source is None else source
    if isinstance(source, Path):
        text = source.read_text(encoding="utf-8")
        try:
            content: Mapping[str, object] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{source.name}: {error}") from error
        lines = {
            path: line for path, line in toml_lines.find_lines(text).items() if path[0] not in (over or {})
        }
        problems = ConfigProblems(source.name, lines)
        folder = source.parent
    else:
        content, problems, folder = source, ConfigProblems("", {}), Path()
    config = _read(ConfigTable({**content, **(over or {})}, (), problems), folder, now)
    problems.check()
    return config


def _read(table: ConfigTable, folder: Path, now: float) -> Config:
    maskinporten = table.table("maskinporten")
    config = Config(
        problem_shape=table.choice("problem_shape", get_args(Shape), "2026-07"),
        clock_offset=table.number("clock_offset", 0.0),
        keep_unknown=table.choice("unknown_members", ("ignored", "kept"), "ignored") == "kept",
        page_size=table.count("page_size", PAGE_SIZE) or PAGE_SIZE,
        issuer=_read_url(maskinporten, "issuer"),
        grant_settings=_read_grant_settings(maskinporten, folder)._replace(
            unknown_org=_read_unknown_org(table)
        ),
        clients=tuple(config_entries.read_client(one, folder, now) for one in table.tables("clients")),
        resources=_read_resources(table),
        packages=_read_packages(table.table("packages")),
        system_users=_read_system_users(table, folder),
        faults=tuple(fault_rules.read_fault(one) for one in table.tables("faults")),
        transaction_seconds=table.number("transaction_seconds", USUAL_SECONDS),
        timeouts=_read_timeouts(table.table("patience")),
        host=table.text("host", HOST),
        public_url=_read_url(table, "public_url"),
        control_token=_read_token(table),
        next_links=table.choice("next_links", ("called", "internal"), "called"),
        confirm=table.choice("confirm", ("altinn", "self"), "altinn"),
        paging=table.choice("paging", ("as-is", "correct"), "as-is"),
    )
    table.finish()
    return config


def _read_timeouts(table: ConfigTable) -> Timeouts:
    usual = Timeouts()
    timeouts = Timeouts(
        idle=table.number("idle", usual.idle),
        head=table.number("head", usual.head),
        body=table.number("body", usual.body),
        rate=table.number("rate", usual.rate) or usual.rate,
    )
    table.finish()
    return timeouts


def _read_url(table: ConfigTable, name: str) -> str | None:
    if not table.has(name):
        return None
    url = table.text(name)
    wrong = addresses.check_url(url)
    if isinstance(table.value(name), str) and wrong is not None:
        table.refuse(name, wrong)
    return url


def _read_token(table: ConfigTable) -> str | None:
    name = "control_token"
    if not table.has(name):
        return None
    token = table.text(name)
    if not token.strip() or token != token.strip() or not token.isascii():
        table.refuse(name, "ASCII without blanks around it is expected")
    return token


def _read_grant_settings(table: ConfigTable, folder: Path) -> GrantSettings:
    settings = GrantSettings(
        max_lifetime=table.count("max_lifetime", 120),
        tolerated_claims=frozenset(table.texts("tolerated_claims", tuple(TOLERATED))),
        audiences=frozenset(table.texts("audiences")),
        accept_token_url=table.flag("accept_token_url"),
        accept_bare_issuer=table.flag("accept_bare_issuer"),
        user_scopes=frozenset(table.texts("user_scopes")),
        roots=_read_roots(table, folder),
        delegations=frozenset(_read_delegation(one) for one in table.tables("delegations")),
    )
    table.finish()
    return settings


def _read_roots(table: ConfigTable, folder: Path) -> tuple[Certificate, ...]:
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


def _read_delegation(table: ConfigTable) -> Delegation:
    delegation = Delegation(table.text("consumer"), table.text("supplier"), table.text("scope"))
    table.finish()
    return delegation


def _read_unknown_org(table: ConfigTable) -> str | None:
    accepts = table.choice("unknown_clients", ("refuse", "accept"), "refuse") == "accept"
    name = "unknown_clients_org"
    org = table.text(name, UNKNOWN_ORG)
    if not (org.isascii() and org.isdigit() and len(org) == 9):
        table.refuse(name, f"nine digits are expected, not {org!r}")
    return org if accepts else None


def _read_resources(table: ConfigTable) -> dict[str, str]:
    """Read the resource types by id or pattern; with `unknown_resources` the last patterns fit everything."""
    listed = table.table("resources")
    known = {name: listed.text(name, "") for name in listed.names()}
    accepts = table.choice("unknown_resources", ("refuse", "accept"), "refuse") == "accept"
    return {**known, **(ANY_RESOURCE if accepts else {})}


def _read_packages(table: ConfigTable) -> dict[str, KnownPackage]:
    return {urn: config_entries.read_package(urn, table.table(urn)) for urn in table.names()}


def _read_system_users(table: ConfigTable, folder: Path) -> tuple[SystemUser, ...]:
    users = [config_entries.read_system_user(one) for one in table.tables("system_users")]
    name = "system_users_file"
    if table.has(name):
        try:
            text = (folder / table.text(name)).read_text(encoding="utf-8")
            users += config_entries.read_system_users(json.loads(text))
        except (OSError, ValueError) as error:
            table.refuse(name, "; ".join(str(error).splitlines()))
    config_entries.check_ids(users, table.problems)
    return tuple(users)
