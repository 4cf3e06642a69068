"""What a document asks for, held against what the environment says it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.clients.metadata import find_doubt
from reconciler.errors import ServerFailed
from reconciler.model.catalogue import ROUTES, TYPES
from tests.builders import a_live_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json

RESOURCE, PACKAGE = "ske-krav-og-betalinger", "urn:altinn:accesspackage:skattegrunnlag"
KNOWN: Json = {"identifier": RESOURCE, "resourceType": "GenericAccessResource"}
GIVEN: Json = {"urn": PACKAGE, "isDelegable": True, "isAssignable": True}


@dataclass
class Environment:
    """An environment's metadata, and what it was asked for."""

    resources: dict[str, Json] = field(default_factory=lambda: {RESOURCE: KNOWN})
    packages: dict[str, Json] = field(default_factory=lambda: {PACKAGE: GIVEN})
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Read a resource."""
        self.asked.append(resource)
        if self.broken:
            raise ServerFailed("The registry answered 500.", status=500)
        found: Mapping[str, Json] | None = self.resources.get(resource)
        return found

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Read an access package."""
        self.asked.append(urn)
        found: Mapping[str, Json] | None = self.packages.get(urn)
        return found


def doubt(environment: Environment, **members: Json) -> str:
    """Look for a doubt in a document."""
    return find_doubt(a_live_document(**members), cast("Register", environment))


def test_what_is_known_raises_no_doubt() -> None:
    """Each right and each package is asked for once."""
    environment = Environment()

    assert doubt(environment) == ""
    assert environment.asked == [RESOURCE, PACKAGE]
    assert doubt(environment, rights=None, accessPackages=None) == ""


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_these_types_can_be_rights(kind: str) -> None:
    """T: the register's own list; a resource without a type is of the default one."""
    assert doubt(Environment(resources={RESOURCE: {"resourceType": kind}})) == ""
    assert doubt(Environment(resources={RESOURCE: {}})) == ""


@pytest.mark.parametrize("kind", ["MaskinportenSchema", "Altinn2Service", "Consent", "default", "", None])
def test_other_types_cannot(kind: str | None) -> None:
    """T: named with its type."""
    told = doubt(Environment(resources={RESOURCE: {"resourceType": kind}}))

    assert told == f"`{RESOURCE}` is of type {kind} in this environment, which no right may name"


def test_what_is_unknown_is_named() -> None:
    """T: the first that is unknown ends the search."""
    assert doubt(Environment(resources={})) == f"`{RESOURCE}` is not a resource in this environment"
    assert doubt(Environment(packages={})) == f"`{PACKAGE}` is not an access package in this environment"
    environment = Environment(resources={}, packages={})
    assert "resource" in doubt(environment)
    assert environment.asked == [RESOURCE]


def test_every_pair_of_every_right_is_asked_for() -> None:
    """T: a right may name several resources, and the last may be the one in doubt."""
    pairs = [{"id": "urn:altinn:resource", "value": value} for value in (RESOURCE, "unknown")]

    assert "`unknown`" in doubt(Environment(), rights=[{"resource": pairs}])
    assert "`unknown`" in doubt(Environment(), rights=[{"resource": pairs[:1]}, {"resource": pairs[1:]}])


@pytest.mark.parametrize("name", [*sorted(ROUTES), next(iter(sorted(ROUTES))).upper()])
def test_a_page_of_the_registry_is_no_resource(name: str) -> None:
    """P9: it answers 200, so it is never asked."""
    environment = Environment(resources={name: KNOWN})
    right = [{"resource": [{"id": "urn:altinn:resource", "value": name}]}]

    assert "is a page of the Resource Registry" in doubt(environment, rights=right)
    assert environment.asked == []


@pytest.mark.parametrize(
    ("delegable", "assignable", "visible", "told"),
    [
        (True, True, True, ""),
        (False, True, True, ""),
        (True, False, False, ""),
        (True, False, True, "has isAssignable false in this environment, and the system is visible"),
        (False, False, True, "no system user can have it"),
        (False, False, False, "no system user can have it"),
        (None, None, False, "no system user can have it"),
    ],
)
def test_a_package_has_to_be_one_that_the_system_can_have(
    delegable: Json, assignable: Json, *, visible: bool, told: str
) -> None:
    """T: by its flags, and by whether the system is visible."""
    flags = {"isDelegable": delegable, "isAssignable": assignable}

    found = doubt(Environment(packages={PACKAGE: flags}), isVisible=visible)

    assert (told in found) if told else found == ""


def test_what_cannot_be_looked_up_is_a_doubt() -> None:
    """T: an outage is no leave to release a client id."""
    assert doubt(Environment(broken=True)) == (
        "what it asks for could not be looked up: The registry answered 500."
    )
