"""A check of a registration, against a service in memory that answers as the contract says and can lose answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import (
    Exit,
    Forbidden,
    NoAnswer,
    NotConnected,
    Rejected,
    ServerFailed,
    SystemUserRefused,
)
from reconciler.execution.check_journal import open_check_journal
from reconciler.model.authorized_parties import AuthorizedParties, AuthorizedParty
from reconciler.model.canonical_json import digest_json
from reconciler.model.customers import (
    ACCEPTED,
    AGENT,
    NEW,
    REJECTED,
    AccessRequest,
    SystemUser,
    Triple,
    read_request,
)
from reconciler.model.environment import BUILT_IN
from reconciler.model.request_template import Template, build_body
from reconciler.model.secret import Secret
from reconciler.model.system import Right
from reconciler.operations.check import check, find_overview
from reconciler.operations.check_request import LATE, LOOKS
from reconciler.operations.check_task import CheckParts, CheckTask
from reconciler.planning.acceptance import Acceptance, Acceptances
from reconciler.planning.access_proof import TYPE, Caller
from reconciler.planning.check_report import CheckReport
from tests.builders import CLIENT, VENDOR, a_live_document, a_registered_system, a_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.execution.check_journal import CheckJournal
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem

SYSTEM, ORG = f"{VENDOR}_smartcloud", "310904473"
TRIPLE = Triple(SYSTEM, ORG, "reconciler-check")
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
RIGHT = "ske-krav-og-betalinger"
LINK = "https://am.ui.example/systemuser/request?id=not-for-a-log"
TEMPLATE = Template(
    "standard",
    "standard",
    (Right.model_validate(a_live_document()["rights"][0], strict=False),),
    (PACKAGE,),
    "https://smartcloud.example/receipt",
)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Service:
    """The customers' side in memory: requests and system users, as the contract says of a vendor's routes."""

    requests: list[AccessRequest] = field(default_factory=list)
    users: list[SystemUser] = field(default_factory=list)
    asked: int = 0
    withdrawn: list[str] = field(default_factory=list)
    losing: str = ""
    """What becomes of the next POST: `before` or `after` it is carried out its answer is lost."""
    refusing: Exception | None = None
    unreadable: int = 0
    """How many looks at a request fail from now on."""

    def find_user(self, triple: Triple) -> SystemUser | None:
        """Find a system user."""
        return next((each for each in self.users if each.triple == triple), None)

    def read_request(self, key: str, kind: str) -> AccessRequest | None:
        """Read a request by its id."""
        if self.unreadable:
            self.unreadable -= 1
            raise ServerFailed("The register answered 503.", status=503)
        return next((each for each in self.requests if (each.id, each.kind) == (key, kind)), None)

    def find_request(self, triple: Triple, kind: str) -> AccessRequest | None:
        """Find the first row of a triple."""
        return next((each for each in self.requests if (each.triple, each.kind) == (triple, kind)), None)

    def create_request(self, body: Mapping[str, Json], kind: str) -> tuple[AccessRequest, bool]:
        """Make a request, or give the older one, in the order of the contract's checks."""
        self.asked += 1
        if self.refusing is not None:
            raise self.refusing
        if self.losing == "before":
            raise NoAnswer("The connection broke.")
        triple = Triple(body["systemId"], body["partyOrgNo"], body.get("externalRef") or body["partyOrgNo"])
        if self.find_user(triple) is not None:
            raise Rejected("The system user exists.", codes=("AUTH-00004",))
        found = self.find_request(triple, kind)
        made = found or a_request(f"asked-{self.asked}", body, kind)
        if found is None:
            self.requests.append(made)
        if self.losing == "after":
            raise NoAnswer("The connection broke.")
        return made, found is None

    def withdraw_request(self, key: str, kind: str) -> bool:
        """Withdraw a request."""
        self.withdrawn.append(key)
        found = self.read_request(key, kind)
        self.requests = [each for each in self.requests if each is not found]
        return found is not None

    def decide(self, status: str, place: int = 0) -> None:
        """Answer as the customer."""
        request = replace(self.requests[place], status=status)
        self.requests[place] = request
        if status == ACCEPTED:
            self.users.append(SystemUser(request.id, request.kind, request.triple, "2026-11-22T12:00:00Z"))


def a_request(
    key: str, body: Mapping[str, Json] | None = None, kind: str = "standard", **changes: Json
) -> AccessRequest:
    """Make a request as the service answers one."""
    asked = body or build_body(TEMPLATE, *TRIPLE)
    row = {
        "id": key,
        "externalRef": asked.get("externalRef", ORG),
        "status": NEW,
        "confirmUrl": LINK,
        **asked,
    }
    return read_request({**row, **changes}, kind)


@dataclass
class Program:
    """The vendor's program in memory, with whatever the system user was given."""

    service: Service
    packages: frozenset[str] = frozenset({"skattegrunnlag"})
    resources: frozenset[str] = frozenset({RIGHT})
    clients: tuple[str, ...] = (ORG,)
    claims: Mapping[str, Json] = field(default_factory=dict)
    refusing: Exception | None = None

    def read_claims(self) -> Mapping[str, Json]:
        """Give the claims of a token."""
        user = self.service.find_user(TRIPLE)
        if self.refusing is not None or user is None:
            raise self.refusing or SystemUserRefused(
                "Maskinporten refused the grant (MP-303).", code="MP-303"
            )
        return {**some_claims(user.id), **self.claims}

    def list_parties(self) -> AuthorizedParties:
        """Give what the system user may do."""
        return AuthorizedParties(
            tuple(AuthorizedParty(each, self.packages, self.resources) for each in self.clients)
        )


def some_claims(user: str) -> dict[str, Json]:
    """Make the claims of a token as a system user."""
    owner = {"authority": "iso6523-actorid-upis", "ID": f"0192:{ORG}"}
    detail = {"type": TYPE, "systemuser_org": owner, "systemuser_id": [user], "system_id": SYSTEM}
    return {"authorization_details": [detail], "consumer": {"ID": f"0192:{VENDOR}"}, "client_id": CLIENT}


class Registered:
    """A register that holds one system, or none."""

    def __init__(self, live: RegisteredSystem | None) -> None:
        self.live = live

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read it."""
        assert system == SYSTEM
        return self.live


@dataclass
class Stage:
    """All that a check works with, in memory but for the journal, and a clock that only waiting moves."""

    folder: Path
    service: Service = field(default_factory=Service)
    live: RegisteredSystem | None = field(default_factory=a_registered_system)
    task: CheckTask = field(
        default_factory=lambda: CheckTask(
            BUILT_IN[1]._replace(), TRIPLE, TEMPLATE, a_system(), Caller(CLIENT, VENDOR), patience=60
        )
    )
    now: datetime = START
    invited: list[str] = field(default_factory=list)
    customer: Callable[[int], None] = lambda _: None
    """What the customer does after so many waits."""
    waits: int = 0

    def __post_init__(self) -> None:
        self.program = Program(self.service)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += timedelta(seconds=seconds)
        self.waits += 1
        self.customer(self.waits)

    def run(self, **changes: Json) -> CheckReport:
        """Run a check to its end."""
        self.task = replace(self.task, **changes)
        with open_check_journal(self.folder, "check") as journal:
            steps = tuple(check(self.task, self._make_parts(journal)))
        return CheckReport("tt02", self.task.triple, self.task.template.name, steps)

    def _make_parts(self, journal: CheckJournal) -> CheckParts:
        def invite(request: AccessRequest) -> None:
            self.invited.append(request.link.reveal())

        register = Registered(self.live)
        return CheckParts(register, self.service, self.program, journal, invite, lambda: self.now, self.wait)  # type: ignore[arg-type]  # a register that only reads


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Set a stage whose customer says yes after the second wait."""
    made = Stage(tmp_path)
    made.customer = lambda waits: made.service.decide(ACCEPTED) if waits == 2 else None
    yield made
    assert LINK not in "".join(path.read_text() for path in tmp_path.iterdir())


def name_steps(report: CheckReport) -> list[str]:
    """Name the steps and how they ended."""
    return [f"{each.name} {each.state}" for each in report.steps]


PROVEN = ["registration ok", "request ok", "approval ok", "token ok", "access ok"]
EXISTING = ["registration ok", "system-user ok", "token ok", "access ok"]


def test_all_of_it(stage: Stage) -> None:
    """Asked once, told where to decide, waited for, and proven; the next run asks nobody."""
    first = stage.run()

    assert (name_steps(first), first.exit_code) == (PROVEN, Exit.DONE)
    assert (stage.service.asked, stage.invited) == (1, [LINK])
    assert name_steps(stage.run()) == EXISTING
    assert name_steps(stage.run(existing=True)) == EXISTING
    assert stage.service.asked == 1
    assert "am.ui.tt02.altinn.no/accessmanagement/ui/systemuser/overview" in first.steps[-1].hint


def test_nobody_is_asked_with_existing(stage: Stage) -> None:
    """The nightly form says what is missing."""
    report = stage.run(existing=True)

    assert (name_steps(report), report.exit_code) == (["registration ok", "system-user wrong"], Exit.FAILED)
    assert stage.service.asked == 0


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (None, "not registered in tt02"),
        (a_registered_system(isDeleted=True), "deleted in tt02"),
        (a_registered_system(clientId=["other"]), f"does not list the runtime client {CLIENT}"),
        (a_registered_system(isVisible=False), "differs from the definition in `isVisible`"),
        (a_registered_system(accessPackages=[]), "differs from the definition in `accessPackages"),
    ],
    ids=["absent", "deleted", "client", "visible", "package"],
)
def test_a_registration_that_is_not_as_it_should_be(
    stage: Stage, live: RegisteredSystem | None, told: str
) -> None:
    """Nobody is asked for what the register does not hold."""
    stage.live = live
    report = stage.run()

    assert (name_steps(report), report.exit_code) == (["registration wrong"], Exit.FAILED)
    assert told in report.steps[0].message
    assert (stage.service.asked, stage.service.users) == (0, [])


def test_a_difference_that_stands_accepted(stage: Stage) -> None:
    """It is no reason to prove nothing."""
    stage.live = a_registered_system(isVisible=False)
    entry = Acceptance("tt02", SYSTEM, "isVisible", START.date(), "x", digest_json(False))  # noqa: FBT003 - a value of the register's
    report = stage.run(acceptances=Acceptances(START.date(), (entry,)))

    assert name_steps(report) == PROVEN


def test_a_template_beyond_the_registration(stage: Stage) -> None:
    """What the register does not hold cannot be asked for, though the definition equals it."""
    report = stage.run(template=TEMPLATE._replace(packages=(PACKAGE, "urn:altinn:accesspackage:more")))

    assert name_steps(report) == ["registration wrong"]
    assert "urn:altinn:accesspackage:more" in report.steps[0].message


def test_the_time_is_up(stage: Stage) -> None:
    """A customer who does not answer is waited for with growing pauses, and by the next run."""
    stage.customer = lambda _: None
    report = stage.run()

    assert (name_steps(report)[-1], report.exit_code) == ("approval waiting", Exit.DIFFERENT)
    assert stage.now - START == timedelta(seconds=60)
    assert stage.waits < 12
    stage.service.decide(ACCEPTED)
    assert name_steps(stage.run()) == EXISTING
    assert stage.service.asked == 1


def test_no_patience_at_all(stage: Stage) -> None:
    """With none the customer is asked, and nothing is waited for."""
    assert name_steps(stage.run(patience=0))[-1] == "approval waiting"
    assert stage.waits == 0


def test_a_rejection(stage: Stage) -> None:
    """The customer says no: nobody asks again but with the option that says so."""
    stage.customer = lambda _: stage.service.decide(REJECTED)
    assert name_steps(stage.run())[-1] == "approval wrong"
    report = stage.run()

    assert (name_steps(report)[-1], report.exit_code) == ("request wrong", Exit.FAILED)
    assert (stage.service.asked, stage.service.withdrawn) == (1, [])
    stage.customer = lambda _: stage.service.decide(ACCEPTED)
    assert name_steps(stage.run(again=True)) == PROVEN
    assert (stage.service.asked, stage.service.withdrawn) == (2, ["asked-1"])


@pytest.mark.parametrize(
    "changes",
    [
        {"accessPackages": []},
        {"rights": []},
        {"accessPackages": [{"urn": PACKAGE}, {"urn": "urn:altinn:accesspackage:more"}]},
        {"redirectUrl": "https://elsewhere.example/"},
        {"timedOut": True},
    ],
    ids=["less packages", "less rights", "more", "redirect", "old"],
)
def test_an_older_request_of_the_check(stage: Stage, changes: Mapping[str, Json]) -> None:
    """An answer of 200 is compared: what is not what would be asked for now is withdrawn, and asked anew, once."""
    stage.service.requests.append(a_request("old", **changes))

    assert name_steps(stage.run()) == PROVEN
    assert (stage.service.withdrawn, stage.service.asked) == (["old"], 1)


def test_an_older_request_that_asks_the_same(stage: Stage) -> None:
    """It is waited for, and nothing is asked."""
    stage.service.requests.append(a_request("old"))

    assert name_steps(stage.run()) == PROVEN
    assert (stage.service.withdrawn, stage.service.asked) == ([], 0)


def test_several_requests_of_one_triple(stage: Stage) -> None:
    """One of them is withdrawn, and the other left alone, whatever it asks for."""
    stage.service.requests += [a_request("one", rights=[]), a_request("two", accessPackages=[])]
    report = stage.run()

    assert name_steps(report)[-1] == "request wrong"
    assert "another request with this reference" in report.steps[-1].message
    assert stage.service.withdrawn == ["one"]
    assert [each.id for each in stage.service.requests] == ["two"]


def test_the_request_of_an_earlier_run_is_followed(stage: Stage) -> None:
    """Where there are several, the one in the journal counts, wherever it stands in the list."""
    stage.run(patience=0)
    stage.service.requests.insert(0, a_request("foreign", rights=[]))
    stage.customer = lambda _: stage.service.decide(ACCEPTED, place=1)

    assert name_steps(stage.run(patience=60)) == PROVEN
    assert (stage.service.asked, stage.service.withdrawn) == (1, [])


def test_an_answer_that_is_lost(stage: Stage) -> None:
    """A request that was made although its answer was lost is found by its triple; nothing is asked twice."""
    stage.service.losing = "after"

    assert name_steps(stage.run()) == PROVEN
    assert (stage.service.asked, len(stage.service.requests)) == (1, 1)


def test_a_request_that_may_still_be_carried_out(stage: Stage) -> None:
    """Where nothing is found the outcome is unknown, and nothing is sent until that time is over."""
    stage.service.losing, stage.customer = "before", lambda _: None
    report = stage.run()
    assert (name_steps(report)[-1], report.exit_code) == ("request unknown", Exit.UNKNOWN)
    assert stage.waits == LOOKS

    stage.service.losing = ""
    stage.now = datetime.now(UTC)  # which is the journal's clock
    assert name_steps(stage.run())[-1] == "request unknown"
    assert stage.service.asked == 1

    stage.now += LATE
    stage.customer = lambda _: stage.service.decide(ACCEPTED)
    assert name_steps(stage.run()) == PROVEN
    assert stage.service.asked == 2


def test_a_request_that_was_carried_out_late(stage: Stage) -> None:
    """The next run finds what the lost request made."""
    stage.service.losing, stage.customer = "before", lambda _: None
    stage.run()
    stage.service.requests.append(a_request("late"))
    stage.service.losing, stage.now = "", datetime.now(UTC)
    stage.customer = lambda _: stage.service.decide(ACCEPTED)

    assert name_steps(stage.run()) == PROVEN
    assert stage.service.asked == 1


@pytest.mark.parametrize(
    ("refusal", "state", "told"),
    [
        (Rejected("The register answered 400.", codes=("AUTH-00000",)), "wrong", "Tenor"),
        (Rejected("The register answered 400.", codes=("AUTH-00021",)), "wrong", "redirectUrl"),
        (Rejected("The register answered 400.", codes=("AUTH-00007",)), "wrong", "--reference"),
        (Rejected("The register answered 400.", codes=("AUTH-00004",)), "wrong", "--reference"),
        (Rejected("The register answered 400.", codes=("AUTH-09999",), hint="Look."), "wrong", "Look."),
        (Forbidden("It lacks the scope.", hint="Add it.", status=403), "wrong", "Add it."),
        (NotConnected("It could not be reached.", hint="Check."), "unknown", "Check."),
    ],
    ids=["organisation", "redirect", "other kind", "exists", "other", "scope", "network"],
)
def test_a_refusal(stage: Stage, refusal: Exception, state: str, told: str) -> None:
    """It is named with what to do; the next run asks again, since nothing is under way."""
    stage.service.refusing = refusal
    report = stage.run()

    assert name_steps(report)[-1] == f"request {state}"
    assert told in report.steps[-1].hint
    stage.service.refusing = None
    assert name_steps(stage.run()) == PROVEN


def test_a_system_user_that_came_meanwhile(stage: Stage) -> None:
    """AUTH-00004 between two looks: the system user is there, and goes on to the proof."""
    stage.service.users.append(SystemUser("portal", "standard", TRIPLE, ""))
    looks = iter([None, stage.service.users[0]])
    find, stage.service.find_user = stage.service.find_user, lambda triple: next(looks, find(triple))  # type: ignore[method-assign]  # it comes late
    stage.service.refusing = Rejected("The system user exists.", codes=("AUTH-00004",))
    report = stage.run()

    assert name_steps(report) == ["registration ok", "request ok", "token ok", "access ok"]


def test_a_system_user_of_another_kind(stage: Stage) -> None:
    """It holds the reference, and cannot be what the template asks for."""
    stage.service.users.append(SystemUser("x", AGENT, TRIPLE, ""))
    report = stage.run()

    assert name_steps(report) == ["registration ok", "system-user wrong"]
    assert stage.service.asked == 0


def test_a_deleted_system_user(stage: Stage) -> None:
    """The customer deleted it, and its request with it: the check asks anew."""
    stage.run()
    stage.service.users, stage.service.requests = [], []
    stage.customer = lambda _: stage.service.decide(ACCEPTED)

    assert name_steps(stage.run()) == PROVEN
    assert stage.service.asked == 2


def test_a_request_that_somebody_withdrew(stage: Stage) -> None:
    """While it is waited for."""
    stage.customer = lambda _: stage.service.requests.clear()
    report = stage.run()

    assert name_steps(report)[-1] == "approval wrong"
    assert "withdrawn" in report.steps[-1].message


def test_an_approval_that_broke_off(stage: Stage) -> None:
    """A system user beside an open request holds nothing; only the customer can delete it."""
    stage.customer = lambda waits: (
        stage.service.users.append(SystemUser("half", "standard", TRIPLE, "")) if waits == 1 else None
    )
    report = stage.run()

    assert name_steps(report)[-1] == "approval wrong"
    assert "broke off" in report.steps[-1].message


def test_an_outage_while_waiting(stage: Stage) -> None:
    """Failed looks end no wait; where the last one fails, the outcome is unknown."""
    stage.service.unreadable = 2
    assert name_steps(stage.run()) == PROVEN

    stage.service.users.clear()
    stage.service.requests.clear()
    stage.run(patience=0)
    stage.service.unreadable, stage.customer = 100, lambda _: None
    report = stage.run(patience=5)

    assert report.exit_code is Exit.UNKNOWN


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (SystemUserRefused("Maskinporten refused the grant (MP-303).", code="MP-303"), "token wrong"),
        (NoAnswer("No answer."), "token unknown"),
    ],
    ids=["MP-303", "outage"],
)
def test_no_token(stage: Stage, failure: Exception, state: str) -> None:
    """Maskinporten finds no such system user, or does not answer."""
    stage.program.refusing = failure
    report = stage.run()

    assert name_steps(report)[-1] == state
    assert failure.args[0] in report.steps[-1].message


def test_a_token_of_another(stage: Stage) -> None:
    """The claims name another vendor: nothing is proven."""
    stage.program.claims = {"consumer": {"ID": "0192:312605031"}}

    assert name_steps(stage.run())[-1] == "token wrong"


def test_less_than_was_asked_for(stage: Stage) -> None:
    """A token proves no access: what was not given is named."""
    stage.program.packages = frozenset()
    report = stage.run()

    assert (name_steps(report)[-1], report.exit_code) == ("access wrong", Exit.FAILED)
    assert f"{PACKAGE} for {ORG}" in report.steps[-1].message


def test_without_the_scope(stage: Stage) -> None:
    """Where the access cannot be looked at, it is said so."""
    report = stage.run(scopes=("other:scope",))

    assert name_steps(report)[-1] == "access skipped"


def test_an_agent(stage: Stage) -> None:
    """What it may do is seen at its clients, so before the first nothing is."""
    template = TEMPLATE._replace(kind="agent", rights=())
    stage.program.clients = ()
    assert name_steps(stage.run(template=template))[-1] == "access skipped"

    stage.program.clients = ("310700001",)
    assert name_steps(stage.run())[-1] == "access ok"


def test_where_a_customer_deletes() -> None:
    """Altinn's own page for each of its platforms, and none elsewhere."""
    pages = [find_overview(each._replace(register=each.register)) for each in BUILT_IN]

    assert pages == [
        "",
        *(
            f"https://am.ui.{each}/accessmanagement/ui/systemuser/overview"
            for each in ("tt02.altinn.no", "altinn.no")
        ),
    ]


def test_a_link_is_a_secret() -> None:
    """It is in no text of a request."""
    request = a_request("x")

    assert request.link == Secret(LINK)
    assert LINK not in f"{request} {request!r}"


class Killed(BaseException):
    """The process is gone."""


class Killing:
    """The customers' side until a process is killed at one of its calls, before it is carried out or after."""

    def __init__(self, service: Service, at: int, moment: str) -> None:
        self.service, self.at, self.moment = service, at, moment
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Give a method that counts, and kills when it is time."""
        method = getattr(self.service, name)

        def call(*values: object) -> object:
            self.calls += 1
            if self.calls == self.at and self.moment == "before":
                raise Killed
            answer = method(*values)
            if self.calls == self.at:
                raise Killed
            return answer

        return call


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("old", [[], [{}], [{"rights": []}]], ids=["nothing", "same", "outdated"])
def test_a_run_that_is_killed_at_every_call(
    tmp_path: Path, old: list[Mapping[str, Json]], moment: str
) -> None:
    """The next run goes on: there is one request, one system user, and nothing was asked twice."""
    for at in range(1, 30):
        folder = tmp_path / str(at)
        folder.mkdir()
        stage = Stage(
            folder, Service([a_request(f"old-{number}", **each) for number, each in enumerate(old)])
        )
        service, killing = stage.service, Killing(stage.service, at, moment)
        stage.customer = lambda _, service=service: service.users or service.decide(ACCEPTED)  # type: ignore[misc]  # a default binds it
        stage.service = killing  # type: ignore[assignment]  # it stands for the service
        try:
            stage.run()
        except Killed:
            stage.service, stage.now = service, datetime.now(UTC) + LATE
            assert stage.run().proven
        else:
            break
        assert (len(service.requests), len(service.users)) == (1, 1)
        assert service.asked == (0 if old == [{}] else 1)
    assert killing.calls < at < 29
