"""A plan looks up what its changes add: once each, and what the register would refuse is blocked, with its line."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from reconciler.clients.register import PACKAGES, RESOURCE, HttpRegister
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import ReconcilerError, WriteRefused
from reconciler.execution.freshness import check_consistent, check_fresh
from reconciler.execution.outcome import Failed
from reconciler.model.environment import Environment
from reconciler.model.findings import Severity
from reconciler.operations.plan import plan
from reconciler.operations.scope import Scope
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.change import Blocked
from reconciler.planning.plan import stamp
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import VENDOR, a_live_document, a_resolved
from tests.execution.stage import SHORT, Stage, a_client, open_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

KNOWN, OTHER = "ske-krav-og-betalinger", "kravogbetaling"
SKATT = "urn:altinn:accesspackage:skattegrunnlag"
NEW = "urn:altinn:accesspackage:brand-new"


@pytest.fixture(scope="module")
def shared(private_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run one emulator for all tests."""
    with open_stage(private_key, tmp_path_factory.mktemp("journal"), resources={"res-*": "AltinnApp"}) as one:
        yield one


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """Use it without faults, and with an empty log."""
    shared.heal()
    shared.control("DELETE", "log")
    yield shared
    shared.heal()


def ask(stage: Stage, *systems: Resolved, **options: Json) -> Plan:
    """Plan as the verb does."""
    return plan(list(systems), stage.target, stage.register, stage.ownership(), **options)


def write(name: str, text: str) -> Resolved:
    """Make a definition of a text, whose lines count."""
    document = read_document(f"systems/{name}.yaml", text.encode())
    (found,) = resolve_all(validate([document], ("served",)).definitions, "served")
    return found


def count_look_ups(stage: Stage) -> Counter[str]:
    """Count at the emulator what clients asked the metadata APIs for."""
    paths = [unquote(str(each["path"])) for each in stage.log()]
    return Counter(path for path in paths if path.startswith((RESOURCE, PACKAGES)))


def a_text(name: str, rights: Sequence[str], packages: Sequence[str] = (), rest: str = "") -> str:
    """Write a definition with a line for each right, the first on line 6."""
    lines = [
        f"id: {name}",
        f'vendor: "{VENDOR}"',
        "name: {nb: A, nn: A, en: A}",
        "description: {nb: A, nn: A, en: A}",
        "rights:",
        *(f"  - {each}" for each in rights),
        "accessPackages:",
        *(f"  - {each}" for each in packages),
        rest,
    ]
    return "\n".join(lines if packages else [each for each in lines if each != "accessPackages:"])


@pytest.mark.parametrize(
    ("right", "reason", "hint"),
    [
        ("ske-krav-og-betaling", "is not a resource in served", "Did you mean `ske-krav-og-betalinger`"),
        ("zzzz", "is not a resource in served", "leave the right out until the resource exists there"),
        ("ttd-am-k6", "is of type MaskinportenSchema in served", "Remove it."),
        ("ttd-consent-example", "is of type Consent in served", "Remove it."),
    ],
)
def test_a_right_that_would_be_refused_blocks(stage: Stage, right: str, reason: str, hint: str) -> None:
    """P3: with the reason, what to write, and the line of the right; the register refuses the same."""
    (name,) = stage.fresh("a")
    system = write(name, a_text(name, [KNOWN, right], [SKATT]))

    made = ask(stage, system)

    (change,) = made.changes
    assert isinstance(change, Blocked)
    assert f"`{right}` {reason}" in change.reason
    assert hint in change.hint
    assert (change.file, change.line) == (f"systems/{name}.yaml", 7)
    assert made.steps == ()
    (outcome,) = stage.apply(stage.plan([system])).outcomes
    assert isinstance(outcome, Failed)
    assert stage.held(name) == {}


@pytest.mark.parametrize(
    ("flags", "visible", "reason"),
    [
        (None, False, "is not an access package in served"),
        ((False, False), False, "is neither delegable nor assignable in served"),
        ((True, False), True, "has isAssignable false in served, and the system is visible"),
        ((True, False), False, ""),
    ],
)
def test_the_environments_word_on_a_package_counts(
    stage: Stage, flags: tuple[bool, bool] | None, reason: str, *, visible: bool
) -> None:
    """An environment lags behind the shipped list, or leads it; what it says blocks, and lifts what was allowed."""
    if flags is not None:
        body = {"name": "N", "isDelegable": flags[0], "isAssignable": flags[1]}
        stage.control("PUT", f"packages/{NEW}", body)
    else:
        stage.control("DELETE", f"packages/{NEW}")
    (name,) = stage.fresh("a")
    rest = f"isVisible: {str(visible).lower()}\nallow:\n  package-unknown: new there\n"
    document = read_document(f"systems/{name}.yaml", a_text(name, [KNOWN], [SKATT, NEW], rest).encode())
    checked = validate([document], ("served",))
    (system,) = resolve_all(checked.definitions, "served")

    (change,) = ask(stage, system, scope=Scope(checked.findings)).changes

    assert checked.sound
    assert change.action == ("blocked" if reason else "create")
    assert reason in change.reason
    assert change.line == (9 if reason else 1)
    assert [each.word for each in stage.apply(stage.plan([system])).outcomes] == [
        "failed" if reason else "done"
    ]


def test_several_are_named_with_their_lines(stage: Stage) -> None:
    """One sentence for each, the first five; the rest is counted."""
    (name,) = stage.fresh("a")

    (change,) = ask(stage, write(name, a_text(name, [f"zz-{each}" for each in "abcdefgh"]))).changes

    assert change.line == 6
    assert change.reason.startswith(
        "`zz-a` is not a resource in served (AUTH.VLD-00003); "
        "`zz-b` is not a resource in served (AUTH.VLD-00003, line 7)"
    )
    assert change.reason.endswith("(AUTH.VLD-00003, line 10); and 3 more")


def test_only_what_is_added_is_looked_up(stage: Stage) -> None:
    """What the register holds already, unchanged or not known there any more, is asked for by nobody."""
    kept, grown, shrunk = stage.fresh("k", "g", "s")
    gone = [{"resource": [{"id": "urn:altinn:resource", "value": "gone"}]}]
    stage.seed(*(a_live_document(id=name, rights=gone, clientId=[]) for name in (kept, grown, shrunk)))
    more = [*gone, *a_live_document()["rights"]]

    made = ask(
        stage,
        a_resolved(id=kept, rights=gone, clientId=[]),
        a_resolved(id=grown, rights=more, clientId=[]),
        a_resolved(id=shrunk, rights=[], clientId=[], name={"nb": "X", "nn": "X", "en": "X"}),
    )

    assert {each.id: each.action for each in made.changes} == {
        kept: "keep",
        grown: "update",
        shrunk: "update",
    }
    assert count_look_ups(stage) == {f"{RESOURCE}/{KNOWN}": 1}


def test_nothing_added_is_nothing_asked(stage: Stage) -> None:
    """An empty plan, a deletion and another text cost no look-up."""
    kept, renamed, withdrawn = stage.fresh("k", "r", "w")
    stage.seed(*(a_live_document(id=name, clientId=[]) for name in (kept, renamed, withdrawn)))

    ask(
        stage,
        a_resolved(id=kept, clientId=[]),
        a_resolved(id=renamed, clientId=[], name={"nb": "X", "nn": "X", "en": "X"}),
        a_resolved(id=withdrawn, withdrawn=True),
    )

    assert count_look_ups(stage) == {}


@pytest.mark.slow
def test_each_right_is_asked_for_once_however_many_definitions_add_it(stage: Stage) -> None:
    """500 definitions that add three rights and two packages each: one request for each name that is distinct."""
    packages = [SKATT, "urn:altinn:accesspackage:jordbruk", "urn:altinn:accesspackage:dyrehold"]
    systems = [
        a_resolved(
            id=name,
            clientId=[],
            rights=[KNOWN, f"res-{number % 40}", f"res-{number % 70}x"],
            accessPackages=[packages[0], packages[1 + number % 2]],
        )
        for number, name in enumerate(stage.fresh(*(str(each) for each in range(500))))
    ]

    made = ask(stage, *systems)
    asked = count_look_ups(stage)

    assert made.summary["create"] == 500
    assert set(asked.values()) == {1}
    assert len(asked) == 1 + 40 + 70 + 3


def _strike(stage: Stage, path: str, **fault: Json) -> None:
    stage.strike(path=f"{path}/*", times=0, sender="client", **fault)


@pytest.mark.parametrize("path", [RESOURCE, PACKAGES])
@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 503},
        {"fault": "status", "status": 404, "body": "<html>proxy</html>"},
        {"fault": "status", "status": 200, "body": "<html>Sign in</html>"},
        {"fault": "reset"},
        {"fault": "timeout"},
    ],
    ids=lambda fault: f"{fault['fault']}-{fault.get('status', '')}",
)
@pytest.mark.slow
def test_an_outage_is_a_warning_and_blocks_nothing(
    stage: Stage, path: str, fault: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P3: it is told apart from "not found", by one finding that names what could not be checked."""
    monkeypatch.setattr("reconciler.clients.altinn_api.BUDGET", SHORT)
    monkeypatch.setattr("reconciler.clients.http_client.SHORTEST_SECONDS", SHORT)
    _strike(stage, path, **fault)
    (name,) = stage.fresh("a")

    made = ask(stage, write(name, a_text(name, ["zzzz", KNOWN, OTHER], [SKATT, f"{SKATT}x"])))

    (change,) = made.changes
    other = f"`{SKATT}x`" if path == RESOURCE else "`zzzz`"
    assert isinstance(change, Blocked)  # the other API answers
    assert change.reason.startswith(other)
    (warning,) = made.findings
    assert (warning.rule, warning.severity) == ("not-checked", Severity.WARNING)
    names = f"`zzzz`, `{KNOWN}`, `{OTHER}`" if path == RESOURCE else f"`{SKATT}`, `{SKATT}x`"
    assert warning.message.startswith(f"{names} could not be checked in served: ")
    assert (warning.place.file, warning.place.line) == (f"systems/{name}.yaml", 6 if path == RESOURCE else 10)


def test_a_warning_survives_in_a_saved_plan_and_is_outside_its_digest(stage: Stage) -> None:
    """What could not be checked is read back with the file, and voids no approval."""
    (name,) = stage.fresh("a")
    system = write(name, a_text(name, [KNOWN]))
    found = stamp(ask(stage, system), [], created="2026-01-01T00:00:00+00:00", tool_version="1")
    _strike(stage, RESOURCE, fault="status", status=404, body="<html>proxy</html>")

    doubted = stamp(ask(stage, system), [], created=found.created, tool_version="1")

    assert [each.rule for each in doubted.findings] == ["not-checked"]
    assert found.findings == ()
    assert found.digest == doubted.digest
    assert read_plan(print_plan(doubted).encode()) == doubted


def test_a_release_waits_for_a_claim_that_is_blocked(stage: Stage) -> None:
    """A client id does not leave one system for another that the register would refuse."""
    holder, claimer = stage.fresh("h", "c")
    stage.seed(
        *(a_live_document(id=name, clientId=[a_client(n)]) for n, name in ((71, holder), (72, claimer)))
    )

    made = ask(
        stage,
        a_resolved(id=holder, clientId=[]),
        a_resolved(id=claimer, clientId=[a_client(71), a_client(72)], rights=["zzzz"]),
    )

    assert {each.id: each.action for each in made.changes} == {holder: "blocked", claimer: "blocked"}
    assert made.steps == ()


def test_a_saved_plan_with_a_blocked_change_is_honest_and_fresh(stage: Stage) -> None:
    """Verify and apply of the file ask no metadata, and carry out what is not blocked."""
    good, bad = stage.fresh("g", "b")
    systems = [write(good, a_text(good, [KNOWN])), write(bad, a_text(bad, ["zzzz"]))]
    stamped = stamp(ask(stage, *systems), [], created="2026-01-01T00:00:00+00:00", tool_version="1")
    saved = read_plan(print_plan(stamped).encode())
    stage.control("DELETE", "log")

    check_consistent(saved)
    check_fresh(saved, stage.register, stage.ownership())
    report = stage.apply(saved)

    assert count_look_ups(stage) == {}
    assert [(each.change.id, each.word) for each in report.outcomes] == [(good, "done")]
    assert list(stage.held(good, bad)) == [good]


def test_a_forged_plan_unblocks_nothing(stage: Stage) -> None:
    """Without its document a change cannot be turned into a write; with another one the register refuses it."""
    (name,) = stage.fresh("a")
    system = write(name, a_text(name, ["zzzz"]))
    asked, forged = ask(stage, system), stage.plan([system])

    with pytest.raises(ReconcilerError):
        check_consistent(
            replace(asked, changes=(replace(asked.changes[0], document=forged.changes[0].document),))
        )
    (outcome,) = stage.apply(forged).outcomes

    assert isinstance(outcome, Failed)
    assert stage.held(name) == {}


def test_look_ups_go_through_the_client_that_only_reads(stage: Stage) -> None:
    """A plan's client sends GET alone, to the metadata APIs too."""
    environment = Environment("served", stage.emulator.base, stage.emulator.maskinporten)
    (name,) = stage.fresh("a")
    tokens = stage.register._tokens
    with HttpRegister(environment, tokens, read_only=True) as register:
        made = plan([write(name, a_text(name, ["zzzz"]))], stage.target, register, stage.ownership())
        with pytest.raises(WriteRefused):
            register.create_system(a_live_document(id=name))

    assert made.summary["blocked"] == 1
    assert {each["method"] for each in stage.log()} <= {"GET"}
