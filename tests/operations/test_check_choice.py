"""Who is asked for what: command line, configuration and definition, and what is refused before anything is."""

from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.model.environment import BUILT_IN, ConfiguredCheck
from reconciler.operations.check_choice import (
    LOCAL_CUSTOMER,
    Wished,
    choose_check,
    choose_system,
    choose_template,
)
from tests.builders import a_resolved

LOCAL, TT02, PROD = BUILT_IN
SYSTEM = "991825827_smartcloud"
USUAL = ConfiguredCheck(SYSTEM, "standard", "310904473")
OTHER = ConfiguredCheck(SYSTEM, "clients", "310661414", "nightly", ("a:b",))
CONFIGURED = TT02._replace(checks=(USUAL, OTHER, ConfiguredCheck("991825827_other", "x", "310904473")))


@pytest.mark.parametrize(
    "environment", [PROD, TT02._replace(name="own", test=False)], ids=["prod", "unmarked"]
)
def test_customers_are_asked_in_tests_only(environment: object) -> None:
    """Neither in production, nor where nobody said that it is for tests."""
    with pytest.raises(UsageError, match="is not for tests"):
        choose_system([a_resolved()], environment, SYSTEM)  # type: ignore[arg-type]  # one of the two


def test_an_unknown_system() -> None:
    """The nearest is named, and where a definition exists, which can be the reason as well."""
    with pytest.raises(UsageError) as caught:
        choose_system([a_resolved()], TT02, "991825827_smartclod")

    assert caught.value.hint == (
        f"Did you mean `{SYSTEM}`? A definition that has `environments` exists only where they name tt02."
    )


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        (Wished(SYSTEM, "standard"), USUAL),
        (Wished(SYSTEM, "clients"), OTHER),
        (Wished(SYSTEM, reference="nightly"), OTHER),
        (Wished(SYSTEM, customer="310661414"), OTHER),
        (Wished("991825827_new", "x", "310661414"), ConfiguredCheck("991825827_new", "x", "310661414")),
        (Wished(SYSTEM, "standard", "310700001"), ConfiguredCheck(SYSTEM, "standard", "310700001")),
    ],
    ids=["request", "other request", "reference", "customer", "not configured", "other customer"],
)
def test_choosing(wished: Wished, expected: ConfiguredCheck) -> None:
    """What is named narrows what is configured, and stands for itself where nothing is."""
    assert choose_check(CONFIGURED, wished) == expected


def test_several_checks() -> None:
    """Which of them is meant is never guessed."""
    with pytest.raises(UsageError, match="2 checks of"):
        choose_check(CONFIGURED, Wished(SYSTEM))


def test_nobody_is_named() -> None:
    """Only local has a customer of its own."""
    assert choose_check(LOCAL, Wished(SYSTEM)).customer == LOCAL_CUSTOMER
    with pytest.raises(UsageError, match="no customer is named"):
        choose_check(TT02, Wished(SYSTEM))


@pytest.mark.parametrize(
    ("wished", "told"),
    [
        (Wished(SYSTEM, customer="0192:310904473"), "no organisation number"),
        (Wished(SYSTEM, customer="310904473", reference="310904473"), "the customer's own number"),
        (Wished(SYSTEM, reference="a/b"), "no reference for a check"),
        (Wished(SYSTEM, reference=".."), "no reference for a check"),
        (Wished(SYSTEM, reference=" "), "no reference for a check"),
    ],
    ids=["prefix", "own number", "slash", "dots", "blank"],
)
def test_what_is_refused(wished: Wished, told: str) -> None:
    """A reference that no address can carry, or that a real system user has."""
    with pytest.raises(UsageError, match=told):
        choose_check(LOCAL, wished)


def test_a_template() -> None:
    """The only one needs no name; of several one is named."""
    one = a_resolved(requests={"standard": {"accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"]}})
    package = {"accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"]}
    two = a_resolved(requests={"a": package, "b": package})

    assert choose_template(one, "").name == "standard"
    assert choose_template(two, "b").name == "b"
    with pytest.raises(UsageError, match="has several requests"):
        choose_template(two, "")
    with pytest.raises(UsageError, match="has no request `c`"):
        choose_template(two, "c")
    with pytest.raises(UsageError, match="has no `requests`"):
        choose_template(a_resolved(), "")
