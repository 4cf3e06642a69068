"""How many findings of one rule are shown in one file; the others are counted.

A file that breaks a rule a hundred thousand times is one mistake, and must not take a gigabyte of memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.findings import Finding, Severity

MOST = 20
"""Findings of one rule and one severity in one file that are shown each by itself."""
Kind: TypeAlias = "tuple[str, Severity]"


class Quota:
    """Counts the findings of one file by rule and severity."""

    __slots__ = ("first", "more", "shown")

    def __init__(self) -> None:
        self.shown: dict[Kind, int] = {}
        self.first: dict[Kind, Finding] = {}
        """The first one that is not shown: its place is where the count stands."""
        self.more: dict[Kind, int] = {}

    def skip(self, kind: Kind) -> bool:
        """Say whether a finding is only counted, and need not be made; it is counted then."""
        if kind not in self.first:
            return False
        self.more[kind] += 1
        return True

    def add(self, finding: Finding) -> bool:
        """Count a finding that was made, and say whether it is shown by itself."""
        kind = (finding.rule, finding.severity)
        count = self.shown.get(kind, 0)
        if count < MOST:
            self.shown[kind] = count + 1
            return True
        self.first[kind] = finding
        self.more[kind] = 1
        return False

    def sum_up(self) -> Iterator[tuple[Finding, Finding]]:
        """Give the first finding of each kind that was only counted, and the one that stands for all of them."""
        for kind, count in self.more.items():
            message = f"`{kind[0]}` finds {count:,} more in this file"
            hint = "Correct the ones before it, and look again."
            yield self.first[kind], self.first[kind]._replace(message=message, hint=hint)
