"""A new definition file for a system: every member said, short forms where nothing is lost, a safe name.

Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.editor import ENVIRONMENTS, ORDER
from reconciler.definitions.meaning import shorten
from reconciler.definitions.yaml_writer import Layout, write_member
from reconciler.model.normalise import get_key
from reconciler.model.system import IDENTITY, LANGUAGES, SENT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
"""https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file"""
_LONGEST_NAME = 100


def describe_system(system: System) -> dict[str, Json]:
    """Give what a definition says of a system, every member explicitly, in short forms and in the canonical order."""
    members = system.model_dump(mode="json", exclude_none=True)
    if system.isDeleted:
        return {**{name: shorten(name, members[name]) for name in IDENTITY}, "withdrawn": True}
    described = {name: shorten(name, _drop_repeated(name, members[name])) for name in SENT}
    for name in ("name", "description"):
        texts = described[name]
        described[name] = {each: texts[each] for each in sorted(texts, key=_rank_language)}
    return described


def _drop_repeated(member: str, value: Json) -> Json:
    """Leave out the entries of a list that stand in it already, and an empty action, which means none."""
    if not isinstance(value, list):
        return value
    kept: dict[str, Json] = {}
    for each in value:
        entry = {k: v for k, v in each.items() if k != "action" or v} if isinstance(each, dict) else each
        kept.setdefault(get_key(member, entry), entry)
    return list(kept.values())


def _rank_language(language: str) -> tuple[int, str]:
    return (LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES), language)


def fill_languages(system: System) -> tuple[System, tuple[str, ...]]:
    """Give a system a text in every language, taken from another one, and name those that had none.

    Rows from before the register's rule hold nulls (System Register contract §2.2), and no definition may.
    """
    filled: list[str] = []
    update: dict[str, dict[str, str]] = {}
    for member in ("name", "description"):
        texts: dict[str, str] = getattr(system, member)
        missing = [each for each in LANGUAGES if each not in texts]
        if missing:
            spare = next((texts[each] for each in LANGUAGES if each in texts), system.id)
            filled += [f"{member}.{each}" for each in missing]
            update[member] = {**texts, **dict.fromkeys(missing, spare)}
    return system.model_copy(update=update), tuple(filled)


def write_new(members: Mapping[str, Json], environments: Mapping[str, Json]) -> str:
    """Write a definition file; `environments` names where the system exists, and is left out where it is empty."""
    whole = {**members, ENVIRONMENTS: dict(environments)} if environments else dict(members)
    lines = [line for name in ORDER if name in whole for line in write_member(name, whole[name], 0, Layout())]
    return "\n".join([*lines, ""])


def make_file_name(system: str, taken: Collection[str]) -> str:
    """Name the file of a system so that every file system takes it; `taken` holds names in small letters."""
    stem = _UNSAFE.sub("-", system)[:_LONGEST_NAME].strip(".-") or "system"
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    name, number = f"{stem}.yaml", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}.yaml"
    return name
