"""The change log as the register tells it: PascalCase, newest first, each kind with its own data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.change_log import attribute, describe_entries, find_since, read_log, replay
from reconciler.planning.diff import FieldChange
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

OURS, THEIRS = "ours", "theirs"


def an_entry(kind: str, client: str, hour: int, data: Json) -> dict[str, Json]:
    """Make an entry as the register answers it."""
    return {
        "systemInternalId": "0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11",
        "changedByOrgNumber": VENDOR,
        "changeType": kind,
        "changedData": data,
        "clientId": client,
        "created": f"2026-07-17T{hour:02}:00:00+00:00",
    }


def a_request(**changes: Json) -> dict[str, Json]:
    """Make a request as the log keeps it."""
    return {
        "Id": "991825827_smartcloud",
        "Name": {"en": "SmartCloud", "nb": "SmartCloud", "nn": "SmartSky"},
        "Rights": [
            {
                "Action": None,
                "Resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}],
            }
        ],
        "Vendor": {"ID": "0192:991825827"},
        "ClientId": [CLIENT],
        "IsVisible": True,
        "Description": {"en": "Rocks", "nb": "Best", "nn": "Vest"},
        "AccessPackages": [{"Urn": "urn:altinn:accesspackage:skattegrunnlag"}],
        "AllowedRedirectUrls": ["https://SmartCloud.example/receipt"],
        **changes,
    }


def test_a_request_in_the_log_reads_as_the_system_it_made() -> None:
    """PascalCase, nulls and the original spelling of URLs come out as the canonical system."""
    (state,) = replay(read_log([an_entry("create", OURS, 1, a_request())]))

    assert state.system == a_system()


def test_the_partial_endpoints_change_one_list() -> None:
    """An entry for rights or packages carries the list alone; a delete keeps the document."""
    log = read_log(
        [
            {**an_entry("delete", THEIRS, 4, None)},
            an_entry("accesspackageupdate", THEIRS, 3, [{"Urn": "urn:altinn:accesspackage:toll"}]),
            an_entry("rightsupdate", THEIRS, 2, []),
            an_entry("create", OURS, 1, a_request()),
        ]
    )

    deleted, packages, rights, created = (state.system for state in replay(log))

    assert created == a_system()
    assert rights == a_system(rights=[])
    assert packages == a_system(rights=[], accessPackages=[{"urn": "urn:altinn:accesspackage:toll"}])
    assert deleted is not None
    assert deleted.isDeleted


def test_a_value_is_attributed_to_whoever_gave_it_last() -> None:
    """The entry after which a field had its value, and not before, set it."""
    states = replay(
        read_log(
            [
                an_entry("update", OURS, 3, a_request(ClientId=[CLIENT, OTHER_CLIENT], IsVisible=False)),
                an_entry("update", THEIRS, 2, a_request(ClientId=[CLIENT, OTHER_CLIENT])),
                an_entry("create", OURS, 1, a_request()),
            ]
        )
    )

    added = FieldChange(("clientId", OTHER_CLIENT), OTHER_CLIENT, None)
    kept = FieldChange(("clientId", CLIENT), CLIENT, None)
    hidden = FieldChange(("isVisible",), actual=False, expected=True)
    never = FieldChange(("clientId", "never"), None, "never")
    elsewhere = FieldChange(("isVisible",), actual=True, expected=False)

    explained = attribute([added, kept, hidden], states).values()
    assert [entry.client for entry in explained if entry] == [THEIRS, OURS, OURS]
    assert attribute([never], states) == {never.steps: None}
    assert attribute([elsewhere], states) == {elsewhere.steps: None}


def test_what_somebody_took_away_is_theirs_too() -> None:
    """An entry that an outsider removed is absent by their doing."""
    states = replay(
        read_log(
            [an_entry("update", THEIRS, 2, a_request(ClientId=[])), an_entry("create", OURS, 1, a_request())]
        )
    )
    field = FieldChange(("clientId", CLIENT), None, CLIENT)

    entry = attribute([field], states)[field.steps]

    assert entry is not None
    assert entry.client == THEIRS


def test_a_log_that_starts_late_says_nothing_of_before() -> None:
    """Systems older than the log have entries without a beginning."""
    states = replay(read_log([an_entry("rightsupdate", THEIRS, 2, [])]))

    assert [state.system for state in states] == [None]


def test_entries_since_are_those_above_the_newest_known() -> None:
    """The log is newest first; without a newest, all of it is new; the time decides where the entry is gone."""
    log = read_log([an_entry("update", OURS, hour, a_request()) for hour in (4, 3, 1)])

    assert find_since(log, log[2].created) == log[:2]
    assert find_since(log, log[0].created) == ()
    assert find_since(log, "") == log
    assert find_since(log, "2026-07-17T02:00:00+00:00") == log[:2]


def test_writes_are_named_from_the_oldest_with_what_they_did() -> None:
    """A long list is cut, with the number of what is left out."""
    log = read_log([an_entry("delete", THEIRS, 2, None), an_entry("update", OURS, 1, a_request())])
    many = read_log([an_entry("update", OURS, hour, a_request()) for hour in range(9, 1, -1)])

    assert describe_entries(log) == (
        f"client ours of organisation {VENDOR} wrote at 2026-07-17T01:00:00+00:00, then "
        f"client theirs of organisation {VENDOR} deleted it at 2026-07-17T02:00:00+00:00"
    )
    assert describe_entries(many).endswith("T06:00:00+00:00, then 3 more writes")


def test_a_replay_goes_on_from_a_known_system() -> None:
    """What an entry left out of its one list is as it was before."""
    (state,) = replay(read_log([an_entry("rightsupdate", THEIRS, 2, [])]), a_system(isVisible=False))

    assert state.system == a_system(isVisible=False, rights=[])
