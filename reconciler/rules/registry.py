"""The one registry of rules: what a rule is, how it is declared, and how it is applied.

A rule is one decorated function whose docstring is the page that `reconciler explain` prints. It
yields `Fault`s; the registry adds the rule's id, severity, code and place.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

from reconciler.definitions.yaml_document import print_path, quote
from reconciler.model.findings import Finding, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Document, Path
    from reconciler.model.catalogue import Asked, Catalogue


class Fault(NamedTuple):
    """What a rule found: where, one sentence, and what to do."""

    path: Path
    """As the environment sees it: without `environments.NAME`."""
    message: str
    hint: str = ""
    code: str | None = None
    """The register's code, where it is not the rule's own."""
    other: str = ""
    """The other file that takes part, of a rule that looks at several."""


class Fleet(NamedTuple):
    """Every system that one environment is asked to hold."""

    environment: str
    systems: tuple[Resolved, ...]


SystemCheck: TypeAlias = "Callable[[Resolved], Iterable[Fault]]"
CatalogueCheck: TypeAlias = "Callable[[Resolved, Catalogue], Iterable[Fault]]"
FleetCheck: TypeAlias = "Callable[[Fleet], Iterable[tuple[Resolved, Fault]]]"
Check = TypeVar("Check", bound="Callable[..., object]")


Allowable: TypeAlias = 'bool | Literal["held"]'
"""Whether `allow:` can make an exception; `held`: only for what the register holds already."""


class Rule(NamedTuple):
    """A rule's id, the severity of a breach, and its page."""

    id: str
    severity: Severity
    summary: str
    """The first sentence of the page."""
    page: str
    code: str = ""
    """The register's code, where the register has the same rule."""
    allowable: Allowable = True
    """Whether `allow:` can make an exception."""
    withdrawn: bool = False
    """Whether it also looks at withdrawn systems."""

    def find(self, fault: Fault, place: Location) -> Finding:
        """Make a finding of a fault."""
        code = self.code if fault.code is None else fault.code
        return Finding(self.id, self.severity, fault.message, place, fault.hint, code, other=fault.other)

    def find_in(self, document: Document, fault: Fault) -> Finding:
        """Make a finding of a fault in a definition before it is resolved."""
        place = Location(document.file, print_path(fault.path), *document.locate(fault.path))
        return self.find(fault, place)


def judge_asked(
    path: Path, asked: Asked, subject: Resolved, catalogue: Catalogue
) -> Iterator[tuple[str, Fault]]:
    """Find the faults of one resource or package that a system asks for, each with its rule's id.

    The rules are declared beside those on the member; the engine asks for all of them at once.
    """
    if not asked.can_exist:  # the rules on its form say so
        return
    visible = subject.system.isVisible and "isVisible" not in subject.definition.broken
    for doubt in catalogue.judge(asked, visible=visible):
        rule = f"{'right' if asked.what == 'resource' else 'package'}-{doubt.kind}"
        yield rule, Fault(path, f"{quote(asked.name)} {doubt.says}", catalogue.advise(asked, doubt))


RULES: dict[str, Rule] = {}
"""Every rule by its id."""
SYSTEM_CHECKS: list[tuple[Rule, SystemCheck]] = []
CATALOGUE_CHECKS: list[tuple[Rule, CatalogueCheck]] = []
FLEET_CHECKS: list[tuple[Rule, FleetCheck]] = []


def declare(
    rule: str,
    page: str | None,
    *,
    severity: Severity = Severity.ERROR,
    code: str = "",
    allowable: Allowable = True,
    withdrawn: bool = False,
) -> Rule:
    """Add a rule to the registry; its page's first paragraph is the summary."""
    text = cleandoc(page or "")
    summary = " ".join(text.partition("\n\n")[0].split())
    if rule in RULES or not summary:
        raise ValueError(f"The rule {rule} is declared twice, or has no page")
    RULES[rule] = Rule(rule, severity, summary, text, code, allowable, withdrawn)
    return RULES[rule]


def system_rule(
    rule: str,
    *,
    severity: Severity = Severity.ERROR,
    code: str = "",
    allowable: Allowable = True,
    withdrawn: bool = False,
) -> Callable[[Check], Check]:
    """Declare a rule that looks at one system as one environment sees it."""

    def add(check: Check) -> Check:
        made = declare(
            rule, check.__doc__, severity=severity, code=code, allowable=allowable, withdrawn=withdrawn
        )
        SYSTEM_CHECKS.append((made, check))  # type: ignore[arg-type]  # `Check` keeps the decorated type
        return check

    return add


def catalogue_rule(
    rule: str, *, severity: Severity = Severity.ERROR, code: str = ""
) -> Callable[[Check], Check]:
    """Declare a rule that looks at one system and at what the environment knows."""

    def add(check: Check) -> Check:
        made = declare(rule, check.__doc__, severity=severity, code=code)
        CATALOGUE_CHECKS.append((made, check))  # type: ignore[arg-type]  # as above
        return check

    return add


def fleet_rule(
    rule: str,
    *,
    severity: Severity = Severity.ERROR,
    code: str = "",
    allowable: Allowable = True,
    withdrawn: bool = False,
) -> Callable[[Check], Check]:
    """Declare a rule that looks at all systems of an environment at once."""

    def add(check: Check) -> Check:
        made = declare(
            rule, check.__doc__, severity=severity, code=code, allowable=allowable, withdrawn=withdrawn
        )
        FLEET_CHECKS.append((made, check))  # type: ignore[arg-type]  # as above
        return check

    return add
