"""What a change does to people: which rule speaks, how loud, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.system import RegisteredSystem
from reconciler.planning.change import Create, Delete, Impact, Keep, Update, Weight, decide
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.impact import NO_MOVES, Evidence, Moves, find_unknown, judge, judge_all
from reconciler.planning.impact_rules import IMPACTS
from tests.builders import (
    CLIENT,
    OTHER_CLIENT,
    VENDOR,
    a_live_document,
    a_registered_system,
    a_resolved,
    a_system,
)

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change

NOBODY = Evidence(users=0, agents=0)
RIGHT: Json = [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}]
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"


def assess(
    files: dict[str, Json], live: dict[str, Json] | None, evidence: Evidence = NOBODY, moves: Moves = NO_MOVES
) -> list[Impact]:
    """Judge the change between a definition and what is registered."""
    held = None if live is None else a_registered_system(**live)
    return list(judge(decide(a_resolved("tt02", **files), held), evidence, moves))


def rules(impacts: list[Impact]) -> list[str]:
    """Give the rules that spoke."""
    return [each.rule for each in impacts]


def test_a_new_or_kept_system_does_nothing_to_anybody() -> None:
    """Nobody has a system user on it yet, or nothing changes."""
    assert assess({}, None) == []
    assert assess({}, {}) == []


def test_a_deletion_says_how_many_lose_their_tokens() -> None:
    """It is breaking, and the client ids that leave with it are not told one by one."""
    (impact,) = assess({"withdrawn": True}, {}, Evidence(users=12, agents=3))

    assert impact == Impact(
        "system-deleted",
        Weight.BREAKING,
        (
            "Deleted for ever: its id can never be used again, its system users lose access, and there is no way back; "
            "it has 12 system users (9 standard, 3 agent)."
        ),
        "withdrawn",
        12,
        3,
    )


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (Evidence(), "how many system users it has is not known"),
        (NOBODY, "it has 0 system users"),
        (Evidence(users=1, agents=0), "it has 1 system user"),
        (Evidence(users=1234, agents=0), "it has 1,234 system users"),
        (Evidence(users=5, agents=5), "it has 5 system users (0 standard, 5 agent)"),
    ],
)
def test_system_users_are_told_by_type(evidence: Evidence, told: str) -> None:
    """P12: what is not known is said, and is never 0."""
    (impact,) = assess({"clientId": []}, {}, evidence)

    assert impact.rule == "client-id-removed"
    assert impact.message.endswith(f"; {told}.")
    assert (impact.users, impact.agents) == (evidence.users, evidence.agents)


def test_a_client_id_that_leaves_is_breaking() -> None:
    """Removed, moved to another system, or only respelt: Maskinporten compares exactly."""
    (removed,) = assess({"clientId": []}, {})
    (moved,) = assess({"clientId": []}, {}, moves=Moves(goes_to={CLIENT: "991825827_other"}))
    (respelt,) = assess({"clientId": [CLIENT.upper()]}, {})

    assert {each.weight for each in (removed, moved, respelt)} == {Weight.BREAKING}
    assert {each.path for each in (removed, moved, respelt)} == {f'clientId["{CLIENT}"]'}
    assert f"{CLIENT} is removed" in removed.message
    assert f"{CLIENT} moves to `991825827_other`" in moved.message
    assert (respelt.rule, f"{CLIENT} is respelt" in respelt.message) == ("client-id-respelt", True)


@pytest.mark.parametrize("live", [None, {"clientId": []}])
def test_a_client_id_that_comes_from_another_system_is_notable(live: dict[str, Json] | None) -> None:
    """For a new system and for one that is there; an id from nowhere is nothing."""
    (impact,) = assess({}, live, moves=Moves(comes_from={CLIENT: "991825827_other"}))

    assert (impact.rule, impact.weight) == ("client-id-claimed", Weight.NOTABLE)
    assert "comes from `991825827_other`" in impact.message
    assert assess({}, live) == []


@pytest.mark.parametrize(("shown", "rule"), [(True, "shown-to-users"), (False, "hidden-from-users")])
def test_visibility(rule: str, *, shown: bool) -> None:
    """P12: hiding a system stops nobody but those who look for it in the portal."""
    (impact,) = assess({"isVisible": shown}, {"isVisible": not shown})

    assert (impact.rule, impact.weight, impact.path) == (rule, Weight.NOTABLE, "isVisible")
    assert shown or impact.message.endswith("requests still work.")


@pytest.mark.parametrize(
    ("evidence", "right", "package"),
    [
        (
            Evidence(),
            "each customer has to accept a change request; how many system users it has is not known",
            (
                "each customer has to accept a change request, and an agent's has to be created again; "
                "how many system users it has is not known"
            ),
        ),
        (NOBODY, *["there are no system users that need it"] * 2),
        (
            Evidence(users=1, agents=0),
            *["1 system user needs a change request that the customer approves"] * 2,
        ),
        (
            Evidence(users=12, agents=3),
            "9 system users need a change request that the customer approves",
            (
                "9 system users need a change request that the customer approves and 3 agent system users have to be "
                "created again"
            ),
        ),
        (
            Evidence(users=1, agents=1),
            "there are no system users that need it",
            "1 agent system user has to be created again",
        ),
    ],
)
def test_what_is_added_says_who_lacks_it(evidence: Evidence, right: str, package: str) -> None:
    """P12: a standard system user needs a change request, an agent's is created again and holds packages only."""
    (one,) = assess({}, {"rights": []}, evidence)
    (other,) = assess({}, {"accessPackages": []}, evidence)

    assert (one.rule, one.weight, one.users) == ("right-added", Weight.NOTABLE, evidence.users)
    assert one.message == (
        "The right `ske-krav-og-betalinger` is added, and existing system users do not get it by themselves: "
        + right
        + "."
    )
    assert other.message == (
        f"The access package `{PACKAGE}` is added, and existing system users do not get it by themselves: {package}."
    )


def test_what_is_removed_says_what_becomes_of_open_requests() -> None:
    """P12: who has it keeps it, and an open request that names it can no longer be approved."""
    (right,) = assess({"rights": []}, {}, Evidence(users=2, agents=0))
    (package,) = assess({"accessPackages": []}, {}, Evidence(users=2, agents=0))

    for impact in (right, package):
        assert (impact.rule, impact.weight, impact.users) == ("right-removed", Weight.NOTABLE, 2)
        assert (
            "who has it keeps it, and open requests that name it can no longer be approved" in impact.message
        )
        assert impact.message.endswith("; it has 2 system users.")


def test_a_redirect_url_that_leaves_refuses_new_requests_only() -> None:
    """P12: requests under way still lead there; one that comes does nothing to anybody."""
    (removed,) = assess({"allowedRedirectUrls": []}, {})

    assert removed.message == (
        "New requests that name `https://smartcloud.example/receipt` are refused; those under way still lead there."
    )
    assert assess({}, {"allowedRedirectUrls": []}) == []


def test_texts_are_a_note() -> None:
    """One for each language of a name or description."""
    impacts = assess({"name": {"nb": "Ny", "nn": "SmartSky", "en": "SmartCloud"}}, {})

    assert [(each.rule, each.weight, each.path) for each in impacts] == [
        ("text-changed", Weight.NOTE, "name.nb")
    ]


def a_state(client: str, **members: Json) -> State:
    """Make what a system looked like after a write."""
    return State(LogEntry("update", VENDOR, client, "2026-11-19T02:14:08Z"), a_system(**members))


@pytest.mark.parametrize(
    ("evidence", "breaking"),
    [
        (Evidence([a_state("theirs"), a_state("ours", isVisible=False)], frozenset({"ours"})), True),
        (Evidence([a_state("ours"), a_state("theirs", isVisible=False)], frozenset({"ours"})), False),
        (Evidence([a_state("theirs", isVisible=False), a_state("theirs")], frozenset({"ours"})), False),
        (Evidence([], frozenset({"ours"})), False),
        (
            Evidence(
                [a_state("theirs"), a_state("ours", isVisible=False)],
                frozenset({"ours"}),
                stated=frozenset({"isVisible"}),
            ),
            False,
        ),
        (
            Evidence(
                [a_state("theirs"), a_state("ours", isVisible=False)],
                frozenset({"ours"}),
                stated=frozenset({"name.nb"}),
            ),
            True,
        ),
    ],
)
def test_a_value_of_others_is_not_overwritten_unseen(evidence: Evidence, *, breaking: bool) -> None:
    """P5: by the log it is theirs, and no committed revision states it."""
    impacts = assess({"isVisible": False}, {"isVisible": True}, evidence)

    assert ("outside-value-overwritten" in rules(impacts)) is breaking
    assert (impacts[0].weight is Weight.BREAKING) is breaking


def test_what_others_took_away_is_not_put_back_unseen() -> None:
    """An entry that an outsider removed is named with who did it and when."""
    evidence = Evidence(
        [a_state("theirs", clientId=[]), a_state("ours")], frozenset({"ours"}), users=0, agents=0
    )

    (impact,) = assess({}, {"clientId": []}, evidence)

    assert impact.message == (
        f'`clientId["{CLIENT}"]` was set by another client (theirs) of your own organisation at 2026-11-19 02:14 '
        "UTC, and will be overwritten."
    )


def test_members_that_nobody_knows_are_kept_or_go_with_their_entry() -> None:
    """At the top, in the vendor, in rights, their pairs and packages; those of a removed entry are notable."""
    pair = {"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger", "x": 1}
    live: dict[str, Json] = {
        "x": 1,
        "vendor": {"ID": f"0192:{VENDOR}", "x": 1},
        "rights": [{"resource": [pair], "x": 1}],
        "accessPackages": [{"urn": PACKAGE, "x": 1}],
        "isVisible": False,
    }
    kept = [each for each in assess({}, live) if each.rule == "unknown-member-kept"]
    gone = [each for each in assess({"rights": []}, live) if each.rule == "unknown-member-removed"]

    assert [path for path, *_ in find_unknown(a_live_document(**live))] == [each.path for each in kept]
    assert [each.path for each in kept] == [
        "x",
        "vendor.x",
        "rights[0].x",
        "rights[0].resource[0].x",
        "accessPackages[0].x",
    ]
    assert [(each.path, each.weight) for each in gone] == [
        ("rights[0].x", Weight.NOTABLE),
        ("rights[0].resource[0].x", Weight.NOTABLE),
    ]
    assert list(find_unknown(a_live_document(vendor=None, rights=None, accessPackages=None))) == []


def test_an_unknown_member_that_would_change_is_breaking() -> None:
    """W4: no definition asks for that; a rollback can, and so can a plan file that somebody edited."""
    held = a_live_document(isVisible=False, x=1)
    right = {**held["rights"][0], "x": 1}
    for document, paths in (
        ({**held, "isVisible": True}, []),
        ({**held, "isVisible": True, "x": 2}, ["x"]),
        ({**held, "isVisible": True, "y": 1}, ["y"]),
        ({**held, "isVisible": True, "rights": [right]}, ["rights[].x"]),
        ({name: value for name, value in held.items() if name != "x"}, ["x"]),
    ):
        change = Update(id=held["id"], document=document, live=RegisteredSystem(held))
        found = [each for each in judge(change, Evidence()) if each.rule == "unknown-member-changed"]

        assert [(each.path, each.weight) for each in found] == [(path, Weight.BREAKING) for path in paths]


def test_the_worst_comes_first() -> None:
    """Breaking before notable before note, whatever the order of the members."""
    impacts = assess(
        {"name": {"nb": "Ny", "nn": "SmartSky", "en": "SmartCloud"}, "isVisible": False, "clientId": []}, {}
    )

    assert [each.weight for each in impacts] == [Weight.BREAKING, Weight.NOTABLE, Weight.NOTE]


@pytest.mark.parametrize(
    ("touched", "kept", "created", "mass"),
    [
        (3, 0, 0, False),
        (4, 0, 0, True),
        (4, 9, 0, True),
        (6, 14, 0, False),
        (4, 10, 0, False),
        (3, 0, 9, False),
        (4, 0, 99, True),
    ],
)
def test_many_changes_at_once_are_breaking(touched: int, kept: int, created: int, *, mass: bool) -> None:
    """More than three, and more than 30 % of those that are managed; new systems count on neither side."""
    live = a_registered_system()
    changes: list[Change] = [
        *(Update(id=f"u{each}", live=live) for each in range(touched - 1)),
        Delete(id="d", live=live),
        *(Keep(id=f"k{each}", live=live) for each in range(kept)),
        *(Create(id=f"c{each}") for each in range(created)),
    ]

    impacts = judge_all(changes)

    assert [each.rule for each in impacts] == (["mass-change"] if mass else [])
    assert not mass or f"{touched} of {touched + kept} managed systems" in impacts[0].message


def test_a_narrowed_plan_is_measured_by_all_managed_systems() -> None:
    """Those that it was narrowed past count among the managed ones, so that four of twenty are no mass change."""
    changes: list[Change] = [Update(id=f"u{each}", live=a_registered_system()) for each in range(4)]

    assert judge_all(changes, left_out=16) == ()
    assert "4 of 5 managed systems" in judge_all(changes, left_out=1)[0].message


def test_every_impact_has_a_page() -> None:
    """And a first sentence that stands for it, and at its end what to do."""
    assert all("\n\nWhat to do: " in each.page for each in IMPACTS.values())
    assert all(each.summary.endswith(".") and each.page.startswith(each.summary) for each in IMPACTS.values())
    assert all(each.id == name for name, each in IMPACTS.items())


def test_a_swap_names_both_sides() -> None:
    """A system that gives one client id away and takes another says both."""
    moves = Moves({CLIENT: "b"}, {OTHER_CLIENT: "b"})

    assert rules(assess({"clientId": [OTHER_CLIENT]}, {}, moves=moves)) == [
        "client-id-removed",
        "client-id-claimed",
    ]
