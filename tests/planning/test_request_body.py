"""The body of a request: everything that is managed, and everything that this tool does not know."""

from __future__ import annotations

import pytest

from reconciler.model.normalise import normalise
from reconciler.model.system import SENT, RegisteredSystem
from reconciler.planning.request_body import build_body, keep_all
from tests.builders import CLIENT, OTHER_CLIENT, a_live_document, a_registered_system, a_system


def test_a_new_system_carries_every_member_and_nothing_else() -> None:
    """A POST holds each member that is sent, `isVisible` included, and no read-only one."""
    body = build_body(a_system(rights=[], isVisible=False), None)

    assert tuple(body) == SENT
    assert body["rights"] == []
    assert body["isVisible"] is False
    assert body["vendor"] == {"ID": "0192:991825827"}


def test_an_update_without_a_difference_sends_the_live_document_back() -> None:
    """A PUT of an unchanged system equals what the register holds, but for what it never takes."""
    expected = {name: value for name, value in a_live_document().items() if name != "isDeleted"}

    assert build_body(a_system(), a_registered_system()) == expected


def test_unknown_members_survive_at_every_depth() -> None:
    """What Altinn adds tomorrow goes back as it came: at the top, in `vendor`, in rights and packages."""
    live = a_registered_system(
        contactEmail="a@b.no",
        vendor={"ID": "0192:991825827", "contactEmail": "a@b.no"},
        rights=[
            {
                "resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger", "level": 3}],
                "contactEmail": "a@b.no",
            }
        ],
        accessPackages=[{"urn": "urn:altinn:accesspackage:skattegrunnlag", "contactEmail": "a@b.no"}],
    )

    body = build_body(a_system(name={"nb": "a", "nn": "b", "en": "c"}), live)

    assert body["contactEmail"] == "a@b.no"
    assert body["vendor"] == {"ID": "0192:991825827", "contactEmail": "a@b.no"}
    assert body["rights"] == live.document["rights"]
    assert body["accessPackages"] == live.document["accessPackages"]
    assert body["name"] == {"nb": "a", "nn": "b", "en": "c"}


def test_entries_on_both_sides_keep_the_live_order_and_new_ones_follow() -> None:
    """A PUT moves no entry that stays, so the change log shows what was meant and no more."""
    live = a_registered_system(clientId=["ffff", CLIENT, "gone"])

    assert build_body(a_system(clientId=[OTHER_CLIENT, CLIENT, "ffff"]), live)["clientId"] == [
        "ffff",
        CLIENT,
        OTHER_CLIENT,
    ]


@pytest.mark.parametrize("member", ["rights", "accessPackages"])
def test_a_list_that_the_register_leaves_out_is_sent_as_a_list(member: str) -> None:
    """An old row holds NULL for a list; a null in its place is answered with 500, so none is ever sent."""
    live = a_registered_system(**{member: None})

    assert build_body(a_system(**{member: []}), live)[member] == []
    assert keep_all(live.document)[member] == []


def test_what_is_held_goes_back_with_its_nulls() -> None:
    """W10, R9: a language that is null goes back as null, since the register demands the language."""
    live = a_live_document(name={"nb": "a", "nn": None, "en": "c"}, note=None, isVisible=False)

    assert keep_all(live) == {name: value for name, value in live.items() if name != "isDeleted"}


def test_what_a_live_document_leaves_out_is_said() -> None:
    """A PUT resets what it leaves out, so every known member is named with what its absence means."""
    live = {name: a_live_document()[name] for name in ("id", "vendor", "name", "description")}

    assert keep_all(live) == {
        **live,
        "rights": [],
        "accessPackages": [],
        "clientId": [],
        "allowedRedirectUrls": [],
        "isVisible": True,
    }


def test_a_live_url_keeps_the_blank_at_its_end() -> None:
    """R10: sent as it stands it would lose the blank; `%20` is stored as one (contract §2.4)."""
    live = a_registered_system(allowedRedirectUrls=["https://x.example/A ", "https://x.example/B  "])
    kept = ["https://x.example/A%20", "https://x.example/B%20%20"]

    assert keep_all(live.document)["allowedRedirectUrls"] == kept
    asked = a_system(allowedRedirectUrls=["https://x.example/A", "https://x.example/B"])
    assert build_body(asked, live)["allowedRedirectUrls"] == kept
    assert normalise(RegisteredSystem(keep_all(live.document)).read()) == normalise(live.read())


def test_a_url_that_stands_several_times_is_left_so() -> None:
    """R13: a PUT for another reason takes none of them away; a right or package stands once (contract §3)."""
    url, other = "https://x.example/", "https://y.example/"
    live = a_registered_system(allowedRedirectUrls=[url, other, url, url], clientId=[CLIENT, CLIENT])

    body = build_body(a_system(allowedRedirectUrls=[url], clientId=[CLIENT]), live)

    assert (body["allowedRedirectUrls"], body["clientId"]) == ([url, url, url], [CLIENT])


def test_a_redirect_url_keeps_the_registers_spelling() -> None:
    """A URL that means the same as the live one is not rewritten."""
    live = a_registered_system(allowedRedirectUrls=["https://vg.no/"])

    assert build_body(a_system(allowedRedirectUrls=["https://VG.no"]), live)["allowedRedirectUrls"] == [
        "https://vg.no/"
    ]
