"""All rules on all documents, in every environment that any of them names.

A finding is given once, with the environments it holds in; of many alike in one file the first twenty and a count.
An exception that a definition allows makes an error a warning; one that nothing needs is a warning itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import print_path, quote
from reconciler.model.findings import Finding, Severity, sort_findings
from reconciler.model.suggest import find_nearest
from reconciler.rules.definition_reader import check_document
from reconciler.rules.quota import Quota
from reconciler.rules.registry import (
    CATALOGUE_CHECKS,
    FLEET_CHECKS,
    RULES,
    SYSTEM_CHECKS,
    Fault,
    Fleet,
    declare,
    judge_asked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.definitions.yaml_document import Document, Path
    from reconciler.model.catalogue import Catalogue
    from reconciler.rules.registry import Rule

ALLOW_UNKNOWN = declare(
    "allow-unknown",
    """`allow:` names rules that exist and know exceptions, and gives a reason.

    Shape, a missing language, duplicate ids, a client id on two systems and what the
    register could never keep or be asked for cannot be allowed. A reason is what a
    reviewer reads, and what the finding shows from then on. Odd texts and ids that differ
    in letter case can be allowed for what the register holds already.

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

NOT_CHECKED = declare(
    "not-checked",
    """What a definition asks for is looked up in the environment.

    `plan` looks up the rights and access packages that a change adds, `validate --online`
    all of them. These could not be checked: the metadata API failed, took too long or could
    not be reached, or something in front of it answered. That is not the same as "not
    found", and blocks nothing; the register asks the same API when it writes, and may
    refuse.

    Fix: run it again when the API answers.
    """,
    severity=Severity.WARNING,
    allowable=False,
)
TAKEN = declare(
    "taken-as-existing",
    """A resource that only a definition knows is taken as existing in `local`.

    The embedded register knows some resources, and those of the lists that `catalogue
    refresh` saved. It learns from the definitions which others there are. So a misspelt
    right is not found there, and neither is one of a type that the register refuses.

    Fix: nothing. `reconciler validate --online -e tt02` asks an environment that knows.
    """,
    severity=Severity.NOTE,
    allowable=False,
)
LONGEST_REASON = 300
"""Characters of a reason that are shown."""


class Checked(NamedTuple):
    """The result of checking: the definitions that could be read, and every finding in order."""

    definitions: tuple[Definition, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Say whether nothing is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def check_documents(
    documents: Sequence[Document],
    catalogue: Catalogue,
    environments: tuple[str, ...],
    asked: Mapping[str, Catalogue] | None = None,
) -> Checked:
    """Check every document against every rule; `environments` are the configured ones, in their order.

    `asked` holds, by name, what environments were asked for; the others go by `catalogue`. The result does
    not depend on the order of the documents.
    """
    views: list[_View] = []
    findings: list[Finding] = []
    for document in sorted(documents, key=lambda each: each.file):  # one after another: a tree is large
        definition, found = check_document(document, environments)
        findings += found
        if definition is not None:
            view = _View(definition, environments)
            view.ask(catalogue, asked or {})
            views.append(view)
    named = {name for view in views for name in view.definition.overlays or ()} | {"local", *(asked or ())}
    places = tuple(name for name in environments if name in named)
    for view in views:
        view.settle(places, catalogue, asked or {})
    for place in places:
        _ask_fleet(place, [view for view in views if place in view.places])
    for view in views:
        findings += view.collect()
    return Checked(tuple(view.definition for view in views), sort_findings(findings))


class _View:
    """A definition in each environment where it exists, and the findings about it there."""

    def __init__(self, definition: Definition, environments: Iterable[str]) -> None:
        self.definition = definition
        self.places = tuple(each for each in environments if definition.exists_in(each))
        """Until `settle`, those that no file may name too."""
        self._asked = False
        self._found: dict[Finding, list[str]] = {}
        self._known: dict[int, Finding] = {}
        """Each finding by the hash of what it says where; those that are only counted, by the first of them."""
        self._needed: set[tuple[str, str]] = set()
        self._quota = Quota()

    def ask(self, catalogue: Catalogue, asked: Mapping[str, Catalogue]) -> None:
        """Apply the rules that look at one system, once for all environments that see the same.

        This is the moment when the document's tree is there. Where it depends on other files whether any of these
        environments counts, nothing is asked yet.
        """
        sure = {"local", *asked, *(self.definition.overlays or ())}
        groups = self._group(asked)
        if all(sure.intersection(group) for group in groups):
            self._asked = True
            for group in groups:
                self._ask(next(filter(sure.__contains__, group)), group, catalogue, asked)

    def settle(self, places: Sequence[str], catalogue: Catalogue, asked: Mapping[str, Catalogue]) -> None:
        """Leave the environments that no file names, and ask what was not asked before that was known."""
        self.places = tuple(filter(self.places.__contains__, places))
        if not self._asked:
            for group in self._group(asked):
                self._ask(group[0], group, catalogue, asked)

    def _group(self, asked: Mapping[str, Catalogue]) -> list[list[str]]:
        """Group the environments by what they see; all without an overlay see the same."""
        plain = [each for each in self.places if not self.definition.overlay(each) and each not in asked]
        groups = [plain, *([each] for each in self.places if each not in plain)]
        return [group for group in groups if group]

    def _ask(
        self, place: str, places: Sequence[str], catalogue: Catalogue, asked: Mapping[str, Catalogue]
    ) -> None:
        subject = resolve(self.definition, place)
        for rule, fault in _ask_system(subject, asked.get(place, catalogue)):
            self.note(rule, subject, fault, places)

    def note(self, rule: Rule, subject: Resolved, fault: Fault, places: Iterable[str]) -> None:
        """Keep what a rule found, unless the member is broken anyway."""
        if fault.path and fault.path[0] in self.definition.broken:
            return
        path = subject.path(fault.path)
        known = hash((rule.id, path, fault.message))
        if known not in self._known:
            reason = self._find_reason(rule, path)
            severity = rule.severity
            if reason:
                severity = Severity.WARNING if severity is Severity.ERROR else Severity.NOTE
            if self._quota.skip((rule.id, severity)):
                finding = self._quota.first[rule.id, severity]
            else:
                finding = rule.find(fault, subject.locate(fault.path))._replace(severity=severity)
                finding = finding._replace(hint=f"Allowed: {reason[:LONGEST_REASON]}") if reason else finding
                self._quota.add(finding)
            self._known[known] = finding
        found = self._found.setdefault(self._known[known], [])
        found.extend(place for place in places if place not in found)

    def collect(self) -> Iterator[Finding]:
        """Give each finding once, with its environments, and with a lower severity for what is allowed."""
        counted = dict(self._quota.sum_up())
        for finding, places in self._found.items():
            where = tuple(filter(self.places.__contains__, places))
            given = counted.get(finding, finding)
            yield given if len(where) == len(self.places) else given._replace(environments=where)
        yield from self._check_allow()

    def _find_reason(self, rule: Rule, path: Path) -> str:
        """Find the reason for which `allow:` lets a finding through, and note that it is needed."""
        allowed = self.definition.allow.get(rule.id)
        if allowed is None or not rule.allowable:
            return ""
        where = "" if isinstance(allowed, str) else print_path(path)
        reason = allowed if isinstance(allowed, str) else allowed.get(where)
        if reason is None:
            return ""
        self._needed.add((rule.id, where))
        return reason if reason.strip() else ""

    def _check_allow(self) -> Iterator[Finding]:
        """Say what is wrong with the exceptions themselves."""
        document = self.definition.document
        quota = Quota()
        for rule, fault in self._find_needless():
            if not quota.skip((rule.id, rule.severity)):
                finding = rule.find_in(document, fault())
                if quota.add(finding):
                    yield finding
        yield from (summed for _, summed in quota.sum_up())

    def _find_needless(self) -> Iterator[tuple[Rule, Callable[[], Fault]]]:
        """Find exceptions to no rule, without a reason or without need; the message of each is made late."""
        for name, allowed in self.definition.allow.items():
            where: Path = ("allow", name)
            rule = RULES.get(name)
            if rule is None or not rule.allowable:
                yield ALLOW_UNKNOWN, partial(_refuse, where, name, known=rule is not None)
                continue
            for path, reason in {"": allowed}.items() if isinstance(allowed, str) else allowed.items():
                full = (*where, path) if path else where
                if not reason.strip():
                    message = f"`{name}` is allowed without a reason"
                    yield ALLOW_UNKNOWN, partial(Fault, full, message, "Say why.")
                if (name, path) not in self._needed and not self.definition.broken:
                    at = f" at {quote(path)}" if path else ""
                    message = f"Nothing needs `allow: {name}`{at}"
                    yield ALLOW_UNNEEDED, partial(Fault, full, message, "Remove it.")


def _refuse(where: Path, name: str, *, known: bool) -> Fault:
    if known:
        return Fault(where, f"`{name}` knows no exceptions", "Fix what it finds.")
    near = find_nearest(name, RULES)
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
        for path, asked in subject.list_asked():
            for name, fault in judge_asked(path, asked, subject, catalogue):
                yield RULES[name], fault


def _is_living(subject: Resolved) -> bool:
    """Say whether the system is to live on; where that cannot be read, the rules on living systems are left out."""
    return not subject.withdrawn and "withdrawn" not in subject.definition.broken


def _ask_fleet(place: str, views: Sequence[_View]) -> None:
    by_definition = {id(view.definition): view for view in views}
    everyone = tuple(resolve(view.definition, place) for view in views)
    living = tuple(filter(_is_living, everyone))
    for rule, check in FLEET_CHECKS:
        for subject, fault in check(Fleet(place, everyone if rule.withdrawn else living)):
            by_definition[id(subject.definition)].note(rule, subject, fault, (place,))
