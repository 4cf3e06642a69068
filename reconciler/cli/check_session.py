"""Runs one check: opens what it works with, and tells a person where the customer decides.

The link to that page is shown on a terminal, since whoever has it and is the customer's access manager can say yes.
Where stderr is no terminal but a log, or a pipeline runs it, the link goes into a file that its owner alone can read,
and the log names the file.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.console import notify, show_lines
from reconciler.cli.context import open_register
from reconciler.cli.customer_side import open_system_users
from reconciler.clients.credentials import read_runtime_credentials
from reconciler.definitions.files import prepare_own_folder, write_file
from reconciler.errors import UsageError
from reconciler.execution.check_journal import FOLDER, name_check, open_check_journal
from reconciler.model.customers import AGENT, Triple
from reconciler.model.normalise import normalise
from reconciler.operations.check import check
from reconciler.operations.check_choice import LOCAL_CLIENT
from reconciler.operations.check_task import CheckParts, CheckTask, StepEnded
from reconciler.planning.access_proof import Caller
from reconciler.planning.check_report import CheckReport, StepState
from reconciler.render.text.check import render_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.context import Connection, Context
    from reconciler.clients.credentials import Credentials
    from reconciler.definitions.definition import Resolved
    from reconciler.execution.check_journal import CheckJournal
    from reconciler.model.customers import AccessRequest
    from reconciler.model.environment import ConfiguredCheck
    from reconciler.model.request_template import Template


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How a check is run."""

    existing: bool
    again: bool
    by_hand: bool
    """In the environment local: a person answers on the page, in place of the embedded customer."""
    patience: float
    """Seconds."""
    shown: bool
    """Whether each step is shown on stdout when it is done."""


def run_check(
    context: Context, resolved: Resolved, chosen: ConfiguredCheck, template: Template, options: CheckOptions
) -> CheckReport:
    """Check, and give all steps; raises `ReconcilerError` for what stops it before the first one."""
    triple = Triple(chosen.system, chosen.customer, chosen.reference)
    folder = prepare_own_folder(context.root, FOLDER)
    name = name_check(context.environment.identity, triple)
    page = folder / f"{name}.link"
    is_local = context.environment.name == "local"
    credentials = None if is_local else read_runtime_credentials(os.environ)
    steps = []
    with open_check_journal(folder, name) as journal, open_register(context, read_only=True) as connection:
        runtime = credentials or _make_runtime_client(connection, resolved, chosen)
        task = CheckTask(
            connection.environment,
            triple,
            template,
            normalise(resolved.system),
            Caller(runtime.client_id, connection.target.vendor),
            chosen.scopes,
            connection.ownership.acceptances,
            existing=options.existing,
            again=options.again,
            patience=options.patience,
        )
        answers_itself = is_local and not options.by_hand
        invite = partial(_approve, connection) if answers_itself else partial(_tell, page)
        with _open_parts(connection, task, runtime, journal, invite) as parts:
            for step in check(task, parts):
                steps.append(step)
                if options.shown:
                    show_lines(render_step(step))
                    sys.stdout.flush()
    if not any(each.state is StepState.WAITING for each in steps):
        page.unlink(missing_ok=True)
    return CheckReport(context.environment.name, triple, template.name, tuple(steps))


@contextmanager
def _open_parts(
    connection: Connection,
    task: CheckTask,
    runtime: Credentials,
    journal: CheckJournal,
    invite: Callable[[AccessRequest], None],
) -> Iterator[CheckParts]:
    """Open what a check works with: only the routes of requests can be written to, and none where nothing is asked."""
    from reconciler.clients.runtime import open_as_system_user  # noqa: PLC0415 - loads HTTP

    as_user = open_as_system_user(connection.environment, runtime, task.triple, task.scopes)
    with open_system_users(connection, read_only=task.existing) as customers, as_user as opened:
        yield CheckParts(
            connection.register, customers, opened, journal, invite, lambda: datetime.now(UTC), time.sleep
        )


def _make_runtime_client(connection: Connection, resolved: Resolved, chosen: ConfiguredCheck) -> Credentials:
    """Make a client in the embedded register that stands for the vendor's own program."""
    from reconciler.clients.embedded import add_runtime_client  # noqa: PLC0415 - loads a server

    client = next(iter(resolved.system.clientId), "")
    if not client:
        file = resolved.definition.document.file
        raise UsageError(
            f"{file} lists no `clientId`, so no program could use a system user.",
            hint="Add the runtime client.",
        )
    return add_runtime_client(
        connection.environment, connection.credentials, client, connection.target.vendor, chosen.scopes
    )


def _approve(connection: Connection, request: AccessRequest) -> None:
    from reconciler.clients.embedded import approve_locally  # noqa: PLC0415 - loads a server

    refused = approve_locally(connection.environment, request, LOCAL_CLIENT)
    if refused:
        raise StepEnded(StepState.WRONG, f"The embedded customer could not accept the request: {refused}")
    added = f", and adds its client {LOCAL_CLIENT}" if request.kind == AGENT else ""
    notify(
        f"The embedded customer {request.triple.org} accepts the request{added}; --by-hand leaves it to you."
    )


def _tell(page: Path, request: AccessRequest) -> None:
    """Say who decides, and where; the link is shown on a terminal only, and else is in a file."""
    held = "" if request.kind == AGENT else ", who has to hold all that is asked for,"
    notify(f"An access manager of {request.triple.org}{held} decides on the page of the request.")
    if sys.stderr.isatty() and not os.environ.get("CI"):  # a runner's log can be a terminal too
        notify(f"The page: {request.link.reveal()}")
        return
    write_file(page, f"{request.link.reveal()}\n")
    notify(f"The link to the page is not for a log; it is in {page}, which you alone can read.")
