"""The files that are measured: definitions, the documents that a register holds, and zones of the same values.

A zone has one record for each member of its system and one value for each of the member's, so that a tool for DNS
reads, compares and prints as much as this one does.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.builders import VENDOR
from tests.git import commit_all, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESOURCE = "ske-krav-og-betalinger"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
OLD, NEW = "Handles invoices and payments", "Handles invoices, payments and reports"
"""The English description that the files have, and another one."""

_TEXT = """\
id: {id}
vendor: "{vendor}"
name:
  nb: Regnskap {number}
  nn: Rekneskap {number}
  en: Accounting {number}
description:
  nb: Tar hand om faktura og betaling
  nn: Tek hand om faktura og betaling
  en: {english}
rights:
  - {resource}
accessPackages:
  - {package}
clientId:
  - {client}
allowedRedirectUrls:
  - https://system{number}.example/receipt
isVisible: true
"""
_ZONE = """\
access:
  type: TXT
  value: {package}
client:
  type: TXT
  value: {client}
description:
  type: TXT
  values:
    - {english}
    - Tar hand om faktura og betaling
    - Tek hand om faktura og betaling
name:
  type: TXT
  values:
    - Accounting {number}
    - Regnskap {number}
    - Rekneskap {number}
redirect:
  type: TXT
  value: https://system{number}.example/receipt
rights:
  type: TXT
  value: {resource}
vendor:
  type: TXT
  value: "{vendor}"
visible:
  type: TXT
  value: "true"
"""
_OCTODNS = """\
manager:
  max_workers: {workers}
  plan_outputs:
    json:
      class: octodns.provider.plan.PlanJson
providers:
  files:
    class: octodns.provider.yaml.YamlProvider
    directory: {folder}
  register:
    class: tests.bench.register_provider.RegisterProvider
    base: env/REGISTER_BASE
    token: env/REGISTER_TOKEN
zones:
  '*':
    sources: [files]
    targets: [register]
"""


def make_id(number: int) -> str:
    """Give the id of a system; all have the same length."""
    return f"{VENDOR}_system{number:05}"


def make_client(number: int) -> str:
    """Make a client id that no other number gives."""
    return str(uuid.UUID(int=number + (4 << 76) + (8 << 60)))


def make_document(number: int, english: str = OLD) -> dict[str, object]:
    """Make the document that the register holds of a system."""
    return {
        "id": make_id(number),
        "vendor": {"ID": f"0192:{VENDOR}"},
        "name": {"nb": f"Regnskap {number}", "nn": f"Rekneskap {number}", "en": f"Accounting {number}"},
        "description": {
            "nb": "Tar hand om faktura og betaling",
            "nn": "Tek hand om faktura og betaling",
            "en": english,
        },
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": RESOURCE}]}],
        "accessPackages": [{"urn": PACKAGE}],
        "isDeleted": False,
        "clientId": [make_client(number)],
        "isVisible": True,
        "allowedRedirectUrls": [f"https://system{number}.example/receipt"],
    }


def _fill(template: str, number: int, english: str) -> str:
    return template.format(
        id=make_id(number),
        vendor=VENDOR,
        number=number,
        english=english,
        resource=RESOURCE,
        package=PACKAGE,
        client=make_client(number),
    )


@dataclass(frozen=True)
class Corpus:
    """One repository of a size, and beside it what a register holds and the zones."""

    size: int
    folder: Path

    @property
    def root(self) -> Path:
        """The repository."""
        return self.folder / "repository"

    @property
    def systems(self) -> Path:
        """The definitions."""
        return self.root / "systems"

    @property
    def zones(self) -> Path:
        """The zone files."""
        return self.folder / "zones"

    @property
    def octodns(self) -> Path:
        """The configuration of octoDNS."""
        return self.folder / "octodns.yaml"

    @property
    def touched(self) -> str:
        """The system that the newest commit of a touched corpus changes."""
        return make_id(self.size // 2)

    def seed(self, state: str) -> Path:
        """The file with the documents of a register: `old`, with another text in each `new`, or `empty`."""
        return self.folder / f"{state}.json"

    def configure(self, base: str, maskinporten: str) -> None:
        """Name a served register as the environment `served`."""
        text = f'[environments.served]\nregister = "{base}"\nmaskinporten = "{maskinporten}"\n'
        (self.root / "reconciler.toml").write_text(text, encoding="utf-8")


def make_corpus(folder: Path, size: int, *, workers: int, is_rewritten: bool = False) -> Corpus:
    """Write the files of one size, and commit the definitions; `is_rewritten` adds a commit that changes each."""
    corpus = Corpus(size, folder)
    for each in (corpus.systems, corpus.zones):
        each.mkdir(parents=True)
    (corpus.root / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    git(corpus.root, "init", "-q", "-b", "main", "--template=")
    _write_definitions(corpus, OLD)
    commit_all(corpus.root, "Describe every system")
    if is_rewritten:
        _write_definitions(corpus, NEW)
        commit_all(corpus.root, "Describe every system better")
    for number in range(size):
        zone = _fill(_ZONE, number, NEW if is_rewritten else OLD)
        (corpus.zones / f"system{number:05}.example.yaml").write_text(zone, encoding="utf-8")
    for state, english in (("old", OLD), ("new", NEW)):
        corpus.seed(state).write_text(_write_documents(size, english), encoding="utf-8")
    corpus.seed("empty").write_text("[]", encoding="utf-8")
    config = _OCTODNS.format(workers=workers, folder=corpus.zones)
    corpus.octodns.write_text(config, encoding="utf-8")
    return corpus


def _write_definitions(corpus: Corpus, english: str) -> None:
    for number in range(corpus.size):
        path = corpus.systems / f"{make_id(number)}.yaml"
        path.write_text(_fill(_TEXT, number, english), encoding="utf-8")


def touch(corpus: Corpus) -> None:
    """Commit the configuration, and then a change of one definition."""
    commit_all(corpus.root, "Name the register")
    path = corpus.systems / f"{corpus.touched}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(OLD, NEW), encoding="utf-8")
    commit_all(corpus.root, "Describe one system better")


def _write_documents(size: int, english: str) -> str:
    """Write the documents line by line, so that this process stays small."""

    def write_lines() -> Iterator[str]:
        for number in range(size):
            yield json.dumps(make_document(number, english))

    return "[" + ",\n".join(write_lines()) + "]"
