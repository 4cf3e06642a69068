"""The journal of a check: what a run that was killed leaves, and what it never holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, UsageError
from reconciler.execution.check_journal import CheckState, name_check, open_check_journal
from reconciler.model.customers import Triple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.execution.check_journal import CheckJournal


@pytest.mark.parametrize(
    ("steps", "request_id", "is_asking"),
    [
        ((), "", False),
        ((lambda journal: journal.note_asking("standard"),), "", True),
        (
            (
                lambda journal: journal.note_asking("standard"),
                lambda journal: journal.note_refused(("AUTH-00001",)),
            ),
            "",
            False,
        ),
        (
            (
                lambda journal: journal.note_asking("agent"),
                lambda journal: journal.note_asked("a", made=True),
            ),
            "a",
            False,
        ),
        (
            (
                lambda journal: journal.note_asked("a", made=False),
                lambda journal: journal.note_withdrawing("a"),
            ),
            "a",
            False,
        ),
        (
            (lambda journal: journal.note_asked("a", made=True), lambda journal: journal.note_withdrawn("a")),
            "",
            False,
        ),
    ],
    ids=["nothing", "asking", "refused", "asked", "withdrawing", "withdrawn"],
)
def test_where_a_run_ended(
    tmp_path: Path, steps: tuple[Callable[[CheckJournal], None], ...], request_id: str, *, is_asking: bool
) -> None:
    """The next run reads the request, or that one may be under way."""
    with open_check_journal(tmp_path, "x") as journal:
        for step in steps:
            step(journal)
    with open_check_journal(tmp_path, "x") as journal:
        state = journal.read()

    assert (state.request, state.asking is not None) == (request_id, is_asking)


def test_a_line_that_was_cut_off(tmp_path: Path) -> None:
    """It was never synced, so nothing was sent for it; the next line is whole again."""
    with open_check_journal(tmp_path, "x") as journal:
        journal.note_asked("a", made=True)
    with (tmp_path / "x.jsonl").open("ab") as stream:
        stream.write(b'\n{"event": "asking", "at": "2026-')
    with open_check_journal(tmp_path, "x") as journal:
        assert journal.read() == CheckState("a")
        journal.note_withdrawn("a")
        assert journal.read() == CheckState()


@pytest.mark.parametrize(
    "text", ["[]", "1", "null", '{"event": "asked"}', '{"event": "asking", "at": 1}', "\xff"]
)
def test_what_is_no_line_of_ours(tmp_path: Path, text: str) -> None:
    """It is passed over."""
    (tmp_path / "x.jsonl").write_text(f"{text}\n", encoding="utf-8")

    with open_check_journal(tmp_path, "x") as journal:
        assert journal.read() == CheckState()


def test_two_checks_of_one_customer(tmp_path: Path) -> None:
    """The second one is refused while the first one runs; one of another customer is not."""
    with open_check_journal(tmp_path, "x"):
        with pytest.raises(Refused, match="Another check"), open_check_journal(tmp_path, "x"):
            pass
        with open_check_journal(tmp_path, "y"):
            pass


def test_it_is_private(tmp_path: Path) -> None:
    """Whatever the umask; and a link in its place is refused."""
    before = os.umask(0)
    try:
        with open_check_journal(tmp_path, "x"):
            assert (tmp_path / "x.jsonl").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
    (tmp_path / "y.jsonl").symlink_to(tmp_path / "x.jsonl")
    with pytest.raises(UsageError, match="it is a link"), open_check_journal(tmp_path, "y"):
        pass


def test_a_name_for_each_environment_and_triple() -> None:
    """Letter case counts, and no two triples run into each other."""
    triples = [Triple("a", "b", "c"), Triple("a", "b", "C"), Triple("a", "bc", ""), Triple("ab", "", "c")]
    names = {name_check(register, each) for register in ("local", "https://x") for each in triples}

    assert len(names) == 8
    assert {len(each) for each in names} == {16}
