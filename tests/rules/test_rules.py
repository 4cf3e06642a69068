"""Each rule on files that break it and on files that do not; the whole text of what is found is compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.clients.metadata import look_up
from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.yaml_document import MAX_BYTES, read_document
from reconciler.errors import ServerFailed
from reconciler.model.findings import Severity
from reconciler.operations.online import validate_online
from reconciler.operations.validate import validate
from reconciler.rules import RULES
from tests.builders import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Asked, Catalogue
    from reconciler.model.findings import Finding

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))
MADE_AT_RUN_TIME = {"file-too-large"}
"""A file of a megabyte is no file to keep in a repository."""


@dataclass
class Described:
    """An environment's metadata as `metadata.json` describes them: a text is why there is no answer."""

    resources: dict[str, Json]
    packages: dict[str, Json]
    taken: list[str]
    workers: int = 2

    def read_resource(self, resource: str) -> Json:
        """Give a resource."""
        return self._give(self.resources.get(resource))

    def read_package(self, urn: str) -> Json:
        """Give an access package."""
        return self._give(self.packages.get(urn))

    def list_resources(self, *, apps: bool) -> list[str]:
        """List them."""
        assert not apps
        return [*self.resources]

    def list_packages(self) -> list[str]:
        """List them."""
        return [*self.packages]

    def _give(self, answer: Json) -> Json:
        if isinstance(answer, str):
            raise ServerFailed(answer, status=500)
        return answer

    def ask(self, _: Sequence[Resolved], names: Sequence[Asked]) -> tuple[Catalogue, list[str]]:
        """Answer as tt02."""
        return look_up(names, cast("Register", self), "in tt02"), self.taken


def _find(folder: str, name: str) -> tuple[Finding, ...]:
    """Check `name.yaml`, or every file of a folder `name/`; with `metadata.json` tt02 is asked too."""
    root = HERE / folder
    found = root / name
    files = find_definitions(root, [found if found.is_dir() else root / f"{name}.yaml"])
    documents, metadata = read_documents(root, files), root / "metadata.json"
    if not metadata.exists():
        return validate(documents, ENVIRONMENTS).findings
    described = Described(**json.loads(metadata.read_text(encoding="utf-8")))
    return validate_online(documents, ENVIRONMENTS, "tt02", described.ask).findings


def _print(findings: tuple[Finding, ...]) -> str:
    lines = [
        f"{each.place} {each.place.path or '-'} {each.severity.value} {each.rule}"
        f"{f' {each.code}' if each.code else ''}"
        f"{f' [{chr(44).join(each.environments)}]' if each.environments else ''}\n"
        f"    {each.message}\n    {each.hint}\n"
        for each in findings
    ]
    return "".join(lines)


def test_every_rule_has_its_files() -> None:
    """A rule has a passing and a failing file, and no folder is without a rule."""
    assert set(FOLDERS) | MADE_AT_RUN_TIME == set(RULES)


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_failing_file_is_found_out(rule: str, request: pytest.FixtureRequest) -> None:
    """All that is found in the failing file is what is written down, the rule itself included."""
    findings = _find(rule, "fail")
    expected = HERE / rule / "expected.txt"
    if request.config.getoption("--accept"):
        expected.write_text(_print(findings), encoding="utf-8")

    assert rule in {each.rule for each in findings}
    assert _print(findings) == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", FOLDERS)
def test_the_passing_file_passes(rule: str) -> None:
    """The passing file has no error, and nothing of the rule."""
    findings = _find(rule, "pass")

    assert rule not in {each.rule for each in findings}
    assert not [each for each in findings if each.severity is Severity.ERROR]


def test_a_file_that_is_too_large_is_not_read_on() -> None:
    """More than a megabyte is refused as a whole; exactly a megabyte is read."""
    line = b"# x\n"
    small, large = (
        validate([read_document("a.yaml", line * number)], ENVIRONMENTS) for number in (10, MAX_BYTES)
    )

    assert [each.rule for each in large.findings] == ["file-too-large"]
    assert [each.rule for each in small.findings] == ["wrong-type"]
