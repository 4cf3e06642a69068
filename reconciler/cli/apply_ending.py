"""What is said when an apply ends, however it ends: how to go on, the summary of the run and its outputs."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import notify_lines
from reconciler.cli.github_actions import is_runner, write_outputs
from reconciler.cli.runner_links import find_restart
from reconciler.cli.step_summary import show_summary
from reconciler.errors import Exit, ReconcilerError
from reconciler.render.apply_summary import render_next, render_summary
from reconciler.render.next_steps import Ending, describe_next

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from threading import Event

    from reconciler.execution.outcome import Report
    from reconciler.planning.plan import Plan


@dataclass(slots=True)
class Account:
    """What is known of an apply while it goes on."""

    platform: str
    """`github`, `gitlab`, `azure`, or empty."""
    stop: Event
    journal: Path | None = None
    """The folder of journals where it is not the usual one."""
    environment: str = ""
    plan: Plan | None = None
    report: Report | None = None
    settled: bool = False
    """Whether it stops over what an earlier run left open."""
    began: bool = False
    """Whether the first request may have been sent."""

    def end(self, code: Exit, error: ReconcilerError | None = None, *, interrupted: bool = False) -> Ending:
        """Say how it ended."""
        return Ending(
            code,
            self.plan.target.environment if self.plan else self.environment,
            self.plan.digest if self.plan else "",
            error,
            self.report,
            str(self.journal or ""),
            interrupted=interrupted or self.stop.is_set(),
            settled=self.settled,
            began=self.began,
        )


@contextmanager
def explain_ending(account: Account, environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Say how to go on when the block ends; where that fails, the run ends as it would have."""
    try:
        yield
    except typer.Exit as end:
        _explain(account.end(Exit(end.exit_code)), account, environ)
        raise
    except ReconcilerError as error:
        _explain(account.end(error.exit_code, error), account, environ)
        raise
    except KeyboardInterrupt:
        _explain(account.end(Exit.REFUSED, interrupted=True), account, environ)
        raise


def _explain(ending: Ending, account: Account, environ: Mapping[str, str]) -> None:
    """Say it in the log, the step's summary and GitHub's outputs; to a person, an error's own hint is enough."""
    steps, restart = describe_next(ending, account.platform), find_restart(environ)
    with suppress(OSError):
        if steps is not None and (account.platform or ending.report is not None or ending.settled):
            notify_lines(render_next(steps, restart))
        show_summary("apply", lambda: render_summary(ending, steps, restart), environ)
        if ending.error is not None:
            ending.error.explained = steps is not None
        if is_runner(environ):
            write_outputs(_describe(ending), environ)


def _describe(ending: Ending) -> Mapping[str, str]:
    """Describe an apply to the steps of a workflow that follow."""
    report = ending.report
    words = Counter(each.word for each in report.outcomes) if report else Counter[str]()
    return {
        "plan-digest": ending.digest,
        "interrupted": str(ending.interrupted).lower(),
        "run": report.run.start.run if report and report.run else "",
        **{
            word.replace(" ", "-"): str(words[word])
            for word in ("done", "failed", "stale", "unknown", "not tried")
        },
        "blocked": str(len(report.plan.blocked)) if report else "",
    }
