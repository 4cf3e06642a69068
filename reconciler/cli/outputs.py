"""Several outputs of one result: one on stdout, any number into files, and what a CI runner wants."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import show, show_text
from reconciler.cli.github_actions import find_prefix, is_runner, write_outputs, write_summary
from reconciler.cli.options import Format
from reconciler.definitions.files import write_file
from reconciler.errors import UsageError
from reconciler.model.suggest import nearest
from reconciler.render import drift as as_drift
from reconciler.render import text as as_text
from reconciler.render.formats import FORMATS
from reconciler.render.places import PLACED, move_drift, move_findings, move_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.files import Draft
    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a result goes: a format for stdout, and formats for files."""

    stdout: str
    files: tuple[tuple[str, Path], ...]

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [path for _, path in self.files]

    @property
    def form(self) -> Format:
        """How failures are told on stdout: as JSON where JSON was asked for there."""
        return Format.JSON if self.stdout == "json" else Format.TEXT


def choose_outputs(words: Sequence[str] | None) -> Outputs:
    """Read `NAME` and `NAME=FILE`; raises `UsageError` for an unknown name, and for two on stdout."""
    stdout, files = "", list[tuple[str, Path]]()
    known = ["text", *FORMATS]
    for word in words or ():
        name, equals, file = word.partition("=")
        if name not in known:
            near = nearest(name, known)
            hint = f"Did you mean `{near}`?" if near else f"Known here: {', '.join(known)}."
            raise UsageError(f"There is no format `{name}`.", hint=hint)
        if equals:
            files.append((name, Path(file)))
        elif stdout:
            raise UsageError("Two formats for stdout.", hint="Send one to a file: --format NAME=FILE.")
        else:
            stdout = name
    return Outputs(stdout or "text", tuple(files))


def write_plan(
    plan: Plan, outputs: Outputs, drafts: Mapping[Path, Draft], root: Path, saved: Path | None = None
) -> None:
    """Write a plan to all outputs, whose files are open, and tell a CI runner of it."""
    placed = move_plan(plan, find_prefix(root, os.environ))
    for name, path in outputs.files:
        text = as_text.print_lines(as_text.render_plan(plan)) if name == "text" else ""
        drafts[path].write(text or FORMATS[name].plan(placed if name in PLACED else plan))
    if outputs.stdout == "text":
        show(as_text.render_plan(plan))
    else:
        show_text(FORMATS[outputs.stdout].plan(placed if outputs.stdout in PLACED else plan))
    if is_runner(os.environ):
        write_summary(FORMATS["markdown"].plan(plan), os.environ)
        write_outputs(_describe_plan(plan, saved), os.environ)


def _describe_plan(plan: Plan, saved: Path | None) -> Mapping[str, str]:
    summary = plan.summary
    return {
        "has-changes": str(bool(plan.writes)).lower(),
        "creates": str(summary["create"]),
        "updates": str(summary["update"]),
        "deletes": str(summary["delete"]),
        "blocked": str(summary["blocked"]),
        "breaking": str(bool(plan.breaking)).lower(),
        "plan-digest": plan.digest,
        "plan-path": str(saved or ""),
    }


def write_drift(report: DriftReport, outputs: Outputs, drafts: Mapping[Path, Draft], root: Path) -> None:
    """Write a drift report to all outputs, whose files are open, and tell a CI runner of it."""
    placed = move_drift(report, find_prefix(root, os.environ))
    for name, path in outputs.files:
        text = as_text.print_lines(as_drift.render_lines(report)) if name == "text" else ""
        drafts[path].write(text or FORMATS[name].drift(placed if name in PLACED else report))
    if outputs.stdout == "text":
        show(as_drift.render_lines(report))
    else:
        show_text(FORMATS[outputs.stdout].drift(placed if outputs.stdout in PLACED else report))
    if is_runner(os.environ):
        write_summary(FORMATS["markdown"].drift(report), os.environ)
        has_drift = str(bool(report.alarming)).lower()
        write_outputs({"has-drift": has_drift, "differences": str(len(report.alarming))}, os.environ)


def write_findings(findings: Sequence[Finding], files: int, outputs: Outputs, root: Path) -> None:
    """Write findings to all outputs."""
    placed = move_findings(findings, find_prefix(root, os.environ))
    for name, path in outputs.files:
        text = as_text.print_lines(as_text.render_findings(findings, files)) if name == "text" else ""
        write_file(path, text or FORMATS[name].findings(placed if name in PLACED else findings, files))
    if outputs.stdout == "text":
        show(as_text.render_findings(findings, files))
    else:
        show_text(FORMATS[outputs.stdout].findings(placed if outputs.stdout in PLACED else findings, files))
