"""Which build of the program this is: its version, and the commit that it was made from.

The commit stands behind a plus sign, as SemVer and PEP 440 have it: `0.1.0+` and forty hex digits. Where it is not
known, the version stands alone. Plans and journals carry it as `tool_version`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from reconciler import __version__

_ARCHIVED = "$Format:%H$"
"""git writes the commit here when it makes an archive: `export-subst` in `.gitattributes`."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ORIGIN = "systemregister_reconciler-*.dist-info/direct_url.json"
_SHORT = 12


@cache
def find_commit() -> str:
    """Find the commit that this build was made from; empty where it is not known."""
    return _ARCHIVED if _COMMIT.fullmatch(_ARCHIVED) else _read_origin(Path(__file__).parents[1])


def find_version() -> str:
    """Find the version of this build, with its commit where that is known."""
    commit = find_commit()
    return f"{__version__}+{commit}" if commit else __version__


def describe_version(version: str) -> str:
    """Give a version for people, with a short commit: `0.1.0 (3a5c4bbb91f2)`."""
    number, _, commit = version.partition("+")
    return f"{number} ({commit[:_SHORT]})" if _COMMIT.fullmatch(commit) else version


def describe_build() -> str:
    """Name the program and its build, as `--version` prints it."""
    version = find_version()
    unknown = "" if "+" in version else " (commit not known)"
    return f"reconciler {describe_version(version)}{unknown}"


def find_program() -> str:
    """Name the repository and the commit that an installer took this build from, with an `@` between; empty else."""
    address, commit = _read_record(Path(__file__).parents[1])
    return f"{address}@{commit}" if address and commit else ""


def _read_origin(site: Path) -> str:
    """Read which commit an installer took from a repository (PEP 610), beside the package; empty where none.

    An installation from a folder has no commit there, since the folder may have held changes.
    """
    return _read_record(site)[1]


def _read_record(site: Path) -> tuple[str, str]:
    """Read the address of the repository, and the commit."""
    for path in site.glob(_ORIGIN):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            address, commit = record.get("url", ""), record["vcs_info"]["commit_id"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if isinstance(address, str) and isinstance(commit, str) and _COMMIT.fullmatch(commit):
            return address, commit
    return "", ""
