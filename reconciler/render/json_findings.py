"""Findings as JSON, apart from all other JSON: whoever checks a file at every save loads no plan for it.

Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.findings import count_findings, finding_to_json
from reconciler.render.escape import escape_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding


def print_json(value: Json) -> str:
    """Print a value as every JSON output is printed."""
    return escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render `findings[]` and `summary`."""
    counts = {severity.value: number for severity, number in count_findings(findings).items()}
    found = [finding_to_json(finding) for finding in findings]
    return print_json({"findings": found, "summary": {"files": files, **counts}})
