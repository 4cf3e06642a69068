"""What a plan or a drift report leaves out, in sentences that all outputs share.

Pure. Code stands between backticks; nothing here is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.canonical_json import SHORT
from reconciler.model.findings import Severity
from reconciler.render.escape import shorten
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.planning.drift import DriftReport
    from reconciler.planning.narrowing import Narrowing, Unjudged
    from reconciler.planning.plan import Plan

_NAMED = 5
"""Files or patterns that one sentence names."""


class Remark(NamedTuple):
    """One sentence, and how much it matters."""

    severity: Severity
    text: str


def list_remarks(report: DriftReport) -> Iterator[Remark]:
    """List what is missing in a report that a reader could look for there, and what else is worth a word."""
    broken = [each for each in report.unjudged if not each.commit]
    if broken:
        yield Remark(Severity.ERROR, describe_unjudged(broken))
    yield from list_beside_broken(report)
    yield from (Remark(each.severity, f"{each.message} {each.hint}".strip()) for each in report.findings)


def list_beside_broken(shown: Plan | DriftReport) -> Iterator[Remark]:
    """List what is left out beside the systems of the files that cannot be used."""
    unknown = [each.file for each in shown.unjudged if not (each.commit or each.ids)]
    if unknown:
        yield Remark(Severity.ERROR, _describe_unknown(unknown))
    before = [each for each in shown.unjudged if each.commit]
    if before:
        yield Remark(Severity.WARNING, _describe_unknown_before(before))
    if shown.unmatched:
        yield Remark(Severity.WARNING, _describe_unmatched(shown.unmatched))
    if shown.narrowed is not None:
        yield Remark(Severity.NOTE, describe_narrowed(shown.narrowed))
    if shown.expected:
        verb = "is" if shown.expected == 1 else "are"
        text = f"{count(shown.expected, 'unmanaged system')} {verb} expected (configuration)."
        yield Remark(Severity.NOTE, text)


def describe_unjudged(unjudged: Sequence[Unjudged]) -> str:
    """Say which systems could not be judged, and why."""
    named = [_name_unjudged(each) for each in unjudged[:_NAMED]]
    more = [f"{len(unjudged) - _NAMED:,} more"] if len(unjudged) > _NAMED else []
    return (
        f"{count(len(unjudged), 'definition')} cannot be used, so nothing is known of: "
        f"{'; '.join([*named, *more])}. What else is asked for there, such as a client id, is not known "
        "either. Apply refuses everything until that is corrected."
    )


def describe_before(each: Unjudged) -> str:
    """Say whose earlier state is not known, and why."""
    names = [f"`{shorten(name, 100)}`" for name in each.ids[:_NAMED]]
    names += [f"{len(each.ids) - _NAMED:,} more"] if len(each.ids) > _NAMED else []
    what = (
        f"what {' and '.join(names)} {'was' if len(each.ids) == 1 else 'were'}"
        if names
        else "what it was about"
    )
    reason = shorten(each.reason.rstrip("."), 200)
    return f"{what} before is not known, since {shorten(each.file, 200)} {reason} at {each.commit[:SHORT]}"


def _describe_unknown_before(unjudged: Sequence[Unjudged]) -> str:
    named = "; ".join(describe_before(each) for each in unjudged[:_NAMED])
    more = (
        f"; and {len(unjudged) - _NAMED:,} more files cannot be used there" if len(unjudged) > _NAMED else ""
    )
    return f"{named[:1].upper()}{named[1:]}{more}. A plan against the register says what becomes of them."


def _name_unjudged(each: Unjudged) -> str:
    line = f":{each.line}" if each.line else ""
    ids = ", ".join(f"`{shorten(name, 100)}`" for name in each.ids)
    where = f"{shorten(each.file, 200)}{line}"
    reason = shorten(each.reason.rstrip("."), 200)
    return f"{ids} ({where}: {reason})" if ids else f"{where} ({reason})"


def _describe_unknown(files: Sequence[str]) -> str:
    named = ", ".join(shorten(each, 200) for each in files[:_NAMED])
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    return f"Unmanaged systems may be those of {named}{more}: which system that is about cannot be read."


def _describe_unmatched(patterns: Sequence[str]) -> str:
    named = ", ".join(f"`{shorten(each, 100)}`" for each in patterns[:_NAMED])
    more = f" and {len(patterns) - _NAMED:,} more" if len(patterns) > _NAMED else ""
    fits = "fits" if len(patterns) == 1 else "fit"
    return f"{named}{more} of `unmanaged` (configuration) {fits} no unmanaged system."


def describe_narrowed(narrowed: Narrowing) -> str:
    """Say to what a plan is narrowed, and how many systems are left out."""
    if narrowed.base:
        return _describe_rest(narrowed)
    parts = [count(narrowed.definitions, "definition")]
    if narrowed.unmanaged:
        parts.append(f"{count(narrowed.unmanaged, 'system')} without one")
    patterns = " ".join(f"--only {shorten(each, 100)}" for each in narrowed.only[:_NAMED])
    more = f" and {len(narrowed.only) - _NAMED:,} more" if len(narrowed.only) > _NAMED else ""
    verb = "is" if sum((narrowed.definitions, narrowed.unmanaged)) == 1 else "are"
    return f"Narrowed by `{patterns}`{more}: {' and '.join(parts)} {verb} left out."


def _describe_rest(narrowed: Narrowing) -> str:
    """Say what was not compared, since a change does not touch it."""
    compared = (
        f"Only what differs from the definitions at {narrowed.base[:SHORT]}, and what shares a client id with it, was "
        "compared with the register."
    )
    if narrowed.files:
        files = count(narrowed.definitions + narrowed.files, "definition file")
        return (
            f"{compared} Not compared: {files}, and systems without one. What is wrong in these files is not shown "
            "here, but by `reconciler validate`. `reconciler drift` compares everything, and so does `--all`."
        )
    parts = [count(narrowed.definitions, "definition")] if narrowed.definitions else []
    parts += [f"{count(narrowed.unmanaged, 'system')} without one"] if narrowed.unmanaged else []
    if not parts:
        return f"{compared} Nothing was left out."
    rest = f"Not compared: {' and '.join(parts)}."
    return f"{compared} {rest} `reconciler drift` compares everything, and so does `--all`."
