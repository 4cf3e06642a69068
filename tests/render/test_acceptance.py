"""The command that lets a difference stand is one that a shell and `accept` read as it was meant."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.planning.diff import FieldChange
from reconciler.planning.drift import Difference, Kind
from reconciler.render.acceptance import make_accept_command


def a_difference(system: str, *steps: str, kind: Kind = Kind.CHANGED_OUTSIDE) -> Difference:
    """Make a difference that alarms."""
    field = FieldChange(steps, "a", "b") if steps else None
    return Difference(system, kind, "systems/a.yaml", 1, field)


@given(
    st.text(min_size=1, max_size=20), st.sampled_from(["rights", "clientId", "name"]), st.text(max_size=30)
)
def test_the_command_names_what_differs(system: str, member: str, entry: str) -> None:
    """Quoted for a POSIX shell, in one line, with the path as `accept` takes it."""
    difference = a_difference(system, member, entry)
    command = make_accept_command(difference, "tt02")
    assume(command)

    words = shlex.split(command)

    assert words[:2] == ["reconciler", "accept"]
    assert system in words
    assert difference.path in words
    assert command.splitlines() == [command]
    assert not system.startswith("-") or words[-3] == "--"


@pytest.mark.parametrize(
    "difference",
    [
        a_difference("a", "name", "nb", kind=Kind.NOT_APPLIED),
        a_difference("a", kind=Kind.NO_DIFFERENCE),
        a_difference("a", "withdrawn"),
        a_difference("a\n::error::b", "name", "nb"),
        a_difference("a", "allowedRedirectUrls", "x" * 5000),
    ],
    ids=["not applied", "none", "deletion", "steering", "long"],
)
def test_there_is_no_command_for_what_cannot_be_accepted_so(difference: Difference) -> None:
    """What does not alarm, a deletion that the files ask for, and names that no line can hold."""
    assert make_accept_command(difference, "tt02") == ""
