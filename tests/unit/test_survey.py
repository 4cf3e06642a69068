"""Many questions at a time: answers in the order asked, and an end at the first failure."""

from __future__ import annotations

import time

import pytest

from reconciler.errors import NotConnected
from reconciler.survey import ask_all


def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whoever answers first, the result is in the order asked, and progress counts the answers."""
    told: list[tuple[int, int]] = []

    def ask(name: str) -> str:
        time.sleep(0.02 if name == "a" else 0)
        return name.upper()

    assert list(ask_all(ask, ["a", "b", "c"], lambda done, total: told.append((done, total))).items()) == [
        ("a", "A"),
        ("b", "B"),
        ("c", "C"),
    ]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_first_failure_ends_the_rest() -> None:
    """After one failure nobody begins another wait for a register that is gone."""
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        time.sleep(0.01)
        raise NotConnected(f"{name} could not be reached.")

    with pytest.raises(NotConnected):
        ask_all(ask, [str(number) for number in range(200)], workers=4)

    assert len(asked) <= 4
