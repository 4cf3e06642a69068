"""How to go on after an apply: what is said is right for each ending, and for each platform."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Exit, MaskinportenUnavailable, Refused, Remedy
from reconciler.execution.outcome import Done, Failed, NotTried, Report, Stale, Unknown
from reconciler.planning.change import Blocked, Update
from reconciler.planning.plan import Plan, Target
from reconciler.render.apply_summary import render_next, render_summary
from reconciler.render.lines import print_lines
from reconciler.render.next_steps import Ending, NextSteps, describe_next
from tests.builders import VENDOR
from tests.render.samples import HOSTILE

if TYPE_CHECKING:
    from reconciler.execution.outcome import Outcome

A, B = Update(id="a"), Update(id="b")
PLAN = Plan(Target("prod", "https://r.example", VENDOR), (A, B))
AGAIN = {
    "github": "start the workflow again",
    "gitlab": "start a new pipeline",
    "azure": "start a new run of the pipeline",
    "": "run `reconciler apply` again",
}


def _refuse(remedy: Remedy, message: str = "Why.") -> Ending:
    refused = Refused(message, hint="Hint.", remedy=remedy)
    return Ending(Exit.REFUSED, "prod", PLAN.digest, refused, journal="kept")


def _report(*outcomes: Outcome, plan: Plan = PLAN, unrecorded: tuple[str, ...] = ()) -> Ending:
    report = Report(plan, outcomes, unrecorded)
    return Ending(report.exit_code, "prod", plan.digest, report=report, journal="kept", began=True)


def _say(ending: Ending, platform: str = "") -> str:
    steps = describe_next(ending, platform)
    assert steps is not None
    return " ".join((f"{steps.title}.", *steps.sentences, steps.digest, steps.otherwise))


@pytest.mark.parametrize("code", [Exit.DONE, Exit.USAGE])
def test_nothing_is_said_where_nothing_is_to_be_done(code: Exit) -> None:
    """A usage error has its own hint."""
    assert describe_next(Ending(code)) is None


@pytest.mark.parametrize("platform", AGAIN)
def test_what_breaks_is_accepted_by_its_digest(platform: str) -> None:
    """The whole digest, and the approval in git as the other way."""
    said = _say(_refuse(Remedy.ACCEPT), platform)

    assert said.startswith("Nothing was written: what the plan breaks is not accepted. Review the plan.")
    assert f"{AGAIN[platform]} for `prod`, with" in said
    assert PLAN.digest in said
    assert "`reconciler approve PLANFILE --reason TEXT`" in said


@pytest.mark.parametrize("platform", AGAIN)
def test_a_stale_plan_is_never_to_be_accepted(platform: str) -> None:
    """It is made again, whether it breaks anything or not."""
    said = _say(_refuse(Remedy.PLAN_AGAIN), platform)

    assert said.startswith("Nothing was written: the plan is not of now. Why.")
    assert f"{AGAIN[platform]} for `prod`: it plans again" in said
    assert "Accepting this one changes nothing." in said
    assert PLAN.digest not in said
    assert "approve" not in said


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        (Remedy.RECOVER, "`reconciler recover --environment prod --journal kept` finds out"),
        (Remedy.FIND_JOURNAL, "the journal of an earlier run is missing. Why. Hint."),
        (Remedy.WAIT, "another run is under way. Why. When it has ended,"),
        (Remedy.HINT, "Nothing was written. Why. Hint."),
    ],
)
def test_any_other_refusal_says_its_own_way(remedy: Remedy, words: str) -> None:
    """None of them is accepted away."""
    said = _say(_refuse(remedy), "github")

    assert words in said
    assert "ccept" not in said


@pytest.mark.parametrize(
    ("platform", "word"),
    [("github", "`without-journal`"), ("gitlab", "`WITHOUT_JOURNAL`"), ("azure", "parameter `without`")],
)
def test_a_lost_journal_is_let_pass_as_the_platform_has_it(platform: str, word: str) -> None:
    """The option of the command line has another name in a pipeline."""
    assert word in _say(_refuse(Remedy.FIND_JOURNAL), platform)
    assert word not in _say(_refuse(Remedy.HINT), platform)


@pytest.mark.parametrize("platform", AGAIN)
def test_an_unknown_outcome_is_found_out_first(platform: str) -> None:
    """With the place of the journal; it weighs more than what failed beside it."""
    said = _say(_report(Unknown(change=A), Failed(change=B)), platform)

    assert said.startswith("It is not known what became of 1 request. It is about `a`. Keep the journal")
    assert "`reconciler recover --environment prod --journal kept` finds out" in said
    assert ("applies with `--recover`" in said) is bool(platform)
    assert said.rstrip().endswith(f"Then {AGAIN[platform]}: it plans again.")


@pytest.mark.parametrize(
    ("ending", "title", "words"),
    [
        (_report(Failed(change=A), Done(change=B)), "1 change was not carried out", "1 change failed"),
        (_report(Stale(change=A), NotTried(change=B)), "2 changes were not carried out", "1 change stale"),
        (_report(Done(change=A, alarming=True)), "something is left to look at", "Look at `a`"),
        (
            _report(Done(change=A), plan=replace(PLAN, changes=(A, Blocked(id="c")))),
            "something is left to look at",
            "Blocked and never sent: `c`",
        ),
        (
            _report(Done(change=A), unrecorded=("a",)),
            "something is left",
            "The journal lacks what became of `a`",
        ),
        (
            replace(_report(Done(change=A), NotTried(change=B)), interrupted=True),
            "The run was interrupted: 1 change left",
            "1 change not tried",
        ),
    ],
    ids=["failed", "stale", "alarming", "blocked", "unrecorded", "interrupted"],
)
def test_what_is_known_says_what_is_left(ending: Ending, title: str, words: str) -> None:
    """Each kind of trouble with what to do about it; nothing is to be recovered or accepted."""
    said = _say(ending, "github")

    assert ending.code is Exit.FAILED
    assert title in said.partition(". ")[0]
    assert words in said
    assert "ccept" not in said
    assert said.rstrip().endswith("Then start the workflow again: it plans again, and does what is left.")


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending(Exit.UNKNOWN, settled=True), "what became of an earlier run's request stays unknown"),
        (Ending(Exit.FAILED, settled=True), "what an earlier run did has to be looked at"),
        (Ending(Exit.REFUSED, interrupted=True), "Nothing was written: the run was interrupted."),
        (
            Ending(Exit.FAILED, error=MaskinportenUnavailable("No token.", hint="Wait.")),
            "Nothing was written: the run could not begin. No token. Wait. When that is put right,",
        ),
        (
            Ending(Exit.FAILED),
            "Nothing was written: the run could not begin. What was wrong stands in the log.",
        ),
        (
            Ending(Exit.FAILED, began=True),
            "Whether anything was sent is not known. `reconciler recover` finds",
        ),
    ],
    ids=["settled-unknown", "settled", "interrupted", "no-token", "wrong-files", "a-fault"],
)
def test_an_end_before_the_first_write(ending: Ending, words: str) -> None:
    """What an earlier run left is settled once; where the run may have begun, that is not denied."""
    assert words in _say(ending, "gitlab")


def test_the_outputs_say_it_all() -> None:
    """The summary with each outcome that is worth a look, and the place to start again."""
    ending = _report(Failed(change=A, reason="It refused.", hint="Ask."), Done(change=B))
    steps = describe_next(ending, "github")
    assert steps is not None
    link = "https://github.com/o/r/actions/workflows/apply.yml"

    summary = render_summary(ending, steps, link)
    text = print_lines(render_next(steps, link))

    assert summary.startswith(
        f"### Apply to <code>prod</code>\n\n1 done, 1 failed. Plan <code>{PLAN.short_digest}</code>.\n\n"
        "* failed: update <code>a</code>. It refused. Ask.\n\n**1 change was not carried out**\n"
    )
    assert f'<a href="{link}">Start it again here</a>' in summary
    assert text.splitlines()[1] == "1 change was not carried out."
    assert text.splitlines()[-1] == f"    {link}"
    assert all(len(line) <= 80 for line in text.splitlines())


def test_other_peoples_words_stay_words() -> None:
    """Whatever a system is called, and whatever a register answers."""
    unknown = Unknown(change=Update(id=HOSTILE), reason=HOSTILE, hint=HOSTILE)
    ending = replace(_report(unknown), journal=HOSTILE)
    steps = describe_next(ending, "github")
    assert isinstance(steps, NextSteps)

    summary, text = render_summary(ending, steps), print_lines(render_next(steps))

    for word in ("<script", "<img", "](", "@octocat", "\x1b"):
        assert word not in summary
    assert not any(line.startswith("::") for line in [*summary.splitlines(), *text.splitlines()])
    assert "\x1b" not in text
