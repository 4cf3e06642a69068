"""The use cases: one function a verb, which takes what it works with and returns a value.

Nothing here parses a command line, prints, or opens a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.acceptance import WHOLE, Acceptance, find_accepted_fields
from reconciler.catalogue import read_shipped_catalogue
from reconciler.change import Delete, Update
from reconciler.changelog import State, find_newest, read_log, replay
from reconciler.diff import diff, look_up, spread
from reconciler.digest import digest_json
from reconciler.document import Mapping, Scalar
from reconciler.drift import find_drift
from reconciler.errors import RegisterError, UsageError
from reconciler.findings import Severity
from reconciler.impact import Evidence
from reconciler.listing import list_ids, read_listed
from reconciler.model import RegisteredSystem
from reconciler.normalise import normalise, resolve
from reconciler.plan import Plan, Target, add_unlisted, judge_plan, plan_changes
from reconciler.recovery import undo
from reconciler.rules import RULES, Checked, check_documents
from reconciler.steps import order_steps
from reconciler.survey import ask_all, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from reconciler.change import Change
    from reconciler.changelog import LogEntry
    from reconciler.document import Document
    from reconciler.drift import Circumstances, DriftReport
    from reconciler.findings import Finding
    from reconciler.journal import Run
    from reconciler.model import Definition, Resolved
    from reconciler.register import Register
    from reconciler.survey import Progress


def validate(documents: Sequence[Document], environments: Iterable[str], *, vendor: str = "") -> Checked:
    """Check definitions without any network; `vendor` leaves only those of one organisation number."""
    chosen = [each for each in documents if not vendor or _may_belong(each, vendor)]
    chosen.sort(key=lambda each: each.file)
    return check_documents(chosen, read_shipped_catalogue(), tuple(environments))


def _may_belong(document: Document, vendor: str) -> bool:
    """Say whether a file names a vendor anywhere; one that names none is kept, to be told of."""
    roots = [document.root]
    overlays = document.find(("environments",))
    if isinstance(overlays, Mapping):
        roots += [node for _, node in overlays.entries]
    named = [entry[1] for root in roots if isinstance(root, Mapping) and (entry := root.find("vendor"))]
    numbers = []
    for node in named:
        entry = node.find("ID") if isinstance(node, Mapping) else None
        value = entry[1] if entry else node
        numbers.append(value.text.rpartition(":")[2] if isinstance(value, Scalar) else "")
    return not numbers or vendor in numbers


def resolve_all(definitions: Iterable[Definition], environment: str) -> tuple[Resolved, ...]:
    """Give every system that the definitions ask for in one environment."""
    return tuple(resolve(each, environment) for each in definitions if each.exists_in(environment))


def find_vendor(systems: Iterable[Resolved], vendor: str = "") -> str:
    """Name the one vendor of the systems; raises `UsageError` where there are none.

    That there is one only is a rule, which has been asked before. A misspelt `--vendor` leaves no system, and
    must not look like a register in order.
    """
    found = sorted({each.system.vendor.organisation for each in systems})
    if not found:
        whose = f" of vendor {vendor}" if vendor else ""
        raise UsageError(
            f"No definition{whose} exists in this environment, so there is nothing to compare.",
            hint="Name the environment under `environments:` in a definition, or check --vendor.",
        )
    return found[0]


def plan(
    systems: Sequence[Resolved],
    target: Target,
    register: Register,
    around: Circumstances,
    *,
    findings: Iterable[Finding] = (),
    progress: Progress | None = None,
) -> Plan:
    """Compare the systems with the live register, and judge the differences; nothing is written.

    Every defined and every unmanaged system is read in full, several at a time. What the register can neither
    list nor read is named in the plan, and the rest goes on. Raises what `Register` raises, and `Forbidden`
    where the token's organisation is not the vendor.
    """
    wanted = {each.system.id for each in systems}
    listing = list_ids(register, target.vendor)
    unmanaged = [name for name in listing.ids if name not in wanted]
    reading = read_listed(register, [*sorted(wanted), *unmanaged], listing, progress)
    made = plan_changes(
        target,
        systems,
        reading.found,
        [system for name in unmanaged if (system := reading.found.get(name)) is not None],
        find_allowed(systems, findings),
        reading.unreadable,
    )
    made = add_unlisted(made, reading.unreadable, listing.unlisted)
    return judge_plan(made, gather_evidence(made, register, around))


def find_allowed(systems: Iterable[Resolved], findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Find the errors that `allow:` made milder and that can block a change, by the system's id.

    They are those that the register has a code for, and those that are let through only where it holds them. The
    embedded register starts empty and takes them.
    """
    allowed: dict[str, list[Finding]] = {}
    for each in findings:
        rule = RULES[each.rule]
        blocks = each.code or rule.allowable == "held"
        if blocks and each.severity is not Severity.ERROR and rule.severity is Severity.ERROR:
            allowed.setdefault(each.place.file, []).append(each)
    return {
        each.system.id: [
            fault
            for fault in allowed[each.definition.document.file]
            if not fault.environments or each.environment in fault.environments
            if fault.code or each.environment != "local"
        ]
        for each in systems
        if each.definition.document.file in allowed
    }


def gather_evidence(made: Plan, register: Register, around: Circumstances) -> dict[str, Evidence]:
    """Gather what the writes of a plan are judged by: who set what, and how many system users there are.

    The change log of whatever is written is read after its document, so that apply finds what came since; one
    comes whole, 1.1 kB an entry (System Register contract §5), and that of nothing else is read.
    """
    updated = {each.id: each for each in made.writes if isinstance(each, Update)}
    touched = [each.id for each in made.writes if isinstance(each, Delete) or _touches_users(each)]
    stated = ask_all(lambda name: _find_stated(updated[name], around), [*updated])
    answers = ask_all(register.read_changes, [each.id for each in made.writes if each.live is not None])
    states = {name: replay(read_log(answer)) for name, answer in answers.items()}
    users = ask_all(lambda name: _count_users(name, register), touched)
    return {
        each.id: Evidence(
            states[each.id],
            around.ours,
            None if (kinds := users.get(each.id)) is None else sum(kinds.values()),
            None if kinds is None else kinds.get("agent", 0),
            _find_accepted(each, around),
            stated.get(each.id, frozenset()),
            newest=find_newest(states[each.id], normalise(RegisteredSystem(each.live or {}).read())),
        )
        for each in made.writes
        if each.id in states
    }


def _find_stated(change: Change, around: Circumstances) -> frozenset[str]:
    """Find the fields whose live value a committed revision of the definition states, by path.

    What is absent is stated by nothing: an entry can be new, or somebody can have taken it away.
    """
    fields = [each for each in change.open_fields if each.before is not None] if change.file else []
    trees = [spread(each) for each in around.ancestors(change.file, change.id)] if fields else []
    return frozenset(
        each.path for each in fields if any(look_up(tree, each.steps) == each.before for tree in trees)
    )


def _find_accepted(change: Change, around: Circumstances) -> dict[str, str]:
    found = find_accepted_fields(around.acceptances, change.id, change.open_fields, around.today)
    return {path: f"until {each.until} ({each.reason})" for path, each in found.items()}


def _touches_users(change: Change) -> bool:
    """Say whether an update takes or asks something that system users have to do with."""
    members = {each.member for each in change.open_fields if each.after is None or each.member != "clientId"}
    return isinstance(change, Update) and bool(members & {"clientId", "rights", "accessPackages"})


def _count_users(system: str, register: Register) -> dict[str, int] | None:
    """Count the system users by type; None where they cannot be read, which is not 0."""
    try:
        return register.count_system_users(system)
    except RegisterError:
        return None


def plan_rollback(run: Run, target: Target, register: Register, around: Circumstances) -> Plan:
    """Plan what puts the documents back that a run updated; nothing is written.

    What the run created or deleted is blocked, since neither can be undone, and so is what moved since.
    """
    touched = list(dict.fromkeys(intent.id for _, intent in sorted(run.intents.items())))
    found = read_all(register, touched)
    changes = tuple(undo(run, name, found[name]) for name in sorted(touched))
    made = Plan(target, changes, order_steps(changes))
    return judge_plan(made, gather_evidence(made, register, around))


def detect_drift(
    made: Plan, register: Register, around: Circumstances, *, progress: Progress | None = None
) -> DriftReport:
    """Tell every difference between the files and the register, by the change log of every system.

    `made` has been traced through the history of the files.
    """
    ids = [
        *(change.id for change in made.changes if change.live is not None),
        *(each.id for each in made.unmanaged if not each.unreadable),
    ]
    answers = ask_all(register.read_changes, ids, progress, workers=register.workers)
    differing = {each.id for each in made.changes if each.open_fields}
    logs = {name: _replay(read_log(answer), whole=name in differing) for name, answer in answers.items()}
    return find_drift(made, logs, around)


def _replay(log: Sequence[LogEntry], *, whole: bool) -> tuple[State, ...]:
    """Replay a log; where nothing differs, who wrote is enough, and a thousand documents need not be read."""
    return replay(log) if whole else tuple(State(entry, None) for entry in log)


def accept_difference(
    system: Resolved | None, name: str, path: str, register: Register, *, until: date, reason: str
) -> Acceptance:
    """Make the entry that lets one difference of a system stand; raises `UsageError` where there is none."""
    held = register.read_system(name)
    if path in WHOLE:
        return Acceptance(name, path, until, reason, digest_json(None))
    if system is None or held is None:
        raise UsageError(
            f"`{name}` has no definition here, or the register does not know it.",
            hint=f"For a whole system, the path is one of {', '.join(WHOLE)}.",
        )
    fields = diff(normalise(system.system), normalise(held.read()))
    found = next((each for each in fields if each.path == path), None)
    if found is None:
        known = ", ".join(each.path for each in fields) or "none"
        raise UsageError(f"`{name}` does not differ in `{path}`.", hint=f"It differs in: {known}.")
    return Acceptance(name, path, until, reason, digest_json(found.before))
