"""How to go on after an apply that did not end with 0: what became of it in a title, and what a person does now.

Pure. Code stands between backticks; each output shows it in its own way. What is said holds on a laptop and on each
platform, and differs only in how a run is started again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Exit, Refused, Remedy
from reconciler.execution.outcome import Done, Failed, NotTried, Stale, Unknown
from reconciler.render.notes import name_some
from reconciler.render.phrases import count, mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.execution.outcome import Report

_AGAIN: Mapping[str, str] = {
    "github": "start the workflow again",
    "gitlab": "start a new pipeline",
    "azure": "start a new run of the pipeline",
    "": "run `reconciler apply` again",
}
"""How a run is started again, which plans again, by the platform."""
_ACCEPT: Mapping[str, str] = {
    "github": "with the input `accept` set to",
    "gitlab": "with the variable `ACCEPT` set to",
    "azure": "with the parameter `accept` set to",
    "": "with `--accept`",
}
_WITHOUT: Mapping[str, str] = {
    "github": "In the workflow, that option is the input `without-journal`.",
    "gitlab": "In the pipeline, that option is the variable `WITHOUT_JOURNAL`.",
    "azure": "In the pipeline, that option is the parameter `without`.",
}
_NOTHING = "Nothing was written"
_UNREAD = "Whether anything was sent is not known"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an apply ended."""

    code: Exit
    environment: str = ""
    digest: str = ""
    """The plan's; empty where it did not come to a plan."""
    error: ReconcilerError | None = None
    """What stopped it; None where nothing did."""
    report: Report | None = None
    """What became of the plan; None where it did not come to that."""
    journal: str = ""
    """The folder of journals."""
    interrupted: bool = False
    settled: bool = False
    """Whether it stopped over what an earlier run had left open."""
    began: bool = False
    """Whether the first request may have been sent."""


@dataclass(frozen=True, slots=True)
class NextSteps:
    """A title, sentences, a digest to copy where there is one, and what is said behind it."""

    title: str
    sentences: tuple[str, ...]
    digest: str = ""
    otherwise: str = ""


def describe_next(ending: Ending, platform: str = "") -> NextSteps | None:
    """Say how to go on on a platform, `github`, `gitlab`, `azure` or none; None after 0 and after a usage error."""
    if ending.code in {Exit.DONE, Exit.USAGE}:
        return None
    again = _AGAIN[platform if platform in _AGAIN else ""]
    if ending.report is not None:
        return _describe_report(ending, ending.report, platform, again)
    if ending.settled:
        return _describe_settled(ending, again)
    if isinstance(ending.error, Refused):
        return _describe_refusal(ending, ending.error, platform, again)
    if ending.interrupted:
        return NextSteps(f"{_NOTHING}: the run was interrupted", (f"To go on, {again}: it plans again.",))
    what = f"{_NOTHING}: the run could not begin"
    said = ["What was wrong stands in the log."]
    if ending.began:
        what = _UNREAD
        said = [f"{_say_recover(ending)} finds that out, by looking."]
    if ending.error is not None:
        said = [*filter(None, (ending.error.message, ending.error.hint)), *said[: ending.began]]
    return NextSteps(what, (*said, f"When that is put right, {again}: it plans again."))


def _say_recover(ending: Ending) -> str:
    environment = f" --environment {ending.environment}" if ending.environment else ""
    folder = f" --journal {ending.journal}" if ending.journal else ""
    return mark(f"reconciler recover{environment}{folder}")


def _describe_refusal(ending: Ending, refused: Refused, platform: str, again: str) -> NextSteps:
    """Say how to go on where nothing was written; a plan that is not of now is never to be accepted."""
    reason = tuple(refused.message.splitlines()[:1])
    where = f"for {mark(ending.environment)}" if ending.environment else ""
    match refused.remedy:
        case Remedy.ACCEPT:
            how = _ACCEPT[platform if platform in _ACCEPT else ""]
            return NextSteps(
                f"{_NOTHING}: what the plan breaks is not accepted",
                (f"Review the plan. If what it breaks is meant, {again} {where}, {how}",),
                ending.digest,
                "Or have an approval in git merged: `reconciler approve PLANFILE --reason TEXT` writes one.",
            )
        case Remedy.PLAN_AGAIN:
            said = (
                *reason,
                f"To go on, {again} {where}: it plans again, and the new plan has to be reviewed.",
            )
            return NextSteps(
                f"{_NOTHING}: the plan is not of now", (*said, "Accepting this one changes nothing.")
            )
        case Remedy.RECOVER:
            look = f"{_say_recover(ending)} finds out what became of it: it looks, sends nothing, and waits until"
            said = (*reason, f"{look} the time of each request is over.", f"Then {again}: it plans again.")
            return NextSteps(f"{_NOTHING}: an earlier run left something open", said)
        case Remedy.FIND_JOURNAL:
            said = (*refused.message.splitlines(), *refused.hint.splitlines())
            said += (_WITHOUT[platform],) if platform in _WITHOUT else ()
            return NextSteps(f"{_NOTHING}: the journal of an earlier run is missing", said)
        case Remedy.WAIT:
            said = (*reason, f"When it has ended, {again}: it plans again.")
            return NextSteps(f"{_NOTHING}: another run is under way", said)
        case _:
            return NextSteps(_NOTHING, (*refused.message.splitlines(), *refused.hint.splitlines()))


def _describe_settled(ending: Ending, again: str) -> NextSteps:
    """Say how to go on where a run stopped over what an earlier one had left."""
    if ending.code is Exit.UNKNOWN:
        title = f"{_NOTHING}: what became of an earlier run's request stays unknown"
        look = "Look at the systems that are named above: nothing more can come of those requests."
    else:
        title = f"{_NOTHING}: what an earlier run did has to be looked at"
        look = "Look at the systems that are named above, and at what others wrote there."
    kept = "The journal has it by now, so it stops no other run."
    return NextSteps(title, (look, kept, f"Then {again}: it plans from what the register holds."))


def _describe_report(ending: Ending, report: Report, platform: str, again: str) -> NextSteps:
    """Say how to go on after requests were sent, or where nothing could be."""
    unknown = [each.change.id for each in report.outcomes if isinstance(each, Unknown)]
    if unknown:
        settle = f"{_say_recover(ending)} finds out what became of it, by looking, where the journal is."
        said = [f"It is about {name_some(unknown)}.", f"Keep the journal: it shows what was sent. {settle}"]
        if platform:
            said.append(
                "A pipeline that fetches the journals of earlier runs and applies with `--recover` does it."
            )
        title = f"It is not known what became of {count(len(unknown), 'request')}"
        return NextSteps(title, (*said, f"Then {again}: it plans again."))
    words = Counter(type(each) for each in report.outcomes)
    left = words[Failed] + words[Stale] + words[NotTried]
    return NextSteps(
        _choose_title(ending, left),
        (*_list_causes(report, words), f"Then {again}: it plans again, and does what is left."),
    )


def _choose_title(ending: Ending, left: int) -> str:
    if ending.interrupted:
        return "The run was interrupted" + (f": {count(left, 'change')} left" if left else "")
    if left:
        return f"{count(left, 'change')} {'was' if left == 1 else 'were'} not carried out"
    return "The plan was carried out, and something is left to look at"


def _list_causes(report: Report, words: Mapping[type, int]) -> Iterator[str]:
    """Say of each kind of trouble what a person does about it."""
    alarming = _list_ids([each for each in report.outcomes if isinstance(each, Done) and each.alarming])
    if words[Failed]:
        yield f"{_count(words[Failed], 'failed')}: the reason stands with each. Put that right first."
    if words[Stale]:
        yield f"{_count(words[Stale], 'stale')}: somebody wrote since the plan was made, and nothing was sent."
    if words[NotTried]:
        yield f"{_count(words[NotTried], 'not tried')}: the register holds what it held before."
    if alarming:
        yield f"Look at {name_some(alarming)}: done, and somebody else had a part in it, as stands there."
    if report.plan.blocked:
        names = name_some([each.id for each in report.plan.blocked])
        yield f"Blocked and never sent: {names}. Correct what the plan says of each."
    if report.unrecorded:
        names = name_some(list(dict.fromkeys(report.unrecorded)))
        yield f"The journal lacks what became of {names}. Make space for it, and run `reconciler recover`."


def _count(number: int, word: str) -> str:
    return f"{count(number, 'change')} {word}"


def _list_ids(outcomes: Sequence[Done]) -> list[str]:
    return [each.change.id for each in outcomes]
