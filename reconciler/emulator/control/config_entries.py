"""Clients, packages and system users as the configuration or the control endpoint gives them.

Only public keys are kept, also of a private JWK or PEM (Maskinporten contract §1.3, §2.2).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm

from reconciler.emulator.catalogue import KnownPackage
from reconciler.emulator.control.config_tables import ConfigProblems, ConfigTable
from reconciler.emulator.maskinporten import keys
from reconciler.emulator.maskinporten.clients import ACCESS_TOKEN_SECONDS, ANY_KID, Client, RegisteredKey
from reconciler.emulator.systemusers.rows import SystemUser

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_client(table: ConfigTable, folder: Path, now: float) -> Client:
    """Read one client; files are looked for in `folder`, `propagation` counts from `now`."""
    org = table.text("org")
    if isinstance(table.value("org"), str) and not (org.isascii() and org.isdigit() and len(org) == 9):
        table.refuse("org", f"nine digits are expected, not {org!r}")
    known_from = now + table.number("propagation", 0.0) if table.has("propagation") else 0.0
    client = Client(
        client_id=table.text("client_id"),
        org=org,
        scopes=frozenset(table.texts("scopes")),
        keys=_read_keys(table, folder, known_from),
        not_granted=frozenset(table.texts("not_granted")),
        access_token_seconds=table.count("access_token_lifetime", ACCESS_TOKEN_SECONDS),
    )
    table.finish()
    return client


def _read_keys(table: ConfigTable, folder: Path, known_from: float) -> dict[str, RegisteredKey]:
    read: dict[str, RegisteredKey] = {}
    for name in ("jwk", "jwks", "jwks_file"):
        value = table.value(name)
        if value is None:
            continue
        try:
            if name == "jwks_file":
                value = (folder / str(value)).read_text(encoding="utf-8")
            if isinstance(value, str):
                value = json.loads(value)
        except (OSError, ValueError) as error:
            table.refuse(name, f"cannot be read: {error}")
            continue
        for jwk in _list_jwks(value):
            try:
                kid, key = _read_key(jwk, known_from)
            except ValueError as error:
                table.refuse(name, str(error))
            else:
                read[kid] = key
    return read | _read_pem(table, folder, known_from)


def _read_pem(table: ConfigTable, folder: Path, known_from: float) -> dict[str, RegisteredKey]:
    """Read `pem_file`, a private or public key or a certificate; without `kid` it fits every `kid`."""
    kid = table.text("kid", ANY_KID)
    if not table.has("pem_file"):
        if kid:
            table.refuse("kid", "is the id of the key in `pem_file`, which is missing")
        return {}
    try:
        public = keys.read_public((folder / table.text("pem_file")).read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        table.refuse("pem_file", f"cannot be read: {error}")
        return {}
    return {kid: RegisteredKey(public, known_from)}


def _list_jwks(value: object) -> list[object]:
    if isinstance(value, Mapping) and "keys" in value:
        value = value["keys"]
    return list(value) if isinstance(value, list | tuple) else [value]


def _read_key(jwk: object, known_from: float) -> tuple[str, RegisteredKey]:
    if not isinstance(jwk, Mapping):
        raise ValueError("a JWK, a JWKS, or a list of JWKs is expected")  # noqa: TRY004 - callers catch ValueError alone
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ValueError("the key has no kid")
    expires = jwk.get("exp")
    ends = float(expires) if isinstance(expires, int | float) else float("inf")
    return kid, RegisteredKey(keys.read_jwk(jwk), known_from, ends)


def read_package(urn: str, table: ConfigTable) -> KnownPackage:
    """Read the flags of a package."""
    package = KnownPackage(
        urn,
        table.text("name", urn.rpartition(":")[2]),
        table.flag("isDelegable"),
        table.flag("isAssignable"),
        table.text("id", ""),
    )
    table.finish()
    return package


def read_system_users(value: object) -> list[SystemUser]:
    """Read a list of system users, or a page of them as the API answers it; raises ValueError."""
    if isinstance(value, Mapping) and "data" in value:
        value = value["data"]
    problems = ConfigProblems("", {})
    users = [read_system_user(table) for table in ConfigTable({"users": value}, (), problems).tables("users")]
    check_ids(users, problems)
    problems.check()
    return users


def check_ids(users: Sequence[SystemUser], problems: ConfigProblems) -> None:
    """Report an id that two system users have: only one of them would be kept."""
    for user_id, number in Counter(user.id for user in users).items():
        if number > 1:
            problems.add(("system_users",), f"{number} system users have the id {user_id}")


def read_system_user(table: ConfigTable) -> SystemUser:
    """Read one system user, with the API's own member names."""
    texts = {
        one.name: table.text(one.name, None if one.default is MISSING else str(one.default))
        for one in fields(SystemUser)
        if one.type == "str"
    }
    user = SystemUser(
        **texts,
        isDeleted=table.flag("isDeleted"),
        rights=[dict(one.content) for one in table.tables("rights")],
        accessPackages=[{"urn": urn} for urn in table.texts("accessPackages")],
        clients=list(table.texts("clients")),
    )
    table.finish()
    return user
