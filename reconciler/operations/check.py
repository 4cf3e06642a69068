"""Proves a registration from end to end: from the register, by a customer's yes, to what the system user may do.

Only the routes of requests are written to, and nobody's answer is given for them: the customer decides. The next run
goes on where one ended, since every step first looks at what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.errors import (
    MaskinportenUnavailable,
    NoAnswer,
    NotConnected,
    ReconcilerError,
    ServerFailed,
    SystemUserRefused,
    TooManyRequests,
    Unintelligible,
)
from reconciler.model.customers import AccessRequest, read_asking
from reconciler.model.environment import PARTIES
from reconciler.model.normalise import normalise
from reconciler.operations.check_request import find_or_ask, wait_for_customer
from reconciler.operations.check_task import StepEnded
from reconciler.planning.access_proof import compare_access, compare_claims
from reconciler.planning.check_report import STEPS, CheckStep, StepState
from reconciler.planning.diff import diff
from reconciler.planning.request_verdict import describe_asking, find_asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.model.customers import SystemUser
    from reconciler.model.environment import Environment
    from reconciler.model.system import RegisteredSystem
    from reconciler.operations.check_task import CheckParts, CheckTask

    _Found = tuple[StepState, str] | tuple[StepState, str, str]
    """How a step ended: its state, what was found, and perhaps a hint."""


_NO_ANSWER = (MaskinportenUnavailable, NoAnswer, NotConnected, ServerFailed, TooManyRequests, Unintelligible)
"""After these nothing is known of what was looked at."""
_PLATFORM = "platform."


def check(task: CheckTask, parts: CheckParts) -> Iterator[CheckStep]:
    """Check, and give each step when it is done; the first that does not go well is the last."""
    run = _Check(task, parts)
    looks: Sequence[Callable[[], _Found | None]] = (
        run.look_at_registration,
        run.find_user,
        run.ask,
        run.wait,
        run.fetch_token,
        run.look_at_access,
    )
    for name, look in zip(STEPS, looks, strict=True):
        try:
            step = look()
        except StepEnded as end:
            yield CheckStep(name, end.state, end.message, end.hint)
            return
        except ReconcilerError as error:
            state = StepState.UNKNOWN if isinstance(error, _NO_ANSWER) else StepState.WRONG
            yield CheckStep(name, state, error.message, error.hint)
            return
        if step is not None:
            yield CheckStep(name, *step)


def find_overview(environment: Environment) -> str:
    """Give the page where a customer sees and deletes system users; empty for a platform that is not Altinn's."""
    host = urlsplit(environment.register).hostname or ""
    if not host.startswith(_PLATFORM):
        return ""
    return f"https://am.ui.{host.removeprefix(_PLATFORM)}/accessmanagement/ui/systemuser/overview"


class _Check:
    """One check, while it is under way."""

    def __init__(self, task: CheckTask, parts: CheckParts) -> None:
        self._task = task
        self._parts = parts
        self._user: SystemUser | None = None
        self._request: AccessRequest | None = None

    def look_at_registration(self) -> tuple[StepState, str]:
        """Compare the register with the definition, the runtime client and the template."""
        task, system = self._task, self._task.triple.system
        again = f"`reconciler plan -e {task.environment.name}` shows what is to be applied first."
        live = self._parts.register.read_system(system)
        if live is None or live.is_deleted:
            what = "deleted" if live else "not registered"
            raise StepEnded(StepState.WRONG, f"`{system}` is {what} in {task.environment.name}.", hint=again)
        if task.caller.client not in live.client_ids:
            raise StepEnded(
                StepState.WRONG,
                f"`{system}` does not list the runtime client {task.caller.client} in `clientId`.",
                hint="A token as a system user goes to a client that the system lists, and to no other.",
            )
        differing = self._compare(live)
        if differing:
            raise StepEnded(
                StepState.WRONG, f"The register differs from the definition in {differing}.", hint=again
            )
        return StepState.OK, f"`{system}` is registered as its definition says"

    def _compare(self, live: RegisteredSystem) -> str:
        """Name the fields that differ and do not stand accepted, and what the template asks for in vain."""
        task = self._task
        found = diff(task.expected, normalise(live.read()))
        standing = {each.path for each in task.acceptances.find_fields(live.id, found)}
        paths = [f"`{each.path}`" for each in found if each.path not in standing]
        held = read_asking(live.document.get("rights"), live.document.get("accessPackages"))
        lacking = find_asking(task.template) - held
        return ", ".join([*paths, *([describe_asking(lacking)] if lacking and not paths else [])])

    def find_user(self) -> tuple[StepState, str] | None:
        """Find the system user that is there; nothing is asked where there is one."""
        self._user = self._parts.customers.find_user(self._task.triple)
        if self._user is not None:
            return self._accept_user(self._user)
        if self._task.existing:
            raise StepEnded(
                StepState.WRONG,
                f"{self._task.triple.org} has no system user with the reference {self._task.triple.reference}.",
                hint="Run it without --existing once, which asks for one.",
            )
        return None

    def _accept_user(self, user: SystemUser) -> tuple[StepState, str]:
        if user.kind != self._task.template.kind:
            raise StepEnded(
                StepState.WRONG,
                f"The system user with this reference is of type `{user.kind}`, and the template asks for "
                f"`{self._task.template.kind}`.",
                hint="Name another reference with --reference.",
            )
        return StepState.OK, f"{user.triple.org} has the system user {user.id}"

    def ask(self) -> tuple[StepState, str] | None:
        """Find the request, or ask."""
        if self._user is not None:
            return None
        found = find_or_ask(self._task, self._parts)
        if isinstance(found, AccessRequest):
            self._request = found
            # Not its id: with that anybody can make the link to the customer's page.
            return StepState.OK, f"{found.triple.org} is asked for `{self._task.template.name}`"
        self._user = found
        return self._accept_user(found)

    def wait(self) -> tuple[StepState, str] | None:
        """Wait for the customer."""
        if self._user is not None or self._request is None:
            return None
        self._user = wait_for_customer(self._request, self._task, self._parts)
        self._accept_user(self._user)
        return StepState.OK, f"accepted; {self._user.triple.org} has the system user {self._user.id}"

    def _demand_user(self) -> SystemUser:
        if self._user is None:
            raise StepEnded(StepState.WRONG, "There is no system user.")
        return self._user

    def fetch_token(self) -> tuple[StepState, str]:
        """Fetch a token as the system user, and compare its claims."""
        user, caller = self._demand_user(), self._task.caller
        try:
            claims = self._parts.runtime.read_claims()
        except SystemUserRefused as refusal:
            raise StepEnded(
                StepState.WRONG,
                refusal.message,
                hint=f"`{user.triple.system}` has to list client {caller.client}, whose organisation has to be the "
                "vendor, and the customer may have deleted the system user just now.",
            ) from None
        wrong = compare_claims(claims, user, caller)
        if wrong:
            raise StepEnded(StepState.WRONG, f"The token is not the system user's: {'; '.join(wrong)}.")
        return StepState.OK, f"client {caller.client} gets a token as the system user"

    def look_at_access(self) -> tuple[StepState, str, str]:
        """Compare what the system user may do with the template, and say where the customer deletes it."""
        task, user = self._task, self._demand_user()
        overview = find_overview(task.environment)
        ending = f"The customer sees and deletes the system user at {overview}" if overview else ""
        if PARTIES not in task.scopes:
            return StepState.SKIPPED, f"not looked at: the scope {PARTIES} is not asked for", ending
        found = self._parts.runtime.list_parties()
        proof = compare_access(found, user, task.template)
        if proof.missing and not found.complete:
            raise StepEnded(StepState.UNKNOWN, "Not all that the system user may do was shown.")
        if proof.missing:
            raise StepEnded(
                StepState.WRONG,
                f"The system user lacks {', '.join(proof.missing)}.",
                hint="It was given less than the template asks for. Have the customer delete it, and run this again."
                + (f" {ending}." if ending else ""),
            )
        if not proof.parties:
            return (
                StepState.SKIPPED,
                "no client was added to the system user, so it may do nothing yet",
                ending,
            )
        message = f"all that `{task.template.name}` asks for is there for {', '.join(proof.parties)}"
        return StepState.OK, message, ending
