"""All rules on all documents, in every environment that any of them names.

A finding is told once, with the environments it holds in. An exception that a definition allows makes
an error a warning; an exception that nothing needs is a warning itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.catalogue import nearest
from reconciler.document import quote
from reconciler.findings import Finding, Severity, sort_findings
from reconciler.normalise import resolve
from reconciler.rules.registry import (
    CATALOGUE_CHECKS,
    FLEET_CHECKS,
    RULES,
    SYSTEM_CHECKS,
    Fault,
    Fleet,
    declare,
)
from reconciler.rules.shape import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.catalogue import Catalogue
    from reconciler.document import Document, Path
    from reconciler.model import Definition, Resolved
    from reconciler.rules.registry import Rule

ALLOW_UNKNOWN = declare(
    "allow-unknown",
    """`allow:` names rules that exist and know exceptions, and gives a reason.

    Shape, languages, duplicate ids and a client id on two systems cannot be allowed: the
    register would refuse them, or lose something. A reason is what a reviewer reads, and
    what the finding shows from then on.

    Fix: take the name in the hint. A rule can be allowed as a whole, or at one path.

        allow:
          id-characters: registered in 2024, and ids cannot be renamed
          client-id-format:
            clientId[1]: the test client of our partner
    """,
    allowable=False,
)
ALLOW_UNNEEDED = declare(
    "allow-unneeded",
    """An exception that nothing needs any more is removed.

    It would hide the next fault of the same kind.

    Fix: remove the line from `allow:`.
    """,
    severity=Severity.WARNING,
    allowable=False,
)

LONGEST_REASON = 300
"""Characters of a reason that are shown."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking: the definitions that could be read, and every finding in order."""

    definitions: tuple[Definition, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Say whether nothing is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def check_documents(
    documents: Sequence[Document], catalogue: Catalogue, environments: tuple[str, ...]
) -> Checked:
    """Ask every rule of every document; `environments` are the configured ones, in their order.

    What comes of it does not depend on the order of the documents.
    """
    definitions: list[Definition] = []
    findings: list[Finding] = []
    for document in sorted(documents, key=lambda each: each.file):
        definition, found = check_document(document, environments)
        findings += found
        if definition is not None:
            definitions.append(definition)
    named = {name for each in definitions for name in each.overlays or ()}
    places = tuple(name for name in environments if name == "local" or name in named)
    views = {id(each): _View(each, places) for each in definitions}
    for view in views.values():
        view.ask(catalogue)
    for place in places:
        _ask_fleet(place, [view for view in views.values() if place in view.resolved])
    for view in views.values():
        findings += view.settle()
    return Checked(tuple(definitions), sort_findings(findings))


class _View:
    """A definition in each environment where it exists, and what the rules said of it there."""

    def __init__(self, definition: Definition, places: tuple[str, ...]) -> None:
        existing = [place for place in places if definition.exists_in(place)]
        plain = next((place for place in existing if not definition.overlay(place)), "")
        shared = resolve(definition, plain) if plain else None
        self.definition = definition
        self.resolved: dict[str, Resolved] = {
            place: replace(shared, environment=place)
            if shared and not definition.overlay(place)
            else resolve(definition, place)
            for place in existing
        }
        self._found: dict[Finding, list[str]] = {}

    def ask(self, catalogue: Catalogue) -> None:
        """Ask the rules that look at one system, once for all environments that see the same."""
        plain = [place for place in self.resolved if not self.definition.overlay(place)]
        groups = [plain, *([place] for place in self.resolved if place not in plain)]
        for group in filter(None, groups):
            subject = self.resolved[group[0]]
            for rule, fault in _ask_system(subject, catalogue):
                self.note(rule, subject, fault, group)

    def note(self, rule: Rule, subject: Resolved, fault: Fault, places: Iterable[str]) -> None:
        """Keep what a rule said, unless the member in question is broken anyway."""
        if fault.path and fault.path[0] in self.definition.broken:
            return
        finding = rule.find(fault, subject.locate(fault.path))
        self._found.setdefault(finding, []).extend(places)

    def settle(self) -> Iterator[Finding]:
        """Give each finding once, with its environments, and with what is allowed made milder."""
        needed: set[tuple[str, str]] = set()
        for finding, places in self._found.items():
            everywhere = len(set(places)) == len(self.resolved)
            told = finding if everywhere else replace(finding, environments=tuple(dict.fromkeys(places)))
            yield self._allow(told, needed)
        yield from self._check_allow(needed)

    def _allow(self, finding: Finding, needed: set[tuple[str, str]]) -> Finding:
        allowed = self.definition.allow.get(finding.rule)
        if allowed is None or not RULES[finding.rule].allowable:
            return finding
        reasons = {"": allowed} if isinstance(allowed, str) else allowed
        path = "" if isinstance(allowed, str) else finding.place.path
        if path not in reasons:
            return finding
        reason = reasons[path]
        needed.add((finding.rule, path))
        if not reason.strip():
            return finding
        milder = Severity.WARNING if finding.severity is Severity.ERROR else Severity.NOTE
        return replace(finding, severity=milder, hint=f"Allowed: {reason[:LONGEST_REASON]}")

    def _check_allow(self, needed: set[tuple[str, str]]) -> Iterator[Finding]:
        document = self.definition.document
        for name, allowed in self.definition.allow.items():
            where: Path = ("allow", name)
            rule = RULES.get(name)
            if rule is None or not rule.allowable:
                yield ALLOW_UNKNOWN.find_in(document, _refuse(where, name, known=rule is not None))
                continue
            for path, reason in {"": allowed}.items() if isinstance(allowed, str) else allowed.items():
                full = (*where, path) if path else where
                if not reason.strip():
                    message = f"`{name}` is allowed without a reason"
                    yield ALLOW_UNKNOWN.find_in(document, Fault(full, message, "Say why."))
                if (name, path) not in needed and not self.definition.broken:
                    at = f" at {quote(path)}" if path else ""
                    message = f"Nothing needs `allow: {name}`{at}"
                    yield ALLOW_UNNEEDED.find_in(document, Fault(full, message, "Remove it."))


def _refuse(where: Path, name: str, *, known: bool) -> Fault:
    if known:
        return Fault(where, f"`{name}` knows no exceptions", "Fix what it finds.")
    near = nearest(name, RULES)
    hint = f"Did you mean `{near}`?" if near else "`reconciler explain` lists the rules."
    return Fault(where, f"{quote(name)} is no rule", hint)


def _ask_system(subject: Resolved, catalogue: Catalogue) -> Iterator[tuple[Rule, Fault]]:
    living = _is_living(subject)
    for rule, check in SYSTEM_CHECKS:
        if rule.withdrawn or living:
            for fault in check(subject):
                yield rule, fault
    if living:
        for rule, look_up in CATALOGUE_CHECKS:
            for fault in look_up(subject, catalogue):
                yield rule, fault


def _is_living(subject: Resolved) -> bool:
    """Say whether the system is to live on; where nobody can read that, nothing is asked of the living."""
    return not subject.withdrawn and "withdrawn" not in subject.definition.broken


def _ask_fleet(place: str, views: Sequence[_View]) -> None:
    by_definition = {id(view.definition): view for view in views}
    everyone = tuple(view.resolved[place] for view in views)
    living = tuple(filter(_is_living, everyone))
    for rule, check in FLEET_CHECKS:
        for subject, fault in check(Fleet(place, everyone if rule.withdrawn else living)):
            by_definition[id(subject.definition)].note(rule, subject, fault, (place,))
