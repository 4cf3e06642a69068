"""Works out what a change does in the other environments, as far as the definitions alone can say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.id_pattern import find_unmatched
from reconciler.model.normalise import normalise
from reconciler.operations.plan import describe_gap, find_vendor_of_both, plan_against
from reconciler.operations.touched import find_touched, spread
from reconciler.operations.validate import resolve_all
from reconciler.planning.plan import Plan, Target, keep_what_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.model.system import System
    from reconciler.operations.archive import Archive, BaseDefinitions, BaseFiles
    from reconciler.operations.scope import Scope


def add_elsewhere(
    plan: Plan,
    definitions: Sequence[Definition],
    scope: Scope,
    archive: Archive,
    files: BaseFiles,
    vendor: str = "",
) -> Plan:
    """Add to a plan what the change does in every other environment; no register and no credential is asked.

    There the definitions at the base stand for the register. Every configured environment is looked at but the
    plan's own and `local`; one in which nothing changes is only named, where a definition exists there. `scope` is
    the plan's: of systems that it leaves out, nothing is said there either. `vendor` is the one that was named, or
    empty. What the base cannot give is said in the plan, and nothing is raised.
    """
    others = [name for name in archive.environments if name not in {"local", plan.target.environment}]
    touched = tuple(_find_touched(others, definitions, files))
    quiet = [name for name in others if name not in touched]
    found: list[Plan] = []
    gaps: dict[str, list[str]] = {}
    for name in touched:
        base = files.resolve(name)
        gap = describe_gap(base)
        if gap:
            gaps.setdefault(gap, []).append(name)
        if base.reason:
            continue
        systems = resolve_all(definitions, name)
        # What is not known at the base can be about any system.
        there = None if base.unread else find_touched(systems, files, name)
        narrowed = replace(scope, touched=spread(there) if there else None)
        made = _plan_there(systems, replace(archive, environment=name), base, vendor, narrowed)
        if made.changes or made.unmanaged:
            found.append(made)
        else:
            quiet.append(name)
    named = tuple(name for name in others if name in quiet and resolve_all(definitions, name))
    unknown = "; ".join(f"in {' and '.join(names)}: {gap}" for gap, names in gaps.items())
    return replace(plan, elsewhere=tuple(found), elsewhere_unknown=unknown, untouched=named)


def find_vendor_anywhere(
    systems: Sequence[Resolved],
    base: BaseDefinitions,
    definitions: Sequence[Definition],
    files: BaseFiles,
    vendor: str,
) -> str:
    """Name the one vendor of an environment's systems and of its base; where there is none, that of `local`.

    There every definition exists, so that a change of another environment can be shown beside nothing. Raises
    `UsageError` where that has none either, or several.
    """
    try:
        return find_vendor_of_both(systems, base, vendor)
    except UsageError:
        if systems or base.systems:
            raise
        return find_vendor_of_both(resolve_all(definitions, "local"), files.resolve("local"), vendor)


def _find_touched(
    environments: Iterable[str], definitions: Sequence[Definition], files: BaseFiles
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
    """Plan the archive's environment; empty where the vendor has and had no system there that is asked for."""
    known = {*base.systems, *(each.system.id for each in systems)}
    only = tuple(each for each in scope.only if not find_unmatched((each,), known))
    nothing = Plan(Target(archive.environment, "", vendor))
    if scope.only and not only:
        return nothing
    try:
        whose = find_vendor_of_both(systems, base, vendor)
    except UsageError:
        return nothing
    target = Target(archive.environment, "", whose)
    made = keep_what_changes(plan_against(systems, target, archive, base, replace(scope, only=only)))
    # A file that cannot be used is still there, even where the system has another id in this environment.
    broken = {each.unjudged.file for each in scope.broken}
    return replace(made, unmanaged=tuple(each for each in made.unmanaged if each.former not in broken))
