"""Which blocked systems a change has nothing to do with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.planning.blocking import find_blocked_before
from reconciler.planning.change import Blocked, Keep

if TYPE_CHECKING:
    from reconciler.planning.change import Change

X, Y, Z = "x", "y", "z"


@pytest.mark.parametrize(
    ("clients", "touched", "before"),
    [
        ({"a": {X}, "b": {Y}}, (), ("a", "b")),
        ({"a": {X}, "b": {Y}}, ("b",), ("a",)),
        ({"a": {X}, "b": {Y}, "kept": {X}}, ("kept",), ("b",)),
        ({"a": {X}, "b": {Y}, "removed": {X}}, ("removed",), ("b",)),
        ({"a": {X, Y}, "b": {Y}, "kept": {X, Z}}, ("kept",), ()),
        ({"a": {X, Y}, "b": {Y}, "kept": {Z}}, ("kept", "new"), ("a", "b")),
        ({}, ("a",), ("b",)),
    ],
    ids=["nothing", "the-other", "a-shared-id", "a-removed-file", "a-chain", "no-shared-id", "unread"],
)
def test_a_blocked_system_of_before(
    clients: dict[str, set[str]], touched: tuple[str, ...], before: tuple[str, ...]
) -> None:
    """One that is not touched, and that no touched system can have blocked through a client id."""
    changes: list[Change] = [Blocked(id="a"), Blocked(id="b"), Keep(id="kept")]

    assert find_blocked_before(changes, clients, touched) == before
