"""What an environment's answers about rights and access packages mean for the definitions that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler.definitions.yaml_document import quote
from reconciler.rules.engine import NOT_CHECKED, TAKEN
from reconciler.rules.registry import RULES, Fault, judge_asked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.model.catalogue import Asked, Catalogue
    from reconciler.model.findings import Finding

LOOK_UPS = frozenset({NOT_CHECKED.id, TAKEN.id})
"""What a plan says of its look-ups beside its changes."""
LOOKED_UP: Mapping[str, Literal["resource", "package"]] = {
    "right-unknown": "resource",
    "right-not-delegable": "resource",
    "package-unknown": "package",
    "package-not-delegable": "package",
    "package-visible": "package",
}
"""The rules that ask a saved or the shipped list where no environment was asked, whose word counts for more."""
_MOST = 5
"""Names of one sentence; the others are counted."""


def find_doubts(subject: Resolved, catalogue: Catalogue, added: Collection[Asked]) -> list[Finding]:
    """Find why the register would refuse what a change adds, whatever the definition allows."""
    return [
        RULES[rule].find(fault, subject.locate(fault.path))
        for path, asked in subject.list_asked()
        if asked in added
        for rule, fault in judge_asked(path, asked, subject, catalogue)
    ]


def find_unanswered(subjects: Iterable[Resolved], catalogue: Catalogue) -> list[Finding]:
    """Report what could not be checked: one finding for each reason, at the first line that it matters to."""
    by_reason: dict[str, dict[Asked, tuple[Resolved, Path]]] = {}
    for subject in subjects if catalogue.unanswered else ():
        for path, asked in subject.list_asked():
            if asked in catalogue.unanswered:
                names = by_reason.setdefault(catalogue.unanswered[asked], {})
                names.setdefault(asked, (subject, path))
    hint = "It blocks nothing; run it again when the API answers, which the register asks too."
    return [
        _report(
            NOT_CHECKED.id, names, f"{_list(names)} could not be checked {catalogue.source}: {reason}", hint
        )
        for reason, names in sorted(by_reason.items())
    ]


def find_taken(subjects: Iterable[Resolved], taken: Collection[str]) -> list[Finding]:
    """Report the resources that are taken as existing, all in one finding."""
    names: dict[Asked, tuple[Resolved, Path]] = {}
    for subject in subjects if taken else ():
        for path, asked in subject.list_asked():
            if asked.what == "resource" and asked.name in taken:
                names.setdefault(asked, (subject, path))
    hint = "`reconciler validate --online -e tt02` asks an environment that knows."
    says = f"Taken as existing here, since only the definitions know them: {_list(names)}"
    return [_report(TAKEN.id, names, says, hint)] if names else []


def _report(rule: str, names: Mapping[Asked, tuple[Resolved, Path]], message: str, hint: str) -> Finding:
    subject, path = next(iter(names.values()))
    return RULES[rule].find(Fault(path, message, hint), subject.locate(path))


def _list(names: Iterable[Asked]) -> str:
    shown = [quote(each.name) for each in names]
    more = f" and {len(shown) - _MOST:,} more" if len(shown) > _MOST else ""
    return f"{', '.join(shown[:_MOST])}{more}"
