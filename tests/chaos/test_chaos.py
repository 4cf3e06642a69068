"""Rounds of apply under fire, as the program `python -m tests.chaos` plays them."""

from __future__ import annotations

import pytest

from tests.chaos.program import main


@pytest.mark.slow
def test_random_rounds(capfd: pytest.CaptureFixture[str]) -> None:
    """Six rounds: kills, signals, full disks, closed pipes, faults and other writers."""
    assert main(["--rounds", "6", "--seed", "1", "--processes", "2"]) == 0, capfd.readouterr().out


@pytest.mark.thorough
@pytest.mark.parametrize(("how", "changes"), [("saved", "5"), ("direct", "3")])
def test_another_writer_between_every_two_requests(
    how: str, changes: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """W1: of what others write between any two requests of a run, all is found."""
    words = ["--between", "--how", how, "--changes", changes, "--processes", "2"]
    assert main(words) == 0, capfd.readouterr().out
