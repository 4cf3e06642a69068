"""The file that keeps an environment's list of packages and resources: one entry a line, sorted by name.

Pure, but for `read_list`. People review it as a diff, so nothing else of it moves when an entry changes.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from reconciler.definitions.files import find_lists, read_file
from reconciler.errors import UsageError
from reconciler.model.catalogue import PACKAGE_FORM
from reconciler.model.catalogue_list import (
    CatalogueList,
    PackageEntry,
    ResourceEntry,
    make_catalogues,
    read_shipped_list,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.catalogue_list import Texts

VERSION = "1"
_TEXTS = ("nb", "nn", "en")


def print_list(listed: CatalogueList) -> str:
    """Print a list as its file holds it."""
    head = {
        "format_version": VERSION,
        "environment": listed.environment,
        "register": listed.register,
        "taken": listed.taken.isoformat(),
    }
    packages = [each.to_json() for each in sorted(listed.packages, key=lambda each: each.urn)]
    resources = [each.to_json() for each in sorted(listed.resources, key=lambda each: each.id)]
    lines = [f'"{name}": {_print(value)},' for name, value in head.items()]
    return "\n".join(
        [
            "{",
            *lines,
            '"packages": [',
            ",\n".join(map(_print, packages)),
            "],",
            '"resources": [',
            ",\n".join(map(_print, resources)),
            "]",
            "}",
            "",
        ]
    )


def _print(value: Json) -> str:
    """Print one entry; characters that are not printable are written as JSON's escapes."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def read_list(root: Path, path: Path, environment: str) -> CatalogueList:
    """Read the saved list of an environment; raises `UsageError` with the file and what is wrong with it."""
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        return _parse(read_file(path, within=root), environment)
    except _Broken as fault:
        raise UsageError(
            f"{shown} {fault.message}.",
            hint=f"`reconciler catalogue refresh -e {environment}` writes it anew; or restore it from git.",
        ) from None


def read_lists(root: Path, environments: Iterable[str]) -> dict[str, CatalogueList]:
    """Read the saved lists of environments, by their names; raises what `read_list` raises."""
    return {name: read_list(root, path, name) for name, path in find_lists(root, environments).items()}


def choose_list(root: Path, environments: Iterable[str], wanted: Iterable[str] = ()) -> CatalogueList:
    """Choose the newest list that is saved: of the wanted environments where there is one, else of any.

    Where none is saved, the shipped one. Raises what `read_list` raises.
    """
    lists = read_lists(root, environments)
    chosen = [lists[name] for name in wanted if name in lists]
    return max(chosen or lists.values(), key=lambda each: each.taken, default=read_shipped_list())


def read_catalogues(root: Path, environments: Iterable[str]) -> dict[str, Catalogue]:
    """Read what the rules go by in place of the shipped list, by environment; raises what `read_list` raises."""
    return make_catalogues(read_lists(root, environments))


class _Broken(UsageError):
    """The rest of a sentence about the file."""


def _parse(content: bytes, environment: str) -> CatalogueList:
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _Broken("is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        where = f": line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _Broken(f"is no JSON{where}") from None
    if not isinstance(body, dict) or "format_version" not in body:
        raise _Broken("is no list of packages and resources")
    if body["format_version"] != VERSION:
        raise _Broken("was written by another version of this program")
    if body.get("environment") != environment:
        raise _Broken(f"is not the list of {environment}")
    packages, resources = body.get("packages"), body.get("resources")
    if not isinstance(packages, list) or not isinstance(resources, list):
        raise _Broken("has no `packages` or no `resources`")
    return CatalogueList(
        environment,
        _read_text(body, "register", "the list"),
        _read_day(body),
        tuple(_read_package(each, number) for number, each in enumerate(packages, 1)),
        tuple(_read_resource(each, number) for number, each in enumerate(resources, 1)),
    )


def _read_day(body: Mapping[str, Json]) -> date:
    try:
        return date.fromisoformat(_read_text(body, "taken", "the list"))
    except ValueError:
        raise _Broken("does not say in `taken` of which day it is, such as 2026-12-31") from None


def _read_package(entry: Json, number: int) -> PackageEntry:
    what = f"package {number}"
    urn = _read_text(entry, "urn", what)
    if not PACKAGE_FORM.fullmatch(urn):
        raise _Broken(f"holds in {what} no URN of an access package")
    name, description, area = (_read_texts(entry, member, what) for member in ("name", "description", "area"))
    flags = (_read_truth(entry, member, what) for member in ("delegable", "assignable"))
    return PackageEntry(urn, name, description, area, *flags)


def _read_resource(entry: Json, number: int) -> ResourceEntry:
    what = f"resource {number}"
    title, description = (_read_texts(entry, member, what) for member in ("title", "description"))
    name, kind = _read_text(entry, "id", what), _read_text(entry, "type", what)
    owner, status = (_read_text(entry, member, what, default="") for member in ("owner", "status"))
    flags = (_read_truth(entry, member, what) for member in ("delegable", "visible"))
    return ResourceEntry(name, title, description, owner, kind, status, *flags)


def _read_text(entry: Json, member: str, what: str, default: str | None = None) -> str:
    found = entry.get(member, default) if isinstance(entry, dict) else None
    if not isinstance(found, str):
        raise _Broken(f"has no text `{member}` in {what}")
    return found


def _read_truth(entry: Json, member: str, what: str) -> bool:
    found = entry.get(member)
    if not isinstance(found, bool):
        raise _Broken(f"has neither true nor false for `{member}` in {what}")
    return found


def _read_texts(entry: Json, member: str, what: str) -> Texts:
    found = entry.get(member, {}) if isinstance(entry, dict) else None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise _Broken(f"has no texts `{member}` in {what}")
    return {language: found[language] for language in _TEXTS if language in found}
