"""Findings as lines for people.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.escape import LONGEST
from reconciler.render.lines import LONG, Piece, make_line, make_safe, make_sentence
from reconciler.render.phrases import summarise_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.render.lines import Line

STYLES: Mapping[Severity, str] = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "dim"}


def render_findings(findings: Sequence[Finding], files: int) -> Iterator[Line]:
    """Render findings, each with its place, its rule and its hint, and a summary line."""
    for finding in findings:
        where = f"  [{', '.join(finding.environments)}]" if finding.environments else ""
        yield make_line(
            Piece(make_safe(str(finding.place), LONG), "strong"),
            ": ",
            Piece(finding.severity.value, STYLES[finding.severity]),
            Piece(f" {make_safe(f'{finding.rule}{where}')}", "dim"),
        )
        code = f" ({make_safe(finding.code)})" if finding.code else ""
        yield make_line(f"    {make_sentence(finding.message, LONGEST)}{code}")
        if finding.hint:
            yield make_line(Piece(f"    {make_sentence(finding.hint, LONGEST)}", "dim"))
    yield make_line(summarise_findings(findings, files))
