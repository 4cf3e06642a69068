"""The files that a repository starts with, beside those that it has.

Pure: what is there comes in as text, what is to be written goes out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.definitions.files import SCHEMA
from reconciler.definitions.outline import write_outline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json

MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"
"""How an editor finds the schema: https://github.com/redhat-developer/yaml-language-server#using-inlined-schema."""
CONFIG = "reconciler.toml"
OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where GitHub and GitLab look for it; the first that is there is the one, else the first."""
_OWN = ".reconciler/"
_OUTPUTS = ("plan.json", "plan.html", "drift.html", "report.json", "undo.json", "evidence-*.zip")
"""The names that the pages give to saved plans and reports, which hold client ids."""


@dataclass(frozen=True, slots=True)
class StarterFile:
    """A file to be written, or one that stays as it is, and why."""

    path: str
    """From the root."""
    text: str
    """What is added at the end of a file that is there, or the whole of a new one; empty where it stays."""
    is_new: bool
    note: str = ""


def make_config(environments: Sequence[str], existing: str | None) -> StarterFile:
    """Make the configuration, with a table for each environment in use."""
    if existing is not None:
        return StarterFile(existing, "", is_new=False, note="it is there")
    lines = [
        "# The environments local, tt02 and prod are built in. A table says what else belongs to one.",
    ]
    for name in environments:
        lines += [
            "",
            f"[environments.{name}]",
            "clients = []   # client ids that may write here, if not all of yours may; what others wrote is drift",
            "unmanaged = [] # ids of systems that have no definition here on purpose; * stands for anything",
        ]
        if name != "local":
            lines.append("# key_expires = 2027-03-01 # the key's last day; drift warns from 30 days before")
    return StarterFile(CONFIG, "\n".join(lines) + "\n", is_new=True)


def ignore_own_folder(text: str | None) -> StarterFile:
    """Keep out of git what the tool writes: journals, the embedded register, and files by their usual names."""
    lines = {line.strip().lstrip("/").rstrip("/") for line in (text or "").splitlines()}
    if _OWN.rstrip("/") in lines:
        return StarterFile(".gitignore", "", is_new=False, note=f"it names {_OWN}")
    missing = [name for name in (_OWN, *_OUTPUTS) if name.rstrip("/") not in lines]
    return StarterFile(".gitignore", "".join(f"{name}\n" for name in missing), is_new=text is None)


def make_schema_file(schema: Mapping[str, object], *, exists: bool) -> StarterFile:
    """Give editors the schema of a definition; an older one is replaced by `reconciler schema definition`."""
    path = f"systems/{SCHEMA}"
    if exists:
        return StarterFile(
            path, "", is_new=False, note="it is there; `reconciler schema definition` prints it again"
        )
    return StarterFile(path, json.dumps(schema, indent=2, ensure_ascii=False) + "\n", is_new=True)


def make_example(vendor: str, client: str) -> StarterFile:
    """Make a definition to begin with, which exists in `local` only."""
    members: dict[str, Json] = {
        "id": f"{vendor}_example",
        "vendor": vendor,
        "name": {"nb": "Eksempel", "nn": "Døme", "en": "Example"},
        "description": {
            "nb": "Det kundene leser før de sier ja.",
            "nn": "Det kundane les før dei seier ja.",
            "en": "What customers read before they say yes.",
        },
        "rights": ["ske-krav-og-betalinger"],
        "accessPackages": [],
        "clientId": [client],
        "allowedRedirectUrls": [],
        "isVisible": False,
        "requests": {"standard": {"rights": ["ske-krav-og-betalinger"]}},
    }
    text = f"""\
{MODELINE}# A system of your own: fill it in, and name the environments where it is to exist.
# In the environment `local`, `reconciler plan` asks nothing outside this machine.
{write_outline(members, {}, {})}"""
    return StarterFile(f"systems/{vendor}_example.yaml", text, is_new=True)


def make_readme(vendor: str, owners: str, existing: str | None) -> StarterFile:
    """Say in the repository itself what it is for and how to change a system; `existing` is a README's name."""
    if existing is not None:
        return StarterFile(existing, "", is_new=False, note="it is there")
    text = files("reconciler").joinpath("data/repository_readme.md").read_text(encoding="utf-8")
    said = {
        "ORGANISATION": f"organisation {vendor}" if vendor else "our organisation",
        "OWNERS": owners or "Another person",
    }
    for name, value in said.items():
        text = text.replace(name, value)
    return StarterFile("README.md", text, is_new=True)


def assign_owners(owners: str, existing: Mapping[str, str], others: Sequence[str] = ()) -> StarterFile:
    """Have each change of a definition, an approval and other paths reviewed by their owners; `existing` is by path."""
    path = next((each for each in OWNERS if each in existing), OWNERS[0])
    paths = ("/systems/", "/systems/.approvals.yaml", f"/{CONFIG}", *others)
    lines = [f"{each} {owners}" for each in paths]
    there = {line.split("#")[0].split(" ")[0] for line in existing.get(path, "").splitlines()}
    missing = [line for line in lines if line.split(" ")[0] not in there]
    if not missing:
        return StarterFile(path, "", is_new=False, note="it names the definitions")
    return StarterFile(path, "\n".join(missing) + "\n", is_new=path not in existing)
