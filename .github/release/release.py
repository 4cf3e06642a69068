"""What a release is made of: its tag is checked, its changes are collected, and its parts are listed.

    release.py check v0.2.0             is the tag the version, and does the changelog say what is in it?
    release.py join 0.2.0 2026-12-01    moves what is unreleased, and the fragments, into a section of the changelog
    release.py notes v0.2.0             prints that section
    release.py sbom v0.2.0 COMMIT       prints what pipelines install, as CycloneDX

It needs nothing but Python, and reads and writes files of the checkout that it stands in.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
CHANGELOG = TOP / "CHANGELOG.md"
FRAGMENTS = TOP / "docs" / "changelog.d"
LOCK = TOP / ".github" / "actions" / "reconcile" / "requirements.txt"
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""The headings of Keep a Changelog, in its order."""
NAME = "systemregister-reconciler"
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)([^\n]*(?:\n[ ]{4}(?:--hash|#)[^\n]*)*)", re.MULTILINE)
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|deprecated|removed|fixed|security)\.md")


class Pin(NamedTuple):
    """A package of the lock, its hashes, and who asks for it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package's URL, which names it in a list of parts."""
        return f"pkg:pypi/{self.name.lower()}@{self.version}"


def read_version() -> str:
    """Read the version of the checkout."""
    found = _VERSION.search((TOP / "reconciler" / "__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else ""


def read_section(version: str) -> str:
    """Read what the changelog says of a version; empty where it says nothing."""
    text = CHANGELOG.read_text(encoding="utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |^\[|\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def find_fragments() -> dict[str, list[Path]]:
    """Find the fragments by their kind; raises `SystemExit` for a name that is none."""
    found: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for path in sorted(FRAGMENTS.glob("*.md")):
        named = _FRAGMENT.fullmatch(path.name)
        if path.name == "README.md":
            continue
        if named is None:
            sys.exit(
                f"{path.name} is no fragment: NAME.KIND.md, and KIND is one of {', '.join(KINDS).lower()}"
            )
        found[named[1].capitalize()].append(path)
    return found


def check(tag: str) -> None:
    """Check that a tag is this version, and that the changelog has its section."""
    version = read_version()
    left = [path.name for paths in find_fragments().values() for path in paths]
    if tag != f"v{version}":
        sys.exit(f"The tag {tag} is not the version {version} of reconciler/__init__.py.")
    if not read_section(version):
        sys.exit(f"CHANGELOG.md has no section [{version}], or an empty one: release.py join {version} DATE")
    if left:
        sys.exit(f"These changes are in no section: {', '.join(left)}: release.py join {version} DATE")


def join(version: str, date: str) -> None:
    """Move what is unreleased, and what the fragments say, into a section; the fragments are removed."""
    text = CHANGELOG.read_text(encoding="utf-8")
    head, _, rest = text.partition("## [Unreleased]\n")
    unreleased, mark, older = rest.partition("\n## ")
    parts = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", unreleased, re.MULTILINE | re.DOTALL))
    fragments = find_fragments()
    lines = []
    for kind in KINDS:
        own = [path.read_text(encoding="utf-8").strip() for path in fragments[kind]]
        said = "\n".join(each for each in (parts.get(kind, "").strip(), *own) if each)
        if said:
            lines.append(f"### {kind}\n\n{said}\n")
    section = f"## [{version}] - {date}\n\n" + "\n".join(lines)
    CHANGELOG.write_text(f"{head}## [Unreleased]\n\n{section}{mark}{older}", encoding="utf-8")
    for path in (path for paths in fragments.values() for path in paths):
        path.unlink()


def read_lock() -> list[Pin]:
    """Read the lock: each package, its hashes, and the packages that ask for it."""
    found = []
    for name, version, rest in _PIN.findall(LOCK.read_text(encoding="utf-8")):
        _, _, below = rest.partition("# via")
        parents = re.findall(r"[\w.-]+(?= \(pyproject|\s*(?:\n|$))", below)
        found.append(
            Pin(
                name,
                version,
                tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)),
                tuple(sorted(parents)),
            )
        )
    return found


def list_parts(version: str, commit: str) -> dict[str, object]:
    """List what stands in an installation, and who asks for what, as CycloneDX 1.6; the same for the same commit."""
    pins = read_lock()
    own = f"pkg:pypi/{NAME}@{version}"
    names = {NAME: own, **{pin.name: pin.purl for pin in pins}}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{own}#{commit}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": NAME,
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "MIT"}}],
                "properties": [{"name": "commit", "value": commit}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": pin.purl,
                "name": pin.name,
                "version": pin.version,
                "purl": pin.purl,
                "hashes": [{"alg": "SHA-256", "content": each} for each in pin.hashes],
            }
            for pin in pins
        ],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(pin.purl for pin in pins if name in pin.asked_by)}
            for name, ref in names.items()
        ],
    }


def main(words: list[str]) -> None:
    """Do what the words ask for."""
    match words:
        case ["check", tag]:
            check(tag)
        case ["join", version, date]:
            join(version, date)
        case ["notes", tag]:
            sys.stdout.write(read_section(tag.removeprefix("v")) + "\n")
        case ["sbom", tag, commit]:
            sys.stdout.write(json.dumps(list_parts(tag.removeprefix("v"), commit), indent=2) + "\n")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
