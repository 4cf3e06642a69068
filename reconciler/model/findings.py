"""What a person can correct by editing a file: a rule, a severity, a sentence and a place.

Findings are returned, all of them at once, and never raised. Nothing here reads or prints.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How bad a finding is; the words are those of the outputs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


SEVERITIES = tuple(Severity)
"""From the worst to the mildest, which is the order in which findings are shown."""


class Location(NamedTuple):
    """A place in a definition: the file, a symbolic path in it, and a line and column when there is one."""

    file: str
    """Relative to the root, with forward slashes."""
    path: str = ""
    """Such as `rights[0].resource[0].value`; empty for the whole file."""
    line: int = 0
    """From 1; 0 where there is none."""
    column: int = 0
    """From 1; 0 where there is none."""

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class Finding(NamedTuple):
    """One fault, with the rule that found it, its place and what to do."""

    rule: str
    severity: Severity
    message: str
    """One sentence that names the offending value."""
    place: Location
    hint: str = ""
    code: str = ""
    """The register's own code (`AUTH.VLD-00001`) where the rule mirrors one."""
    environments: tuple[str, ...] = ()
    """Where it holds; empty means wherever the definition exists."""
    other: str = ""
    """The other file that takes part in it; empty where it is about one file."""


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by file, line, column, severity, rule and message."""

    def key(finding: Finding) -> tuple[str, int, int, int, str, str]:
        place = finding.place
        rank = SEVERITIES.index(finding.severity)
        return (place.file, place.line, place.column, rank, finding.rule, finding.message)

    return tuple(sorted(findings, key=key))


def count_findings(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Count findings by severity; each severity is a key."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def finding_to_json(finding: Finding) -> dict[str, object]:
    """Give a finding as JSON; a line or column that is not known is null."""
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
        "file": place.file,
        "path": place.path,
        "line": place.line or None,
        "column": place.column or None,
        "environments": list(finding.environments),
    }
