"""Evidence of a run: one file that holds what proves it, in which nothing can be changed unseen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Refused, UsageError
from reconciler.execution.journal import (
    KEPT_APPROVAL,
    KEPT_PLAN,
    RecordedOutcome,
    continue_run,
    name_kept,
    now,
    start_run,
)
from reconciler.execution.journal_reader import read_journal, read_run
from reconciler.execution.outcome import Done
from reconciler.execution.report_v1 import read_report
from reconciler.execution.stored_zip import read_zip, write_zip
from reconciler.model.provenance import Provenance
from reconciler.operations.evidence import (
    APPROVAL,
    JOURNAL,
    MANIFEST,
    MEMBERS,
    PLAN,
    REGISTER,
    REPORT,
    Proof,
    check_evidence,
    collect_evidence,
)
from reconciler.operations.evidence_lookup import look_up_evidence
from reconciler.planning.approval import PlanApproval, Signoff
from reconciler.planning.change_log import LogEntry
from reconciler.planning.plan import Target, judge_plan, plan_changes
from reconciler.planning.plan_file import print_plan
from tests.builders import CLIENT, VENDOR, a_live_document, a_registered_system, a_resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.execution.journal import Journal, Run
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

SYSTEM = f"{VENDOR}_smartcloud"
AT = "2026-11-01T12:00:00.123456+00:00"


def a_plan() -> Plan:
    """Make a plan that hides a small system."""
    small: dict[str, Json] = {
        "rights": [],
        "accessPackages": [],
        "allowedRedirectUrls": [],
        "clientId": [CLIENT],
    }
    wanted = a_resolved(**small, isVisible=False)
    live = {SYSTEM: a_registered_system(**small)}
    made = plan_changes(Target("tt02", "https://register.example", VENDOR), [wanted], live, [])
    return replace(judge_plan(made, {}), created="2026-11-01T12:00:00+00:00", tool_version="1")


def begin(folder: Path, plan: Plan, *, approved: bool = False) -> Journal:
    """Record the beginning of a run, up to its first request."""
    approval = PlanApproval(date(2026, 11, 5), "agreed", "Anna", "3" * 40, at=AT, entry="- reason: agreed\n")
    accepted = Signoff("approval", approval) if approved else None
    journal = start_run(folder, plan.target, digest=plan.digest, version="1", accepted=accepted)
    journal.record_provenance(Provenance(tool_version="1", tool_digest="2" * 64, actor="anna"))
    journal.keep(KEPT_PLAN, print_plan(plan).encode())
    if approved:
        journal.keep(KEPT_APPROVAL, approval.entry.encode())
    (change,), (step,) = plan.writes, plan.steps
    journal.record_intent(step, live=change.live, newest="")
    return journal


def an_outcome(plan: Plan, word: str = "done", by: str = "apply") -> RecordedOutcome:
    """Make the outcome of the one request."""
    (change,) = plan.writes
    held = {**a_live_document(), **(change.document or {})}
    entry = LogEntry("update", VENDOR, CLIENT, AT, change.document) if word == "done" else None
    return RecordedOutcome(1, SYSTEM, word, "", held, asdict(entry) if entry else None, by, now())


def a_run(folder: Path, *, approved: bool = False) -> Run:
    """Record a run that did one thing."""
    plan = a_plan()
    journal = begin(folder, plan, approved=approved)
    journal.record_outcome(an_outcome(plan))
    journal.end([Done(change=plan.writes[0]).to_json()])
    return read(journal.path)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Collect the evidence of a run that did one thing."""
    return collect_evidence(a_run(tmp_path_factory.mktemp("journal")))


def read(path: Path) -> Run:
    """Read a journal."""
    run = read_run(path)
    assert run is not None
    return run


def change(
    content: bytes, edits: Mapping[str, Callable[[bytes], bytes | None]], *, sealed: bool = True
) -> bytes:
    """Change members of a file, or remove them; `sealed` has the manifest written anew."""
    found = dict(read_zip(content, MEMBERS).members)
    for name, edit in edits.items():
        edited = edit(found.pop(name))
        if edited is not None:
            found[name] = edited
    if sealed:
        manifest = json.loads(found[MANIFEST])
        manifest["files"] = [
            {"name": name, "bytes": len(each), "sha256": hashlib.sha256(each).hexdigest()}
            for name, each in sorted(found.items())
            if name != MANIFEST
        ]
        found[MANIFEST] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    return write_zip(found)


def list_problems(content: bytes) -> list[tuple[str, str]]:
    """Check a file, and list what is wrong with it."""
    return [(each.member, each.reason) for each in check_evidence(content).problems]


def test_what_proves_a_run_is_in_one_file(tmp_path: Path) -> None:
    """The plan and the journal byte for byte, the approval, the report, the register's words, and their digests."""
    run = a_run(tmp_path, approved=True)

    content = collect_evidence(run)

    found = read_zip(content, MEMBERS).members
    assert set(found) == MEMBERS
    assert found[PLAN] == print_plan(a_plan()).encode()
    assert found[JOURNAL] == run.path.read_bytes()
    assert found[APPROVAL] == b"- reason: agreed\n"
    report = read_report(found[REPORT])
    assert (report.run, report.actor, report.outcomes[0].outcome) == (run.start.run, "anna", "done")
    assert report.accepted is not None
    assert (report.accepted.author, report.accepted.at) == ("Anna", AT)
    (system,) = json.loads(found[REGISTER])["systems"]
    assert (system["id"], system["entries"][0]["created"]) == (SYSTEM, AT)
    listed = {each["name"]: each["sha256"] for each in json.loads(found[MANIFEST])["files"]}
    assert listed == {
        name: hashlib.sha256(each).hexdigest() for name, each in found.items() if name != MANIFEST
    }
    assert collect_evidence(read(run.path)) == content
    checked = check_evidence(content)
    assert (checked.problems, checked.digest) == ((), hashlib.sha256(content).hexdigest())


def _change_everywhere(content: bytes, step: int) -> Iterator[tuple[int, bytes]]:
    """Change a file at every so-many-th position: another value, a byte less, or one more, and cut off there."""
    for place in range(0, len(content), step):
        before, byte, after = content[:place], content[place], content[place + 1 :]
        mask = 1 << place % 8
        for changed in (
            before + bytes([byte ^ mask]) + after,
            before + bytes([byte] * (place % 2 * 2)) + after,
            before,
        ):
            if changed != content:
                yield place, changed


@pytest.mark.parametrize("step", [61, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "every"])
def test_no_byte_can_change_unseen(tmp_path: Path, step: int) -> None:
    """In a member, in the manifest, and between them; cut off anywhere, and with anything behind it."""
    content = collect_evidence(a_run(tmp_path, approved=True))
    assert check_evidence(content).problems == ()

    for place, changed in _change_everywhere(content, step):
        assert check_evidence(changed).problems, place
    for more in (b"\0", content):
        assert check_evidence(content + more).problems


def _edit(old: str, new: str) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        text = content.decode()
        assert old in text
        return text.replace(old, new).encode()

    return edit


def test_the_member_that_was_changed_is_named(tmp_path: Path) -> None:
    """One that is not what the manifest says; one that is missing; one that does not belong there."""
    content = collect_evidence(a_run(tmp_path))

    for name in (PLAN, JOURNAL, REPORT, REGISTER):
        edited = change(content, {name: lambda each: each + b"\n"}, sealed=False)
        assert list_problems(edited) == [(name, "its SHA-256 is not the one that the manifest says")]
        lacking = change(content, {name: lambda _each: None}, sealed=False)
        assert (name, "it is missing") in list_problems(lacking)
    assert list_problems(change(content, {MANIFEST: lambda _each: b"{}"}, sealed=False)) == [
        (MANIFEST, "it cannot be read")
    ]
    added = write_zip({**read_zip(content, MEMBERS).members, APPROVAL: b"- reason: agreed\n"})
    assert list_problems(added) == [(APPROVAL, "the manifest does not have it")]


def _drop_end(content: bytes) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if b'"kind":"outcome"' not in line)


@pytest.mark.parametrize(
    ("member", "edit", "name", "reason"),
    [
        (PLAN, _edit('"created": "2026', '"created": "2025'), PLAN, "not as it was written"),
        (PLAN, lambda _: b"{}", PLAN, "no saved plan"),
        (JOURNAL, _edit('"environment":"tt02"', '"environment":"prod"'), JOURNAL, "of another environment"),
        (
            JOURNAL,
            _edit('"body":{', '"body":{"more":1,'),
            JOURNAL,
            "request 1 is not what the plan has there",
        ),
        (JOURNAL, _edit('"live":{', '"live":{"more":1,'), JOURNAL, "was not, before the first request"),
        (JOURNAL, _edit('"kind":"update"', '"kind":"create"'), JOURNAL, "does not say what request 1 sent"),
        (
            JOURNAL,
            _edit(f'"client":"{CLIENT}"', '"client":"somebody"'),
            REGISTER,
            "not what the journal says",
        ),
        (JOURNAL, _edit(AT, AT.replace("2026", "2025")), REGISTER, "not what the journal says"),
        (
            JOURNAL,
            _edit('"actor":"anna"', '"actor":"bo"'),
            REPORT,
            "`actor` is not what plan and journal say",
        ),
        (JOURNAL, _drop_end, REPORT, "`outcomes` is not what plan and journal say"),
        (JOURNAL, _edit('{"kind":"outcome"', '["kind":"outcome"'), JOURNAL, "its line 5 cannot be read"),
        (JOURNAL, lambda content: content[:50], JOURNAL, "it is cut off"),
        (JOURNAL, lambda _: b"{}\n", JOURNAL, "no journal"),
        (REPORT, _edit('"outcome": "done"', '"outcome": "failed"'), REPORT, "`outcomes` is not what"),
        (REPORT, _edit('"actor": "anna"', '"actor": "bo"'), REPORT, "`actor` is not what"),
        (REPORT, _edit('"run": "2026', '"run": "2025'), REPORT, "`run` is not what"),
        (REPORT, _edit('"actor"', '"who"'), REPORT, "no report of this format"),
        (REPORT, lambda _: b"[" * 2_000_000, REPORT, "more than 1,000,000 values"),
        (REPORT, lambda _: b"[" * 900_000, REPORT, "no report of this format"),
        (REGISTER, _edit('"client"', '"Client"'), REGISTER, "not what the journal says of the register"),
        (REGISTER, lambda content: content + b" ", REGISTER, "not what the journal says of the register"),
    ],
)
def test_members_that_do_not_fit_together_are_found(
    tmp_path: Path, member: str, edit: Callable[[bytes], bytes], name: str, reason: str
) -> None:
    """Also where the manifest was made anew for them."""
    content = collect_evidence(a_run(tmp_path))

    problems = list_problems(change(content, {member: edit}))

    assert any(each == name and reason in said for each, said in problems), problems


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([PLAN, JOURNAL, REPORT, REGISTER]),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([b"", b"null", b"[]", b"{}", b"-1", b'"x"', b"\n", b"1e999", b"\xff", b"[" * 9000]),
    st.integers(0, 60),
)
def test_nothing_makes_the_check_fail(
    sample: bytes, member: str, where: float, other: bytes, length: int
) -> None:
    """Whatever stands in a member, under a manifest that was made for it: a verdict is given."""

    def edit(content: bytes) -> bytes:
        place = int(where * len(content))
        return content[:place] + other + content[place + length :]

    check_evidence(change(sample, {member: edit}))


def test_a_journal_that_tells_of_another_plan_is_found(tmp_path: Path) -> None:
    """Also one whose plan was put in its place afterwards."""
    content = collect_evidence(a_run(tmp_path, approved=True))
    other = print_plan(replace(a_plan(), created="2026-11-02T12:00:00+00:00")).encode()

    ((name, reason),) = list_problems(change(content, {PLAN: lambda _: other}))

    assert (name, reason) == (JOURNAL, "it does not say that `plan.json` is the file that was kept")
    problems = list_problems(change(content, {APPROVAL: lambda _: b"- reason: nobody agreed\n"}))
    assert problems == [(JOURNAL, "it does not say that `approval.yaml` is the file that was kept")]
    problems = list_problems(change(content, {APPROVAL: lambda _: None}))
    assert problems == [(JOURNAL, "it does not say that `approval.yaml` is the file that was kept")]


def test_the_plan_has_to_be_there_and_the_right_one(tmp_path: Path) -> None:
    """A run of before kept none; then it can be named."""
    plan = a_plan()
    run = a_run(tmp_path)
    kept = name_kept(run.path, KEPT_PLAN)
    elsewhere = kept.rename(tmp_path / "named.json")

    with pytest.raises(UsageError, match="There is no plan of run"):
        collect_evidence(run)
    assert check_evidence(collect_evidence(run, elsewhere)).problems == ()
    other = replace(plan, target=replace(plan.target, environment="prod"))
    elsewhere.write_text(print_plan(other), encoding="utf-8")
    with pytest.raises(Refused, match="is not the one that run"):
        collect_evidence(run, elsewhere)


def test_an_interrupted_run_has_a_report_too(tmp_path: Path) -> None:
    """Made of what its journal knows; and after the recovery of what that found out."""
    plan = a_plan()
    journal = begin(tmp_path, plan)
    run = read(journal.path)

    content = collect_evidence(run)
    report = _read_report(content)
    assert (report.ended, report.outcomes[0].outcome, report.outcomes[0].after) == (None, "unknown", None)
    assert check_evidence(content).problems == ()
    again = continue_run(run)
    again.record_outcome(an_outcome(plan, by="recover"))
    again.end()
    content = collect_evidence(read(journal.path))
    report = _read_report(content)
    assert (report.ended, report.outcomes[0].outcome, len(report.outcomes[0].entries)) == (None, "done", 1)
    assert report.outcomes[0].settled is not None
    assert check_evidence(content).problems == ()


def _read_report(content: bytes) -> Json:
    return read_report(read_zip(content, MEMBERS).members[REPORT])


class _Register:
    """A register of one system."""

    workers = 1

    def __init__(self, document: Mapping[str, Json] | None, log: list[Mapping[str, Json]]) -> None:
        self.document, self.log = document, log

    def read_system(self, system: str) -> Json:
        """Give the system."""
        del system
        from reconciler.model.system import RegisteredSystem  # noqa: PLC0415 - for this alone

        return RegisteredSystem(self.document) if self.document is not None else None

    def read_changes(self, system: str) -> list[Mapping[str, Json]]:
        """Give its change log."""
        del system
        return self.log


def _entry(created: str, data: Json, client: str = CLIENT) -> dict[str, Json]:
    who = {"changedByOrgNumber": VENDOR, "clientId": client}
    return {"changeType": "update", **who, "created": created, "changedData": data}


def test_the_register_is_held_against_it(tmp_path: Path) -> None:
    """Its entry has to be there as it was; the document too, unless the change log explains another."""
    run = a_run(tmp_path)
    held, (change,) = run.outcomes[1].held, a_plan().writes
    own, later = _entry(AT, change.document), _entry("2026-11-02T12:00:00+00:00", {}, "somebody")
    cases = [
        (held, [own], True, "it is as it was read back"),
        ({"isVisible": True}, [later, own], True, "it was written since: client somebody of organisation"),
        (
            {"isVisible": True},
            [own],
            False,
            "it is not as it was read back, and its change log has no later entry",
        ),
        (held, [], False, f"its change log has no entry of {AT}"),
        (held, [_entry(AT, {"Id": "x"})], False, f"its change log's entry of {AT} says something else"),
        (held, [_entry(AT, change.document, "other")], False, "says something else"),
        (None, [own], False, "the register does not have it"),
    ]
    for document, log, stands, reason in cases:
        (shown,) = look_up_evidence(run, _Register(document, log))  # type: ignore[arg-type]  # what it asks for
        assert (shown.stands, reason in shown.reason) == (stands, True), shown
        assert (shown.id, shown.entries) == (SYSTEM, 1)


def test_a_file_that_is_none_is_said_to_be_none() -> None:
    """Whatever it holds."""
    for content in (b"", b"PK", b"{}", bytes(100)):
        found = check_evidence(content)
        assert isinstance(found, Proof)
        assert [each.member for each in found.problems] == [""]
    assert read_journal(Path(JOURNAL), BytesIO(b"")) is None
