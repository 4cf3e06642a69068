"""Each rule on files that break it and on files that do not; the whole text of what is found is compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.yaml_document import MAX_BYTES, read_document
from reconciler.model.findings import Severity
from reconciler.operations.validate import validate
from reconciler.rules import RULES
from tests.builders import ENVIRONMENTS

if TYPE_CHECKING:
    from reconciler.model.findings import Finding

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))
MADE_AT_RUN_TIME = {"file-too-large"}
"""A file of a megabyte is no file to keep in a repository."""


def _find(folder: str, name: str) -> tuple[Finding, ...]:
    """Check `name.yaml`, or every file of a folder `name/`."""
    root = HERE / folder
    found = root / name
    files = find_definitions(root, [found if found.is_dir() else root / f"{name}.yaml"])
    return validate(read_documents(root, files), ENVIRONMENTS).findings


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
