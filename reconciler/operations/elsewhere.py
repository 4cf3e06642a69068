"""Works out what a change does in the other environments, as far as the definitions alone can say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.normalise import normalise
from reconciler.operations.plan import describe_gap, find_vendor_of_both, plan_against
from reconciler.operations.scope import Scope
from reconciler.operations.validate import resolve_all
from reconciler.planning.plan import Plan, Target, keep_what_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.model.system import System
    from reconciler.operations.archive import Archive, BaseDefinitions, BaseFiles
    from reconciler.operations.broken_files import BrokenFile
    from reconciler.rules import Checked


def add_elsewhere(
    plan: Plan,
    checked: Checked,
    archive: Archive,
    files: BaseFiles,
    vendor: str = "",
    broken: Sequence[BrokenFile] = (),
) -> Plan:
    """Add to a plan what the change does in every other environment; no register and no credential is asked.

    There the definitions at the base stand for the register. Every configured environment is looked at but the
    plan's own and `local`, and one in which nothing changes is left out. `vendor` is the one that was named, or
    empty. What the base cannot give is said in the plan, and nothing is raised; of `broken` files, which are not
    among the definitions that were checked, nothing is said there.
    """
    others = [name for name in archive.environments if name not in {"local", plan.target.environment}]
    found: list[Plan] = []
    gaps: dict[str, list[str]] = {}
    for name in _find_touched(others, checked.definitions, files):
        base = files.resolve(name)
        gap = describe_gap(base)
        if gap:
            gaps.setdefault(gap, []).append(name)
            continue
        scope = Scope(checked.findings, broken=tuple(broken))
        systems = resolve_all(checked.definitions, name)
        made = _plan_there(systems, replace(archive, environment=name), base, vendor, scope)
        found += [made] if made.changes or made.unmanaged else []
    unknown = "; ".join(f"in {' and '.join(names)}: {gap}" for gap, names in gaps.items())
    return replace(plan, elsewhere=tuple(found), elsewhere_unknown=unknown)


def _find_touched(
    environments: Iterable[str], definitions: Iterable[Definition], files: BaseFiles
) -> Iterator[str]:
    """Find the environments in which anything may differ; a file that is as it was is not looked at."""
    now = {each.document.file: each for each in definitions}
    same = {file for file, each in now.items() if _has_text(files.definitions.get(file), each.document.text)}
    after = [each for file, each in now.items() if file not in same]
    before = [each for file, each in files.definitions.items() if file not in same]
    for name in environments:
        if files.reason or files.unread or _read_systems(before, name) != _read_systems(after, name):
            yield name


def _has_text(definition: Definition | None, text: str) -> bool:
    return definition is not None and definition.document.text == text


def _read_systems(definitions: Iterable[Definition], environment: str) -> dict[str, System]:
    return {each.system.id: normalise(each.system) for each in resolve_all(definitions, environment)}


def _plan_there(
    systems: Sequence[Resolved], archive: Archive, base: BaseDefinitions, vendor: str, scope: Scope
) -> Plan:
    """Plan the archive's environment; empty where the vendor has and had no system there."""
    try:
        whose = find_vendor_of_both(systems, base, vendor)
    except UsageError:
        return Plan(Target(archive.environment, "", vendor))
    target = Target(archive.environment, "", whose)
    return replace(keep_what_changes(plan_against(systems, target, archive, base, scope)), unjudged=())
