"""What of the definitions a plan is about: those that are asked for, and not those that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.definitions.mentions import UnreadFiles
from reconciler.model.canonical_json import SHORT
from reconciler.model.id_pattern import find_unmatched, fits
from reconciler.operations.selection import check_found
from reconciler.planning.blocking import OtherSystem, describe_holder
from reconciler.planning.narrowing import Narrowing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.findings import Finding
    from reconciler.model.revision import Checkout
    from reconciler.model.system import RegisteredSystem
    from reconciler.operations.broken_files import BrokenFile
    from reconciler.planning.blocking import Obstacles
    from reconciler.planning.narrowing import Unjudged
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change of the definitions touches in one environment, as far as the definitions show it."""

    commit: str
    """The base."""
    ids: frozenset[str]
    """The systems whose definition changed, is new or is gone."""
    clients: Mapping[str, Collection[str]]
    """The client ids that each system asks for, now or at the base."""
    unread: UnreadFiles = field(default=UnreadFiles({}), repr=False)
    """The definition files that were not read, since the change has nothing to do with them."""
    checkout: Checkout | None = None
    """The commit that is checked out, where all definitions are known to be as it has them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which systems a plan is about, and what was found in their definitions."""

    findings: Sequence[Finding] = ()
    only: tuple[str, ...] = ()
    """Patterns of the ids that are asked for; empty for all."""
    broken: tuple[BrokenFile, ...] = ()
    touched: Touched | None = None
    """What a change of the definitions touches, where only that is asked for; None for all."""

    @property
    def broken_ids(self) -> frozenset[str]:
        """The systems that the broken files can be about, as far as that is known."""
        return frozenset(name for each in self.broken for name in each.unjudged.ids)

    def add_touched(self, systems: Iterable[str]) -> Scope:
        """Add systems to those that a change touches, where only these are asked for."""
        if self.touched is None:
            return self
        return replace(self, touched=replace(self.touched, ids=self.touched.ids.union(systems)))

    def takes(self, system: str) -> bool:
        """Say whether a system is asked for."""
        if self.touched is not None and system not in self.touched.ids:
            return False
        return not self.only or fits(system, self.only)


EVERYTHING = Scope()


def find_claims(systems: Iterable[Resolved], live: Mapping[str, RegisteredSystem | None]) -> frozenset[str]:
    """Find the client ids that the systems ask for and that none of the systems that were read holds."""
    asked = {client for each in systems for client in each.system.clientId}
    held = {
        client
        for each in live.values()
        if each is not None and not each.is_deleted
        for client in each.client_ids
    }
    return frozenset(asked - held)


@dataclass(frozen=True, slots=True)
class Division:
    """The systems that a plan is about, and the others."""

    scope: Scope
    chosen: tuple[Resolved, ...]
    left_out: tuple[Resolved, ...]
    """The definitions that are not asked for."""
    unmanaged: tuple[str, ...]
    """The systems without a definition that are asked for, in order."""
    unmanaged_left_out: tuple[str, ...]
    listed: frozenset[str] | None
    """The systems that are registered and not deleted; None where the register could not list them."""

    @property
    def planned(self) -> frozenset[str]:
        """The systems that the plan is about, with a definition and without one."""
        return frozenset([*(each.system.id for each in self.chosen), *self.unmanaged])

    def check(self, where: str) -> None:
        """Raise `UsageError` for a pattern that fits no system; `where` says among what it was looked for."""
        defined = {each.system.id for each in (*self.chosen, *self.left_out)}
        check_found(self.scope.only, defined | self.scope.broken_ids | (self.listed or set()), where)

    def list_others(self) -> list[str]:
        """List the systems that the plan is not about, as far as they can be registered."""
        known = {each.system.id for each in self.left_out} | self.scope.broken_ids
        others = known if self.listed is None else known & self.listed
        return sorted((others | {*self.unmanaged_left_out}) - {each.system.id for each in self.chosen})

    def find_obstacles(
        self,
        live: Mapping[str, RegisteredSystem | None],
        others: Iterable[RegisteredSystem | None],
        obstacles: Obstacles,
    ) -> Obstacles:
        """Add what the other systems hold and ask for; `others` are those that were read."""
        held = {
            client: self._describe_holder(each.id)
            for each in others
            if each is not None and not each.is_deleted
            for client in each.client_ids
        }
        wanted = {
            client: _describe_left_out("would go to", each.system.id)
            for each in self.left_out
            for client in each.system.clientId
        }
        return replace(
            obstacles,
            held={**self._find_in_text(find_claims(self.chosen, live)), **held},
            wanted={**self._find_in_text(_find_released(self.chosen, live)), **wanted},
        )

    def _describe_holder(self, system: str) -> OtherSystem:
        broken = next((each.unjudged for each in self.scope.broken if system in each.unjudged.ids), None)
        if broken is not None:
            return _describe_broken(f"is on `{system}`, whose definition is {broken.file}", broken, system)
        if system in self.unmanaged_left_out:
            return describe_holder(system)
        return _describe_left_out("is on", system)

    def _find_in_text(self, clients: Iterable[str]) -> dict[str, OtherSystem]:
        """Say which client ids the broken files seem to ask for."""
        found = ((client, self._find_asker(client)) for client in clients)
        return {
            client: _describe_broken(f"stands in {broken.file}", broken, "")
            for client, broken in found
            if broken
        }

    def _find_asker(self, client: str) -> Unjudged | None:
        return next((each.unjudged for each in self.scope.broken if each.may_ask_for(client)), None)

    def describe(self, plan: Plan, expected: Iterable[str]) -> Plan:
        """Add to a plan what it leaves out; `expected` are the patterns of systems that have no definition."""
        touched = self.scope.touched
        unread = len(touched.unread.contents) if touched else 0
        # Which of the other registered systems have a definition is not known where some were not read.
        narrowed = Narrowing(
            self.scope.only,
            len(self.left_out),
            len({each.system.id for each in self.left_out} & (self.listed or set())),
            0 if unread else len(self.unmanaged_left_out),
            touched.commit if touched else "",
            unread,
        )
        patterns = tuple(expected)
        everything = (*self.unmanaged, *self.unmanaged_left_out)
        return replace(
            plan,
            narrowed=narrowed if self.scope.only or touched else None,
            unjudged=tuple(each.unjudged for each in self.scope.broken),
            unmanaged=tuple(replace(each, expected=fits(each.id, patterns)) for each in plan.unmanaged),
            unmatched=find_unmatched(patterns, everything) if self.listed is not None and not unread else (),
        )


def divide(systems: Iterable[Resolved], listed: Iterable[str] | None, scope: Scope) -> Division:
    """Divide the systems that are defined, and those that are listed, into what a plan is about and the others.

    A system that a broken file can be about is on neither side: what becomes of it is not known.
    """
    every = tuple(systems)
    known = None if listed is None else frozenset(listed)
    managed = {each.system.id for each in every} | scope.broken_ids
    unmanaged = sorted((known or frozenset()) - managed)
    return Division(
        scope,
        tuple(each for each in every if scope.takes(each.system.id)),
        tuple(each for each in every if not scope.takes(each.system.id)),
        tuple(name for name in unmanaged if scope.takes(name)),
        tuple(name for name in unmanaged if not scope.takes(name)),
        known,
    )


def _describe_left_out(verb: str, system: str) -> OtherSystem:
    hint = f"Add `--only {system}`: a client id moves when both systems are planned together."
    return OtherSystem(system, f"{verb} `{system}`, which is left out", hint)


def _describe_broken(text: str, broken: Unjudged, system: str) -> OtherSystem:
    if broken.commit:
        hint = f"What {broken.file} asked for then is not known: plan against the register."
        return OtherSystem(system, f"{text}, which cannot be used at {broken.commit[:SHORT]}", hint)
    hint = f"Correct {broken.file} first: what it asks for is not known."
    return OtherSystem(system, f"{text}, which cannot be used", hint)


def _find_released(
    systems: Iterable[Resolved], live: Mapping[str, RegisteredSystem | None]
) -> frozenset[str]:
    """Find the client ids that the systems hold and do not ask for any more."""
    return frozenset(
        client
        for each in systems
        if (held := live.get(each.system.id)) is not None and not held.is_deleted
        for client in set(held.client_ids) - set(each.system.clientId)
    )
