"""What becomes of one system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.planning.change import Blocked, Create, Delete, Keep, Update, decide
from tests.builders import CLIENT, OTHER_CLIENT, a_live_document, a_registered_system, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem


def test_an_unknown_system_is_created() -> None:
    """A system that the register does not know is sent whole, and every field of it is told."""
    change = decide(a_resolved(), None)

    assert isinstance(change, Create)
    assert change.document is not None
    assert change.document["clientId"] == [CLIENT]
    assert change.live_digest == ""
    assert {each.path: each.line for each in change.fields} == {
        "name.en": 3,
        "name.nb": 3,
        "name.nn": 3,
        "description.en": 4,
        "description.nb": 4,
        "description.nn": 4,
        'rights["ske-krav-og-betalinger"]': 5,
        'accessPackages["urn:altinn:accesspackage:skattegrunnlag"]': 6,
        f'clientId["{CLIENT}"]': 7,
        "isVisible": 8,
        'allowedRedirectUrls["https://smartcloud.example/receipt"]': 9,
    }
    assert all(each.actual is None for each in change.fields)


def test_an_equal_system_is_kept() -> None:
    """Nothing is to be done where both sides mean the same."""
    assert isinstance(decide(a_resolved(), a_registered_system()), Keep)


@pytest.mark.parametrize(
    "live",
    [
        {"vendor": {"ID": "0192:991825827", "authority": "iso6523-actorid-upis"}},
        {"rights": [{"action": None, "resource": a_live_document()["rights"][0]["resource"]}]},
        {"allowedRedirectUrls": ["https://smartcloud.example/receipt", "https://smartcloud.example/receipt"]},
        {"unknown": {"deep": 1}},
    ],
)
def test_spelling_makes_no_difference(live: dict[str, Json]) -> None:
    """What the register adds or repeats is no difference, so no plan comes back for ever."""
    assert isinstance(decide(a_resolved(), a_registered_system(**live)), Keep)


def test_a_host_only_url_makes_no_perpetual_difference() -> None:
    """The register prints `https://Example.com` as `https://example.com/`, and that is the same URL."""
    desired = a_resolved(allowedRedirectUrls=["https://Example.com"])

    assert isinstance(
        decide(desired, a_registered_system(allowedRedirectUrls=["https://example.com/"])), Keep
    )


def test_a_different_system_is_updated_in_full() -> None:
    """An update carries the full document, the live one and its digest, and each field with its line."""
    change = decide(a_resolved(clientId=[CLIENT, OTHER_CLIENT]), a_registered_system())

    assert isinstance(change, Update)
    assert [(each.path, each.line) for each in change.fields] == [(f'clientId["{OTHER_CLIENT}"]', 7)]
    assert change.document is not None
    assert change.document["clientId"] == [CLIENT, OTHER_CLIENT]
    assert change.live == a_registered_system()
    assert len(change.live_digest) == 64


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ("rights", "`rights` is left out: write `rights: []` to remove it"),
        ("clientId", "`clientId` is left out: write `clientId: []` to remove it"),
    ],
)
def test_a_list_left_out_never_empties_a_live_one(member: str, told: str) -> None:
    """A forgotten list must not wipe the register's; the change is blocked until the file says `[]`."""
    left_out: dict[str, Json] = {member: ...}
    empty: dict[str, Json] = {member: []}
    change = decide(a_resolved(**left_out), a_registered_system())

    assert isinstance(change, Blocked)
    assert change.reason == told
    assert isinstance(decide(a_resolved(**empty), a_registered_system()), Update)


def test_visibility_left_out_never_shows_a_hidden_system() -> None:
    """The register's default is visible; a hidden system stays hidden until the file says otherwise."""
    change = decide(a_resolved(isVisible=...), a_registered_system(isVisible=False))

    assert isinstance(change, Blocked)
    assert change.reason == "`isVisible` is left out: write `isVisible: true` to make it true"


def test_a_member_left_out_that_the_register_lacks_too_is_no_difference() -> None:
    """A default on both sides is the same value."""
    assert isinstance(decide(a_resolved(rights=...), a_registered_system(rights=[])), Keep)


def test_a_burnt_id_is_blocked() -> None:
    """A deleted id can never be used again, and neither POST nor PUT is tried."""
    assert isinstance(decide(a_resolved(), a_registered_system(isDeleted=True)), Blocked)


def test_another_vendors_system_is_blocked() -> None:
    """A system cannot change vendor; the register would answer 404."""
    change = decide(a_resolved(), a_registered_system(vendor={"ID": "0192:310904473"}))

    assert isinstance(change, Blocked)
    assert "0192:310904473" in change.reason


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (None, Keep),
        (a_registered_system(isDeleted=True), Keep),
        (a_registered_system(), Delete),
        (a_registered_system(vendor={"ID": "0192:310904473"}), Blocked),
    ],
)
def test_a_withdrawn_system_is_deleted_once(live: RegisteredSystem | None, expected: type) -> None:
    """`withdrawn: true` deletes what lives, and keeps what is gone or never was."""
    assert isinstance(decide(a_resolved(withdrawn=True), live), expected)


def test_a_flag_that_says_false_asks_for_nothing() -> None:
    """`withdrawn: false` never deletes, quoted or not a truth value it is refused before."""
    assert isinstance(decide(a_resolved(withdrawn=False), a_registered_system()), Keep)
