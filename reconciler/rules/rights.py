"""Rules on what a system asks its customers for: `rights`, and whether it asks for anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import quote
from reconciler.model.catalogue import ROUTES
from reconciler.model.findings import Severity
from reconciler.model.system import RESOURCE
from reconciler.rules.registry import Fault, declare, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.model.system import Attribute

_BLANK = re.compile(r"\s")
_NEVER_FOUND = re.compile(r"[\s/]")


def _read_attributes(subject: Resolved) -> Iterator[tuple[Path, Attribute]]:
    for index, right in enumerate(subject.system.rights):
        for number, pair in enumerate(right.resource):
            yield ("rights", index, "resource", number), pair


@system_rule("right-attribute", code="AUTH.VLD-00009")
def check_attributes(subject: Resolved) -> Iterator[Fault]:
    """Every attribute of a right is `urn:altinn:resource`.

    The register takes nothing else (System Register contract §3, 00009). An Altinn app
    is a resource too, named `app_{org}_{app}`.

    Fix: name the resource; the short form needs no attribute at all.

        rights:
          - ske-krav-og-betalinger
          - app_brg_aarsregnskap-vanlig-202406
    """
    for path, pair in _read_attributes(subject):
        if pair.id != RESOURCE:
            hint = f"Write `{RESOURCE}`; an app is the resource `app_ORG_APP`."
            yield Fault((*path, "id"), f"{quote(pair.id)} is not `{RESOURCE}`", hint)


@system_rule("right-empty")
def check_empty_rights(subject: Resolved) -> Iterator[Fault]:
    """Every right names at least one resource.

    The register stores a right without any resource (System Register contract §2.2),
    which asks for nothing.

    Fix: name the resource, or remove the right.
    """
    for index, right in enumerate(subject.system.rights):
        if not right.resource:
            path: Path = ("rights", index, "resource")
            yield Fault(path, "The right names no resource", "Name one, or remove the right.")


@system_rule("right-resource", code="AUTH.VLD-00003")
def check_resources(subject: Resolved) -> Iterator[Fault]:
    """A right names a resource by its id, as the Resource Registry spells it.

    The register asks the registry for the name as it stands (System Register contract §3,
    00003, and §8.1). It never finds a URN, nor a name that holds white space or a `/`.

    Fix: write the id alone.

        rights:
          - ske-krav-og-betalinger
    """
    for path, pair in _read_attributes(subject):
        if not pair.value.strip():
            continue
        place: Path = (*path, "value")
        short = pair.value.strip().removeprefix(f"{RESOURCE}:")
        if pair.value.lower().startswith("urn:"):
            hint = (
                f"Write {quote(short)}."
                if short and ":" not in short
                else "Write the id of the resource alone."
            )
            yield Fault(place, f"{quote(pair.value)} is a URN, not the id of a resource", hint)
        elif _NEVER_FOUND.search(pair.value):
            what = "a `/`" if not _BLANK.search(pair.value) else "white space"
            yield Fault(place, f"{quote(pair.value)} holds {what}, and no resource's id does", "Remove it.")


@system_rule("right-impossible", allowable=False)
def check_impossible_rights(subject: Resolved) -> Iterator[Fault]:
    """No right is empty, or a word of the Resource Registry's own addresses.

    `search`, `export`, `resourcelist`, `orgs`, `updated` and `changes`, in any letter case,
    lead to other pages of the registry (System Register contract §8.1): the register
    answers three of them with an internal error, and takes the others for resources that
    do not exist. An empty name is refused without a code, and `.` and `..` lead nowhere.

    Fix: name the resource, or remove the right.
    """
    for path, pair in _read_attributes(subject):
        place: Path = (*path, "value")
        if not pair.value.strip():
            yield Fault(place, "The name of the resource is empty", "Name the resource.")
        elif pair.value.lower() in ROUTES:
            message = f"{quote(pair.value)} is a page of the Resource Registry, and no resource"
            yield Fault(place, message, "Name the resource, or remove the right.")
        elif pair.value in {".", ".."}:
            message = f"{quote(pair.value)} is a step in an address, and no resource"
            yield Fault(place, message, "Name the resource, or remove the right.")


declare(
    "right-unknown",
    """A right names a resource that the environment knows.

    The register asks the Resource Registry (System Register contract §3, 00003), and so do
    `plan`, of what a change adds, and `validate --online`. Without a network this tool
    reads the list that `catalogue refresh` saved of the environment, whose day stands in
    the message. Where none is saved, rights are not looked up. An environment may know
    what another one does not.

    Fix: take a name in the hint, or leave the right out there until the resource exists.
    `reconciler validate --online -e tt02` asks again.

        rights: []
        environments:
          prod: {rights: [ske-krav-og-betalinger]}
    """,
    code="AUTH.VLD-00003",
)


declare(
    "right-renamed",
    """A right names a resource as the environment names it.

    Only `plan` and `validate --online` know: they ask the Resource Registry, which answers
    with another id. The register goes on finding the old one (System Register contract §3,
    00003) only for as long as the registry does.

    Fix: write the id in the hint.
    """,
    code="AUTH.VLD-00003",
)


declare(
    "right-not-delegable",
    """A right names a resource of a type that a system user can be given.

    The register refuses resources for Maskinporten's scopes, consents and services of
    Altinn 2 (System Register contract §3, 00017). `plan` and `validate --online` ask the
    Resource Registry for the type, and the list that `catalogue refresh` saves has it.

    Fix: remove the right. A scope is asked for in Maskinporten, not here.
    """,
    code="AUTH.VLD-00017",
)


@system_rule("right-duplicate", code="AUTH.VLD-00006")
def check_duplicate_rights(subject: Resolved) -> Iterator[Fault]:
    """No right stands twice.

    The register compares the action and the attributes in their order (System Register
    contract §3, 00006). The same resources in another order, or with another action,
    are another right to it.

    Fix: remove one of them.
    """
    first: dict[str, int] = {}
    for index, right in enumerate(subject.system.rights):
        other = first.setdefault(right.key, index)
        if other != index:
            message = f"{quote(right.label)} stands twice: `rights[{other}]` is the same"
            yield Fault(("rights", index), message, "Remove one of them.")


@system_rule("right-repeated-attribute")
def check_repeated_attributes(subject: Resolved) -> Iterator[Fault]:
    """No attribute stands twice in one right.

    The register does not count it as a duplicate, and a request for a system user would
    have to repeat it to match the right (System Register contract §2.5).

    Fix: remove one of them.
    """
    for index, right in enumerate(subject.system.rights):
        if len(right.resource) < 2:
            continue
        seen: set[tuple[str, str]] = set()
        for number, pair in enumerate(right.resource):
            if (pair.id, pair.value) in seen:
                message = f"{quote(pair.value)} stands twice in one right"
                yield Fault(("rights", index, "resource", number), message, "Remove one of them.")
            seen.add((pair.id, pair.value))


@system_rule("right-several-attributes", severity=Severity.WARNING)
def check_several_attributes(subject: Resolved) -> Iterator[Fault]:
    """A right names one resource.

    A request for a system user has to match all resources of a right at once (System
    Register contract §2.5), and change requests do not handle more than one.

    Fix: write one right a resource.

        rights:
          - ske-krav-og-betalinger
          - kravogbetaling
    """
    for index, right in enumerate(subject.system.rights):
        if len(right.resource) < 2:
            continue
        count = len({(pair.id, pair.value) for pair in right.resource})
        if count > 1:
            message = f"{quote(right.label)} names {count} resources in one right"
            yield Fault(("rights", index), message, "Write one right a resource.")


@system_rule("nothing-asked", severity=Severity.WARNING)
def check_nothing_asked(subject: Resolved) -> Iterator[Fault]:
    """A system asks for rights or access packages.

    The register takes one that asks for neither (System Register contract §3, at the
    end), and no system user of it can do anything.

    Fix: name what the system needs. While it is being prepared, use `allow:`.

        rights:
          - ske-krav-og-betalinger
    """
    asked = subject.system.rights or subject.system.accessPackages
    if not asked and not {"rights", "accessPackages"} & subject.definition.broken:
        message = "The system asks for neither rights nor access packages"
        yield Fault(("rights",), message, "Name what its customers are to give it.")
