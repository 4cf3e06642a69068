"""Plans, drift, findings and histories to be rendered: of everything one, and everything hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.revision import Checkout, Revision
from reconciler.model.system import RegisteredSystem
from reconciler.planning.acceptance import Acceptance, Standing
from reconciler.planning.approval import PlanApproval
from reconciler.planning.change import Blocked, Create, Impact, Update, Weight
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.diff import FieldChange, adopt
from reconciler.planning.drift import Difference, DriftReport, Kind
from reconciler.planning.narrowing import Narrowing, Unjudged
from reconciler.planning.origin import Origin
from reconciler.planning.plan import (
    Plan,
    Target,
    Unmanaged,
    judge_plan,
    keep_what_changes,
    plan_changes,
    stamp,
)
from reconciler.planning.request_order import Step
from reconciler.planning.timeline import Edit, TimelineEntry, make_timeline
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change

TARGET = Target("tt02", "https://platform.tt02.altinn.no", VENDOR)
COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
CREATED, VERSION = "2026-11-20T08:00:00+00:00", "0.1.0"
THIRD_CLIENT = "5f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"
OUTSIDER = LogEntry("update", "310904473", "a1b2c3d4-0000-4000-8000-000000000001", "2026-11-19T02:14:08Z")
HOSTILE = (
    "::error::x </details></code></script><script>alert(1)</script>--> @octocat #123 GH-7 www.evil.example "
    "https://evil.example/x ::error::x ##[error]x "
    "]]> `a` | b \\| c \x1b[2J\x07 \u202egnp.exe \u2066 one\r\n::error::y\x00\ufffe "
    "&amp; %0A::warning::x <img src=x onerror=alert(1)> **b** _c_ [d](https://evil.example) $e$ ~~f~~ "
    + "x"
    * 400
)


def _id(name: str) -> str:
    return f"{VENDOR}_{name}"


def _with_origins(change: Change, origins: Mapping[str, Origin]) -> Change:
    """Give each field its origin, by its member or its path; the rest is what this change does."""
    fields = tuple(
        replace(each, origin=origins.get(each.path, origins.get(each.member, Origin.THIS_CHANGE)))
        for each in change.fields
    )
    field = adopt(("name", "en"), "SmartCloud", "SmartCloud One")
    adopted = (field,) if "adopted" in origins else ()
    return replace(change, fields=(*fields, *adopted))


def _pair(
    name: str, wanted: Mapping[str, Json], held: Mapping[str, Json] | None
) -> tuple[Resolved, RegisteredSystem | None]:
    live = None if held is None else a_registered_system(id=_id(name), **{"clientId": [], **held})
    return a_resolved(id=_id(name), **{"clientId": [], **wanted}), live


def a_plan() -> Plan:
    """Make a plan that does everything: every action, every origin, a swap, and what it leaves alone."""
    pairs = [
        _pair("new", {}, None),
        _pair("kept", {}, {}),
        _pair(
            "mixed",
            {
                "isVisible": False,
                "name": {"nb": "Ny", "nn": "Ny", "en": "SmartCloud"},
                "rights": [],
                "allowedRedirectUrls": [],
            },
            {"accessPackages": [], "contactEmail": "post@smartcloud.example"},
        ),
        _pair("open", {"name": {"nb": "Åpen", "nn": "Open", "en": "Open"}}, {}),
        _pair("burnt", {}, {"isDeleted": True}),
        _pair("gone", {"withdrawn": True}, {}),
        _pair("swap_a", {"clientId": [OTHER_CLIENT]}, {"clientId": [CLIENT]}),
        _pair("swap_b", {"clientId": [CLIENT]}, {"clientId": [OTHER_CLIENT]}),
    ]
    others = [
        a_registered_system(id=_id("former"), clientId=[]),
        a_registered_system(
            id=_id("other"), clientId=[THIRD_CLIENT], name={"nb": "Den andre", "nn": "x", "en": "x"}
        ),
    ]
    live = {wanted.system.id: held for wanted, held in pairs}
    made = judge_plan(plan_changes(TARGET, [wanted for wanted, _ in pairs], live, others), {})
    origins = {
        _id("mixed"): {
            "name.nb": Origin.NOT_APPLIED,
            "name.nn": Origin.OVERWRITES_DRIFT,
            "accessPackages": Origin.CONFLICT,
            "rights": Origin.UNKNOWN,
            "adopted": Origin.ADOPTS_DRIFT,
        },
        _id("burnt"): {"withdrawn": Origin.OVERWRITES_DRIFT},
        _id("open"): dict.fromkeys(("name", "description"), Origin.NOT_APPLIED),
    }
    changes = tuple(_with_origins(each, origins.get(each.id, {})) for each in made.changes)
    former, other = made.unmanaged
    unmanaged = (replace(former, former=f"systems/{former.id}.yaml"), other)
    return stamp(
        replace(made, changes=changes, unmanaged=unmanaged), [], created=CREATED, tool_version=VERSION
    )


def an_untraced_plan() -> Plan:
    """Make a plan that was made against no other revision, and that breaks nothing."""
    wanted, _ = _pair("new", {}, None)
    return stamp(
        plan_changes(TARGET, [wanted], {wanted.system.id: None}, []),
        [],
        created=CREATED,
        tool_version=VERSION,
    )


def an_approved_plan() -> Plan:
    """Make a plan that deletes a system, with an approval in git that counts and one that does not."""
    wanted, held = _pair("gone", {"withdrawn": True}, {})
    made = judge_plan(plan_changes(TARGET, [wanted], {wanted.system.id: held}, []), {})
    approvals = (
        PlanApproval(date(2026, 12, 5), "nobody uses it any more", "Anna Andersen", "0123456789abcdef" * 2),
        PlanApproval(date(2026, 11, 1), "everybody has moved", obstacle="its last day is over"),
    )
    return stamp(replace(made, approvals=approvals), [], created=CREATED, tool_version=VERSION)


def an_uncommitted_plan() -> Plan:
    """Make a plan from more files that are not committed than an output names."""
    files = tuple(f"systems/{letter}.yaml" for letter in "abcdefg")
    return replace(an_untraced_plan(), revision=Checkout("0123456789abcdef" * 2, files))


def an_empty_plan() -> Plan:
    """Make a plan that does nothing."""
    wanted, held = _pair("kept", {}, {})
    return plan_changes(TARGET, [wanted], {wanted.system.id: held}, [])


def a_large_plan(number: int) -> Plan:
    """Make a plan of many systems, the last of which breaks something."""
    changes = tuple(
        Create(id=_id(f"s{index:04}"), file=f"systems/{index}.yaml", line=1) for index in range(number)
    )
    impact = Impact("client-id-removed", Weight.BREAKING, "Client id gone.", 'clientId["x"]')
    field = FieldChange(("clientId", "x"), "x", None, 9)
    last = Update(id=_id("the_last"), file="systems/last.yaml", line=1, fields=(field,), impacts=(impact,))
    return Plan(TARGET, (*changes, last))


def _field(*steps: str, actual: Json, expected: Json) -> FieldChange:
    return FieldChange(steps, actual, expected, 7)


def a_report() -> DriftReport:
    """Make a drift report with every kind of difference, one of them accepted."""
    file = f"systems/{_id('one')}.yaml"
    rights = LogEntry("rightsupdate", "310904473", "", "2026-11-18T23:59:59Z")
    accepted = Acceptance("tt02", _id("one"), "isVisible", date(2026, 12, 24), "Shown for the fair", "0" * 64)
    right = {"resource": [{"id": "urn:altinn:resource", "value": "app_brg"}]}
    differences = (
        Difference(
            _id("one"),
            Kind.CHANGED_OUTSIDE,
            file,
            7,
            _field("name", "nb", actual="Ute", expected="Inne"),
            OUTSIDER,
        ),
        Difference(
            _id("one"),
            Kind.CHANGED_OUTSIDE,
            file,
            9,
            _field("rights", "app_brg", actual=right, expected=None),
            rights,
        ),
        Difference(
            _id("one"),
            Kind.CHANGED_OUTSIDE,
            file,
            12,
            _field("isVisible", actual=True, expected=False),
            OUTSIDER,
            accepted,
        ),
        Difference(
            _id("one"), Kind.NOT_APPLIED, file, 8, _field("name", "en", actual="Old", expected="New"), None
        ),
        Difference(_id("quiet"), Kind.NO_DIFFERENCE, "systems/quiet.yaml", 1, entry=OUTSIDER),
        Difference(_id("missing"), Kind.MISSING, "systems/missing.yaml", 1),
        Difference(
            _id("deleted"),
            Kind.DELETED,
            "systems/deleted.yaml",
            1,
            entry=replace(OUTSIDER, kind="delete"),
            reason="the register deleted it, and a deleted id can never be used again",
        ),
        Difference(_id("other"), Kind.UNMANAGED, entry=replace(OUTSIDER, kind="create"), reason="Den andre"),
    )
    return DriftReport(TARGET, differences, 5, CREATED, VERSION)


def a_plan_against() -> Plan:
    """Make a plan against definitions at a commit: a creation, a new client id, a deletion, a removed file."""
    pairs = [
        _pair("new", {}, None),
        _pair("replaced", {"clientId": [OTHER_CLIENT]}, {"clientId": [CLIENT]}),
        _pair("gone", {"withdrawn": True}, {}),
        _pair("deleted", {}, {"isDeleted": True}),
    ]
    live = {wanted.system.id: held for wanted, held in pairs}
    removed = a_registered_system(id=_id("removed"), clientId=[THIRD_CLIENT])
    made = plan_changes(Target("prod", "", VENDOR), [wanted for wanted, _ in pairs], live, [removed])
    unmanaged = tuple(replace(each, former=f"systems/{each.id}.yaml") for each in made.unmanaged)
    changes = tuple(_with_origins(each, {}) for each in judge_plan(made, {}).changes)
    traced = replace(made, changes=changes, unmanaged=unmanaged, against=COMMIT)
    return stamp(traced, [], created=CREATED, tool_version=VERSION)


def an_empty_plan_against() -> Plan:
    """Make a plan against definitions that ask for the same."""
    return Plan(Target("prod", "", VENDOR), created=CREATED, tool_version=VERSION, against=COMMIT)


def a_plan_elsewhere() -> Plan:
    """Make a plan that changes nothing itself, and one thing in each of two other environments."""
    there = keep_what_changes(a_plan_against())
    pair = _pair("replaced", {"isVisible": False}, {})
    here = plan_changes(Target("dev", "", VENDOR), [pair[0]], {pair[0].system.id: pair[1]}, [])
    mild = replace(judge_plan(here, {}), changes=tuple(_with_origins(each, {}) for each in here.changes))
    same = _pair("same", {}, {})
    made = plan_changes(TARGET, [same[0]], {same[0].system.id: same[1]}, [])
    return replace(
        stamp(made, [], created=CREATED, tool_version=VERSION),
        elsewhere=(
            replace(there, created="", tool_version=""),
            replace(keep_what_changes(mild), against=COMMIT),
        ),
        elsewhere_unknown=f"in stage: at {COMMIT[:12]}, systems/broken.yaml is no definition that can be read",
    )


def a_quiet_report() -> DriftReport:
    """Make a drift report that found nothing."""
    return DriftReport(TARGET, (), 3, CREATED, VERSION)


def some_findings() -> tuple[Finding, ...]:
    """Make a finding of each severity, two that are alike, and one of a whole file."""
    file = f"systems/{_id('one')}.yaml"
    place = Location(file, "clientId[0]", 9, 5)
    return (
        Finding(
            "client-id-format",
            Severity.ERROR,
            "`xxxx` is no client id.",
            place,
            "It is a UUID.",
            environments=("tt02", "prod"),
        ),
        Finding(
            "client-id-format",
            Severity.ERROR,
            "`yyyy` is no client id.",
            Location(file, "clientId[1]", 10, 5),
        ),
        Finding(
            "stray-whitespace",
            Severity.WARNING,
            "`name.nb` ends in a space.",
            Location(file, "name.nb", 3, 7),
            "Take it away.",
        ),
        Finding(
            "spelling",
            Severity.NOTE,
            "`clientid` is spelt `clientId`.",
            Location(file, "clientid", 9, 1),
            "`reconciler fmt` corrects it.",
        ),
        Finding("yaml-syntax", Severity.ERROR, "The file is no YAML.", Location("systems/broken.yaml")),
        Finding(
            "id-format",
            Severity.ERROR,
            "`x` is no id.",
            Location("systems/x.yaml", "id", 1, 5),
            "",
            "AUTH.VLD-00001",
        ),
    )


def a_timeline() -> tuple[TimelineEntry, ...]:
    """Make the history of a system: registered as a revision asked, changed by others, saved again, deleted."""
    old = a_system(clientId=[])
    new = a_system(clientId=[], isVisible=False, name={"nb": "Ny", "nn": "Ny", "en": "SmartCloud"})
    ours = LogEntry("create", VENDOR, CLIENT, "2026-09-01T10:00:00Z")
    again = replace(OUTSIDER, created="2026-11-19T02:15:00Z")
    entries = (replace(OUTSIDER, kind="delete", created="2026-11-20T00:00:00Z"), again, OUTSIDER, ours)
    states = [State(entry, system) for entry, system in zip(entries, (new, new, new, old), strict=True)]
    revision = Revision(
        "1f0c3a1e2d0f4a579d0a0b7a2f9c1d111f0c3a1e", "2026-08-31T09:00:00+02:00", "Kari", "Register it", b""
    )
    return make_timeline(states, [(revision, old)])


def a_hostile_plan(text: str) -> Plan:
    """Make a plan in which everything that somebody else can write is one text."""
    field = FieldChange(("name", text), text, f"{text}{text}", 1, text)
    entry = FieldChange(("clientId", text), None, text, 2)
    right = FieldChange(("rights", text), {"resource": [{"id": text, "value": text}]}, None)
    accepted = Acceptance(text, text, text, date(2026, 12, 24), text, text)
    impacts = tuple(Impact(text, weight, text, field.path) for weight in Weight)
    live: dict[str, Json] = {"id": text}
    changes = (
        Create(id=f"{text}1", file=text, line=1, fields=(entry,), document=live),
        Update(
            id=text,
            reason=text,
            hint=text,
            file=text,
            line=1,
            fields=(field, right),
            impacts=impacts,
            document=live,
            live=RegisteredSystem(live),
            standing=(Standing(accepted, field),),
        ),
        Blocked(id=f"{text}2", reason=text, hint=text, file=text, line=2, fields=(field,)),
    )
    step = Step(
        number=1, id=text, method="PUT", purpose=text, document=live, claims=(text,), releases=(text,)
    )
    unmanaged = (
        Unmanaged(text, text, (text,)),
        Unmanaged(f"{text}3", text, (), text, accepted=accepted),
    )
    made = Plan(
        Target(text, text, text),
        changes,
        (step,),
        impacts,
        unmanaged,
        hostile_findings(text),
        text,
        text,
        approvals=(
            PlanApproval(date(2026, 12, 1), text, text, text),
            PlanApproval(date(2026, 12, 1), text, obstacle=text),
        ),
        revision=Checkout(text, (text,)),
        narrowed=Narrowing((text, text), 1, 1, 1),
        unjudged=(Unjudged(text, text, 1, (text, text)), Unjudged(text, text)),
        unmatched=(text,),
    )
    blocked = Blocked(id=f"{text}2", reason=text, hint=text, file=text, line=2)
    there = Plan(Target(text, "", text), (blocked,), unmanaged=unmanaged[1:], against=text)
    return replace(made, elsewhere=(there,), elsewhere_unknown=text)


def a_plan_that_leaves_out() -> Plan:
    """Make a plan of some systems, made while a file is broken, in a register with more than ten others."""
    made = an_untraced_plan()
    names = [f"{VENDOR}_other{number:02}" for number in range(14)]
    others = [Unmanaged(name, "Another", expected=number in {3, 5}) for number, name in enumerate(names)]
    broken = "systems/broken.yaml"
    return replace(
        made,
        unmanaged=tuple(others),
        narrowed=Narrowing((f"{VENDOR}_s*", f"{VENDOR}_other*"), 38, 36, 5),
        unjudged=(
            Unjudged(broken, "`name` is missing", 1, (f"{VENDOR}_broken",)),
            Unjudged("systems/odd.yaml", "A `:` is missing"),
        ),
        unmatched=(f"{VENDOR}_gone*",),
    )


def a_report_that_leaves_out() -> DriftReport:
    """Make a drift report likewise."""
    made = a_plan_that_leaves_out()
    others = [Difference(each.id, Kind.UNMANAGED, reason=each.name) for each in made.reported]
    whole = replace(a_quiet_report(), differences=tuple(others), narrowed=made.narrowed)
    return replace(whole, unjudged=made.unjudged, unmatched=made.unmatched, expected=made.expected)


def a_hostile_report(text: str) -> DriftReport:
    """Make a drift report in which everything that somebody else can write is one text."""
    entry = LogEntry(text, text, text, text)
    accepted = Acceptance(text, text, text, date(2026, 12, 24), text, text)
    field = FieldChange(("description", text), text, text, 1, text)
    differences = (
        Difference(text, Kind.CHANGED_OUTSIDE, text, 1, field, entry, None, text),
        Difference(text, Kind.CHANGED_OUTSIDE, text, 1, field, entry, accepted, text),
        Difference(text, Kind.NO_DIFFERENCE, text, 1, None, entry),
        Difference(f"{text}2", Kind.UNMANAGED, "", 0, None, entry, accepted, text),
    )
    report = DriftReport(Target(text, text, text), differences, 2, text, text, text)
    plan = a_hostile_plan(text)
    return replace(report, narrowed=plan.narrowed, unjudged=plan.unjudged, unmatched=plan.unmatched)


def hostile_findings(text: str) -> tuple[Finding, ...]:
    """Make findings in which everything is one text, once for each severity."""
    place = Location(text, text, 1, 1)
    return tuple(Finding(text, severity, text, place, text, text, (text,)) for severity in Severity)


def a_hostile_timeline(text: str) -> tuple[TimelineEntry, ...]:
    """Make a history in which everything that somebody else can write is one text."""
    field = Edit(("name", text), text, text)
    revision = Revision(text, text, text, text, b"")
    return (TimelineEntry(LogEntry(text, text, text, text), (field,), revision, text),)


PLANS: Mapping[str, Callable[[], Plan]] = {
    "plan": a_plan,
    "plan-untraced": an_untraced_plan,
    "plan-approved": an_approved_plan,
    "plan-uncommitted": an_uncommitted_plan,
    "plan-empty": an_empty_plan,
    "plan-against": a_plan_against,
    "plan-against-empty": an_empty_plan_against,
    "plan-elsewhere": a_plan_elsewhere,
    "plan-left-out": a_plan_that_leaves_out,
    "plan-hostile": lambda: a_hostile_plan(HOSTILE),
}
REPORTS: Mapping[str, Callable[[], DriftReport]] = {
    "drift": a_report,
    "drift-quiet": a_quiet_report,
    "drift-left-out": a_report_that_leaves_out,
    "drift-hostile": lambda: a_hostile_report(HOSTILE),
}
FINDINGS: Mapping[str, Callable[[], tuple[Finding, ...]]] = {
    "findings": some_findings,
    "findings-none": tuple,
    "findings-hostile": lambda: hostile_findings(HOSTILE),
}
HISTORIES: Mapping[str, Callable[[], tuple[TimelineEntry, ...]]] = {
    "history": a_timeline,
    "history-hostile": lambda: a_hostile_timeline(HOSTILE),
}
