"""Rules on what a system asks its customers for: `rights`, and whether it asks for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.model import RESOURCE
from reconciler.rules.registry import Fault, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved


@system_rule("right-attribute", code="AUTH.VLD-00009", allowable=False)
def check_attributes(subject: Resolved) -> Iterator[Fault]:
    """Every attribute of a right is `urn:altinn:resource`.

    The register takes nothing else (System Register contract §3, 00009). Altinn apps are resources too, named
    `app_{org}_{app}`.
    """
    for index, right in enumerate(subject.system.rights):
        for number, pair in enumerate(right.resource):
            if pair.id != RESOURCE:
                message = f"{quote(pair.id)} is not `{RESOURCE}`"
                path = ("rights", index, "resource", number, "id")
                yield Fault(path, message, f"Write `{RESOURCE}`; an app is named `app_org_app` there.")


@system_rule("right-empty", allowable=False)
def check_empty_rights(subject: Resolved) -> Iterator[Fault]:
    """Every right names at least one resource, and no value is empty.

    The register answers an empty value with an error of its framework, and stores a right without resource.
    """
    for index, right in enumerate(subject.system.rights):
        if not right.resource:
            yield Fault(("rights", index), "The right names no resource", "Name one, or remove the right.")
        for number, pair in enumerate(right.resource):
            if not pair.value.strip() or pair.value != pair.value.strip():
                path = ("rights", index, "resource", number, "value")
                message = f"{quote(pair.value)} is empty, or starts or ends with white space"
                yield Fault(path, message, "Name the resource; the register does not trim it.")


@system_rule("right-duplicate", code="AUTH.VLD-00006", allowable=False)
def check_duplicate_rights(subject: Resolved) -> Iterator[Fault]:
    """No right stands twice.

    The register compares the action and the attributes in their order (System Register contract §3, 00006).
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

    The register does not count it as a duplicate, and a request for a system user would have to repeat it
    exactly (System Register contract §2.5).
    """
    for index, right in enumerate(subject.system.rights):
        seen: set[tuple[str, str]] = set()
        for number, pair in enumerate(right.resource):
            if (pair.id, pair.value) in seen:
                message = f"{quote(pair.value)} stands twice in one right"
                yield Fault(("rights", index, "resource", number), message, "Remove one of them.")
            seen.add((pair.id, pair.value))


@system_rule("right-several-attributes", severity=Severity.WARNING)
def check_several_attributes(subject: Resolved) -> Iterator[Fault]:
    """A right names one resource.

    A request for a system user has to match all attributes of a right at once, and change requests do not
    handle sub-resources. Mend it: one right a resource.
    """
    for index, right in enumerate(subject.system.rights):
        if len({(pair.id, pair.value) for pair in right.resource}) > 1:
            message = f"{quote(right.label)} names {len(right.resource)} resources in one right"
            yield Fault(("rights", index), message, "Write one right a resource.")


@system_rule("nothing-asked", severity=Severity.WARNING)
def check_nothing_asked(subject: Resolved) -> Iterator[Fault]:
    """A system asks for rights or access packages.

    The register takes one that asks for nothing, and no system user of it can do anything.
    """
    asked = subject.system.rights or subject.system.accessPackages
    if not asked and not {"rights", "accessPackages"} & subject.definition.broken:
        message = "The system asks for neither rights nor access packages"
        yield Fault(("rights",), message, "Name what its customers are to give it.")
