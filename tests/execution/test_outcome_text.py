"""The outcome of a request and its words, from what is known of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.errors import NoAnswer, Rejected, ServerFailed, Unintelligible
from reconciler.execution.fate import Fate, Verification
from reconciler.execution.outcome import Done, Failed, Unknown
from reconciler.execution.outcome_text import (
    describe_unplanned,
    explain,
    explain_outage,
    explain_stale,
    explain_unread,
)
from reconciler.planning.change import Delete, Update
from reconciler.planning.change_log import LogEntry
from reconciler.planning.diff import FieldChange
from tests.builders import VENDOR

ONE = f"{VENDOR}_a"
UPDATE, DELETE = Update(id=ONE), Delete(id=ONE)
WHO = f"client theirs of organisation {VENDOR}"
DONE = Verification(Fate.DONE, reached=True)
UNDONE = Verification(Fate.UNDONE)
UNKNOWN = Verification(Fate.UNKNOWN)
URL = FieldChange(("allowedRedirectUrls", "https://x.example/"), "https://x.example/", None)
ASKED = FieldChange(("allowedRedirectUrls", "https://x.example/a"), None, "https://x.example/a")


def an_entry(kind: str = "update", at: str = "T1") -> LogEntry:
    """Make an entry by somebody else."""
    return LogEntry(kind, VENDOR, "theirs", at)


def test_what_went_as_asked_needs_no_words() -> None:
    """Neither a reason nor an alarm."""
    assert explain(UPDATE, DONE, None) == Done(change=UPDATE)


def test_an_answer_that_was_untrue_is_held_against_the_log() -> None:
    """W19, W20: what the register said, and what the log shows."""
    outcome = explain(UPDATE, DONE, ServerFailed("It answered 500.", status=500))

    assert outcome == Done(
        change=UPDATE, reason="It answered 500. The change log shows that it was carried out."
    )


def test_what_is_stored_otherwise_is_said_in_a_sentence() -> None:
    """R19: which member, what the register made of it, and what was asked for."""
    outcome = explain(UPDATE, replace(DONE, differs=(URL, ASKED)), None)

    assert isinstance(outcome, Done)
    assert outcome.alarming
    assert outcome.reason == (
        'The register stored allowedRedirectUrls as "https://x.example/", where "https://x.example/a" was asked for.'
    )


def test_what_others_did_to_it_is_not_what_the_register_stored() -> None:
    """R19: where somebody wrote after ours, the difference is theirs."""
    outcome = explain(UPDATE, replace(DONE, differs=(URL,), later=(an_entry(),)), None)

    assert outcome.reason == f"Since then, {WHO} wrote at T1."


def test_every_write_that_was_overwritten_is_named() -> None:
    """W1, R11: oldest first, with the values that were lost."""
    lost = (
        FieldChange(("isVisible",), actual=False, expected=True),
        FieldChange(("clientId", "x"), "x", None),
    )
    verification = replace(DONE, overwritten=(an_entry(at="T2"), an_entry(at="T1")), lost=lost)

    assert explain(UPDATE, verification, None).reason == (
        f"Between the last reading and this write, {WHO} wrote at T1, then {WHO} wrote at T2, and that was "
        'overwritten: isVisible was false, is now true, clientId["x"] was "x", is now absent.'
    )


def test_a_write_that_lost_nothing_is_named_too() -> None:
    """R11: it is not said to be overwritten."""
    outcome = explain(DELETE, replace(DONE, overwritten=(an_entry(),)), None)

    assert outcome.alarming
    assert outcome.reason.endswith(f"{WHO} wrote at T1, and nothing of that is known to be lost.")


def test_a_write_behind_a_deletion_holds_client_ids() -> None:
    """W21: which ones, whose doing, and the request that frees them."""
    outcome = explain(DELETE, replace(DONE, later=(an_entry(),), stuck=("x", "y")), None)

    assert isinstance(outcome, Done)
    assert outcome.alarming
    assert outcome.reason == (
        f"After the deletion, {WHO} wrote at T1. The deleted system holds client ids x, y, which no other system "
        "can have until a second DELETE."
    )
    assert outcome.hint == f"Send DELETE for `{ONE}` once more: it frees them."


GONE = an_entry("delete")


@pytest.mark.parametrize(
    ("verification", "word"),
    [
        (replace(DONE, deleted=GONE, later=(GONE,)), "after"),
        (replace(DONE, deleted=GONE, overwritten=(GONE,)), "before"),
    ],
)
def test_a_deletion_by_another_is_no_success(verification: Verification, word: str) -> None:
    """R3: deleted, by whom and when; never done."""
    outcome = explain(UPDATE, verification, None)

    assert isinstance(outcome, Failed)
    assert outcome.reason == f"C{WHO[1:]} deleted it at T1, for ever, right {word} this write."


def test_our_own_client_ids_can_be_stuck() -> None:
    """W21: the other way round, the deletion is theirs and the late write ours."""
    outcome = explain(UPDATE, replace(DONE, deleted=GONE, overwritten=(GONE,), stuck=("x",)), None)

    assert "holds client id x, which" in outcome.reason
    assert outcome.hint.startswith(f"Send DELETE for `{ONE}` once more")


def test_what_the_register_dropped_is_alarming() -> None:
    """W6: each member by its path."""
    outcome = explain(UPDATE, replace(DONE, dropped=("contactEmail", "vendor.phone")), None)

    assert outcome.alarming
    assert "as they were sent: contactEmail, vendor.phone." in outcome.reason


def test_a_500_is_another_write_where_there_is_one() -> None:
    """W26: named, decided by the log, and to be planned again."""
    failure = ServerFailed("It answered 500.", hint="It may be better in a minute.", status=500)
    lost = explain(UPDATE, replace(UNDONE, later=(an_entry(),)), failure)
    alone = explain(UPDATE, UNDONE, failure)

    assert (lost.word, lost.hint) == ("failed", "Plan again.")
    assert lost.reason == (
        "It answered 500. Most likely another write came at the same moment; this one was not done. "
        f"Since then, {WHO} wrote at T1."
    )
    assert alone.hint.startswith("It may be better in a minute. A write at the same moment")


@pytest.mark.parametrize(
    ("failure", "looks"),
    [
        (NoAnswer("x"), True),
        (Unintelligible("x"), True),
        (ServerFailed("x", status=502), True),
        (Rejected("x"), False),
    ],
)
def test_what_failed_after_a_lost_answer_is_looked_at_again(failure: Rejected, *, looks: bool) -> None:
    """W20: `recover` does that, and the hint says so."""
    outcome = explain(UPDATE, UNDONE, failure)

    assert isinstance(outcome, Failed)
    assert ("looks once more" in outcome.hint) is looks


@pytest.mark.parametrize(
    ("change", "failure", "word"),
    [
        (UPDATE, Rejected("x"), "failed"),
        (DELETE, Rejected("x"), "unknown"),
        (UPDATE, ServerFailed("x", status=500), "unknown"),
        (UPDATE, None, "unknown"),
    ],
)
def test_what_nothing_shows_is_unknown(change: Update | Delete, failure: Rejected | None, word: str) -> None:
    """A refusal is believed, but for a DELETE, which says 400 after it was carried out."""
    assert explain(change, UNKNOWN, failure).word == word


def test_an_unknown_outcome_has_its_id() -> None:
    """W25: the one that Altinn's support can look for."""
    outcome = explain(UPDATE, UNKNOWN, NoAnswer("Cut off."), trace="4bf9")
    unread = explain_unread(UPDATE, None, NoAnswer("Cut off."), trace="4bf9")

    assert isinstance(outcome, Unknown)
    assert outcome.hint == "Run `reconciler recover`. The id to give Altinn's support: 4bf9."
    assert unread.hint.endswith("The id to give Altinn's support: 4bf9.")
    assert "support" not in explain(UPDATE, UNKNOWN, NoAnswer("Cut off.")).hint


def test_what_somebody_else_reached_is_done_with_an_alarm() -> None:
    """The register took it, and its log has no entry."""
    outcome = explain(UPDATE, replace(UNKNOWN, reached=True), None)

    assert (outcome.word, outcome.alarming) == ("done", True)
    assert explain(UPDATE, replace(UNKNOWN, reached=True, later=(an_entry(),)), None).word == "unknown"


def test_an_outage_is_told_from_a_right_that_does_not_exist() -> None:
    """W22: what the metadata knows the register could not look up."""
    refusal = Rejected("AUTH.VLD-00003 not found.", codes=("AUTH.VLD-00003",), hint="Look again.")
    outage = explain_outage(UPDATE, refusal, "", ())
    fault = explain_outage(UPDATE, refusal, "`x` is not a resource in this environment", ())

    assert outage.reason.startswith("The register could not reach the registry; nothing was written.")
    assert fault.reason.startswith("AUTH.VLD-00003 not found. The metadata says so too")
    assert fault.hint == "Look again."


def test_a_stale_system_says_who_wrote() -> None:
    """W1: every write since the plan, or the newest where nobody noted which one the plan knew."""
    assert explain_stale(UPDATE, None, None, (an_entry(),)).reason == (
        f"The system moved since the plan was made, so nothing was sent: {WHO} wrote at T1."
    )
    assert explain_stale(UPDATE, None, None, ()).reason.endswith("so nothing was sent.")


def test_a_write_that_changed_nothing_is_mentioned() -> None:
    """W1: also where the document is the same again."""
    assert describe_unplanned(()) == ""
    assert (
        describe_unplanned((an_entry(),))
        == f"Since the plan, {WHO} wrote at T1, and the document is as it was."
    )
