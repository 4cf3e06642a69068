"""What proves a run: its plan, its approval, its journal and its report in one file, and whether that file is sound.

The journal is what apply wrote while it went on; the rest is held against it. Nothing here is signed: who can make the
whole file anew can make another one that fits together. What stands in the register's change log they cannot make.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions.files import read_file
from reconciler.errors import Refused, Unintelligible, UsageError
from reconciler.execution.journal import KEPT_APPROVAL, KEPT_PLAN, name_kept
from reconciler.execution.journal_reader import read_journal
from reconciler.execution.past_report import rebuild_report
from reconciler.execution.report_file import print_report
from reconciler.execution.report_v1 import read_report
from reconciler.execution.stored_zip import MOST_BYTES, read_zip, write_zip
from reconciler.model.untrusted_text import escape_json
from reconciler.operations.evidence_audit import audit_evidence
from reconciler.planning.plan_file import read_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.execution.journal import Run
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

FORMAT_VERSION = "1"
"""Of the file: its members, the manifest and what is said of the register."""
MANIFEST, PLAN, JOURNAL, REPORT, REGISTER = (
    "manifest.json",
    "plan.json",
    "journal.jsonl",
    "report.json",
    "register.json",
)
APPROVAL = "approval.yaml"
MEMBERS = frozenset({MANIFEST, PLAN, JOURNAL, REPORT, REGISTER, APPROVAL})
_MOST_MANIFEST = 64 * 1024
"""Bytes of a manifest."""
_MOST_VALUES = 1_000_000
"""In a report, as in a plan."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with evidence: the member of the file, empty for the file itself, and a sentence."""

    member: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read from a file; None where it could not be."""

    problems: tuple[Problem, ...]
    run: Run | None = None
    plan: Plan | None = None
    digest: str = ""
    """SHA-256 of the file, in hex."""


def collect_evidence(run: Run, planfile: Path | None = None) -> bytes:
    """Put everything that proves a run into one file; the same run is always the same bytes.

    `planfile` is the plan of a run that kept none. Raises `UsageError` where a part cannot be read, and `Refused`
    where the plan is not the one that the run carried out.
    """
    plan_content = read_file(planfile or _find_plan(run))
    plan = read_plan(plan_content)
    if plan.digest != run.start.digest:
        raise Refused(
            f"The plan {plan.short_digest} is not the one that run {run.start.run} carried out.",
            hint="Name the plan that it applied with --plan.",
        )
    content = read_file(run.path, most=MOST_BYTES)
    again = read_journal(Path(JOURNAL), BytesIO(content))
    if again is None:
        raise UsageError(f"{run.path} changed while it was read.", hint="Try again.")
    members = {
        PLAN: plan_content,
        JOURNAL: content,
        REPORT: print_report(rebuild_report(plan, again)).encode(),
        REGISTER: _print_register(again),
    }
    if KEPT_APPROVAL in again.kept:
        members[APPROVAL] = read_file(name_kept(run.path, KEPT_APPROVAL))
    try:
        return write_zip({**members, MANIFEST: _print_manifest(again, members)})
    except ValueError as error:
        raise UsageError(
            f"What proves run {run.start.run} is {error}.", hint="Keep the journal and the plan as they are."
        ) from error


def _find_plan(run: Run) -> Path:
    path = name_kept(run.path, KEPT_PLAN)
    if not path.exists():
        raise UsageError(
            f"There is no plan of run {run.start.run} beside its journal.",
            hint=f"Put it there as {path.name}, or name it with --plan FILE.",
        )
    return path


def _print_manifest(run: Run, members: Mapping[str, bytes]) -> bytes:
    files = [
        {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(members.items())
    ]
    return _print({"format_version": FORMAT_VERSION, "run": run.start.run, "files": files})


def _print_register(run: Run) -> bytes:
    """Print what the register said of each system: its document as read back, and the entries of what was sent."""
    systems: dict[str, dict[str, Json]] = {}
    for _, outcome in sorted(run.outcomes.items()):
        found = systems.setdefault(outcome.id, {"id": outcome.id, "document": None, "entries": []})
        found["document"] = outcome.held
        found["entries"] += [outcome.entry] if outcome.entry else []
    start = run.start
    return _print(
        {
            "environment": start.environment,
            "register": start.register,
            "vendor": start.vendor,
            "systems": [systems[name] for name in sorted(systems)],
        }
    )


def _print(value: Json) -> bytes:
    return (escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n").encode()


def check_evidence(content: bytes) -> Proof:
    """Check a file against itself: every byte, and that plan, approval, journal and report are of one run."""
    digest = hashlib.sha256(content).hexdigest()
    found = read_zip(content, MEMBERS)
    problems = list(_check_files(found.members, found.fault))
    if problems:
        return Proof(tuple(problems), digest=digest)
    run = plan = None
    try:
        run = read_journal(Path(JOURNAL), BytesIO(found.members[JOURNAL]))
        if run is None:
            problems.append(Problem(JOURNAL, "it is cut off"))
    except UsageError as error:
        problems.append(Problem(JOURNAL, error.message))
    try:
        plan = read_plan(found.members[PLAN])
    except Refused as error:
        problems.append(Problem(PLAN, error.message))
    if run is not None and plan is not None:
        problems += _check_run(found.members, run, plan)
    return Proof(tuple(problems), run, plan, digest)


def _check_files(members: Mapping[str, bytes], fault: str) -> Iterator[Problem]:
    """Check that all members are there, each as the manifest says, and that the file holds nothing else."""
    missing = sorted(MEMBERS - {APPROVAL} - set(members))
    if fault and (missing or not members):
        yield Problem("", fault)
        return
    yield from (Problem(name, "it is missing") for name in missing)
    if missing:
        return
    listed = _read_manifest(members[MANIFEST])
    if listed is None:
        yield Problem(MANIFEST, "it cannot be read")
        return
    wrong = list(_compare_files(members, listed))
    yield from wrong
    if fault and not wrong:
        yield Problem("", fault)


def _compare_files(members: Mapping[str, bytes], listed: Mapping[str, str]) -> Iterator[Problem]:
    """Compare the members with what a manifest lists."""
    named = [name for name in sorted(members) if name != MANIFEST]
    for name in sorted({*named, *listed}):
        if name not in members:
            yield Problem(name, "it is missing, and the manifest has it")
        elif name not in listed:
            yield Problem(name, "the manifest does not have it")
        elif listed[name] != hashlib.sha256(members[name]).hexdigest():
            yield Problem(name, "its SHA-256 is not the one that the manifest says")


def _read_manifest(content: bytes) -> dict[str, str] | None:
    """Read which digest each member has; None for what is no manifest."""
    if len(content) > _MOST_MANIFEST:
        return None
    try:
        return {str(each["name"])[:80]: str(each["sha256"]) for each in json.loads(content)["files"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _check_run(members: Mapping[str, bytes], run: Run, plan: Plan) -> Iterator[Problem]:
    """Check that the members are of one run, and say of it what its journal says."""
    beside = {name: content for name, content in members.items() if name != MANIFEST}
    kept = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in ((KEPT_PLAN, members[PLAN]), (KEPT_APPROVAL, members.get(APPROVAL)))
        if content is not None
    }
    try:
        yield from (Problem(JOURNAL, reason) for reason in audit_evidence(run, plan, kept))
        again = read_report(print_report(rebuild_report(plan, run)).encode())
        if members[REGISTER] != _print_register(run):
            yield Problem(REGISTER, "it is not what the journal says of the register")
    except (Unintelligible, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Problem(JOURNAL, "its documents cannot be read")
        return
    yield from _check_report(members[REPORT], again.model_dump(by_alias=True))
    if members[MANIFEST] != _print_manifest(run, beside):
        yield Problem(MANIFEST, "it is not what the other members make it")


def _check_report(content: bytes, again: Mapping[str, Json]) -> Iterator[Problem]:
    """Check that a report says what the journal says, in every member that it has."""
    if content.count(b",") + content.count(b"[") + content.count(b"{") > _MOST_VALUES:
        yield Problem(REPORT, f"it has more than {_MOST_VALUES:,} values")
        return
    try:
        said = read_report(content).model_dump(by_alias=True, exclude_unset=True)
    except ValueError:
        yield Problem(REPORT, "it is no report of this format")
        return
    for name, value in said.items():
        if _differs(value, again[name]):
            yield Problem(REPORT, f"its `{name}` is not what plan and journal say")


def _differs(said: Json, again: Json) -> bool:
    """Say whether a value is another one; a member that only the newer form has does not count."""
    if isinstance(said, dict) and isinstance(again, dict):
        return any(name not in again or _differs(value, again[name]) for name, value in said.items())
    if isinstance(said, (list, tuple)) and isinstance(again, (list, tuple)):
        return len(said) != len(again) or any(map(_differs, said, again))
    return bool(said != again)
