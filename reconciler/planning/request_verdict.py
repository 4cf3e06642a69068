"""What a request for a system user that is there already means for one who would ask the same.

Pure. A POST with the triple of an older request answers 200 with that one, whatever its status, its age and what it
asks for (System users contract §3.1, row 5), so nothing follows from the answer until it is compared.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.customers import ACCEPTED, NEW, REJECTED, Asking
from reconciler.model.normalise import fold_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.customers import AccessRequest, AskedRight, Triple
    from reconciler.model.request_template import Template

_REFUSED = (REJECTED, "Denied")
"""The second is never written by the service of today, and read by it (System users contract §5.5)."""


class RequestState(StrEnum):
    """What can be done with a request that is there."""

    OPEN = "open"
    """It asks for what the template says, and the customer can decide."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The customer said no; nobody asks again by itself."""
    OUTDATED = "outdated"
    """The customer has not decided, and it is not what would be asked for now."""
    UNKNOWN = "unknown"
    """Its status is none that is known."""


class RequestVerdict(NamedTuple):
    """What becomes of a request that is there, and why."""

    state: RequestState
    reason: str = ""
    """The end of a sentence that begins with the request."""


def find_asking(template: Template) -> Asking:
    """Give what a template asks for, in the form in which requests are compared."""
    rights = (tuple(sorted((pair.id, pair.value) for pair in each.resource)) for each in template.rights)
    packages = frozenset(template.packages)
    return Asking(frozenset() if template.kind == "agent" else frozenset(rights), packages)


def judge_request(found: AccessRequest, triple: Triple, template: Template) -> RequestVerdict:
    """Judge a request that is there by its status, its age and what it asks for."""
    if found.triple != triple:
        return RequestVerdict(RequestState.UNKNOWN, "is not the one that was asked for")
    if found.status == ACCEPTED:
        return RequestVerdict(RequestState.ACCEPTED, "was accepted")
    if found.status in _REFUSED:
        return RequestVerdict(RequestState.REJECTED, "was rejected by the customer")
    if found.status != NEW:
        return RequestVerdict(RequestState.UNKNOWN, f"has the status `{found.status}`, which is not known")
    differences = [*_compare(found, template)]
    if found.timed_out:
        differences.append("is older than 180 days")
    if differences:
        return RequestVerdict(RequestState.OUTDATED, " and ".join(differences))
    return RequestVerdict(RequestState.OPEN, "waits for the customer")


def _compare(found: AccessRequest, template: Template) -> Iterator[str]:
    wanted = find_asking(template)
    lacking, beyond = wanted - found.asking, found.asking - wanted
    if lacking:
        yield f"does not ask for {describe_asking(lacking)}"
    if beyond:
        yield f"asks for {describe_asking(beyond)} too"
    if fold_url(found.redirect.strip()) != fold_url(template.redirect.strip()):
        yield "leads to another address afterwards"


def describe_asking(asking: Asking) -> str:
    """Name rights and access packages, sorted."""
    return ", ".join([*sorted(map(name_right, asking.rights)), *sorted(asking.packages)])


def name_right(right: AskedRight) -> str:
    """Name a right by the values of its attributes."""
    return "+".join(value for _, value in right)
