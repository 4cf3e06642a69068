"""The systems of a vendor that no definition describes, as far as the register lets them be listed and read.

One row that the service cannot read makes the whole list answer 500, and an id can be registered that no path
can name (System Register contract §1.7). Neither keeps the others from being read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all
from reconciler.errors import Forbidden, Rejected, ServerFailed, Unintelligible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.errors import RegisterError
    from reconciler.model.system import RegisteredSystem

    Answer = RegisteredSystem | RegisterError | None
    """A system, None where the register does not know it, or why it could not be read."""
    See = Callable[[str, RegisteredSystem | None], None]
    """Called with the id of a system that was read, and the system, while others are read."""

BROKEN = 500
"""What the register answers where it cannot read a row of its own; a gateway's 502 and 503 are an outage."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list of systems said."""

    ids: tuple[str, ...] = ()
    unlisted: str = ""
    """Why it says nothing of the vendor's systems; empty where it does."""
    failure: ServerFailed | None = None
    """The failure, where the register could not answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Every system that was read, and why the others could not be."""

    found: Mapping[str, RegisteredSystem | None]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """The reason, by id."""

    def add(self, more: Reading) -> Reading:
        """Add what is known of others."""
        return Reading({**self.found, **more.found}, {**self.unreadable, **more.unreadable})

    def keep(self, ids: Collection[str]) -> Reading:
        """Keep what is known of some systems."""
        return Reading(
            {name: each for name, each in self.found.items() if name in ids},
            {name: why for name, why in self.unreadable.items() if name in ids},
        )

    def leave(self, ids: Collection[str]) -> Reading:
        """Keep what is known of all others."""
        return self.keep((self.found.keys() | self.unreadable.keys()) - frozenset(ids))


def list_ids(register: Register, vendor: str) -> Listing:
    """List the ids of a vendor's systems; raises `Forbidden` where the token is another organisation's."""
    owner = register.administers
    if owner and owner != vendor:
        return Listing(
            unlisted=f"the token is an administrator's of organisation {owner}, and the list holds that "
            f"organisation's systems only, not those of {vendor}"
        )
    try:
        listed = register.list_systems()
    except ServerFailed as failure:
        if failure.status != BROKEN:
            raise
        return Listing(unlisted=f"the register could not answer: {failure.message}", failure=failure)
    others = {each.vendor for each in listed} - {vendor}
    if others:
        raise Forbidden(
            f"The token belongs to organisation {min(others)}, and the definitions to {vendor}.",
            hint="Use the credentials of the definitions' vendor, or pick the other vendor with --vendor.",
            status=403,
        )
    return Listing(tuple(sorted({each.id for each in listed})))


def read_listed(
    register: Register,
    ids: Sequence[str],
    listing: Listing,
    progress: Progress | None = None,
    see: See | None = None,
) -> Reading:
    """Read systems, and pass over those that the register cannot give; raises what ends all reading.

    Where the list failed and nothing else can be read either, its failure is raised: the register is not well.
    """
    if listing.failure is not None and ids and isinstance(_read(ids[0], register), ServerFailed):
        raise listing.failure

    def see_system(name: str, answer: Answer) -> None:
        if see is not None and not isinstance(answer, Exception):
            see(name, answer)

    answers = ask_all(
        lambda name: _read(name, register), ids, progress, workers=register.workers, see=see_system
    )
    failures = {name: each for name, each in answers.items() if isinstance(each, Exception)}
    if failures and len(failures) == len(ids) and not listing.ids:
        raise next(iter(failures.values()))
    found = {name: each for name, each in answers.items() if not isinstance(each, Exception)}
    return Reading(found, {name: each.message.rstrip(".") for name, each in failures.items()})


def _read(system: str, register: Register) -> Answer:
    obstacle = explain_unaddressable(system)
    if obstacle:
        return Unintelligible(obstacle)
    try:
        found = register.read_system(system)
        if found is not None:
            found.read()
    except ServerFailed as failure:
        if failure.status != BROKEN:
            raise
        return failure
    except (Unintelligible, Rejected) as failure:
        return failure
    return found


def explain_unaddressable(system: str) -> str:
    """Say why no path can name an id; empty where one can (System Register contract §1.7)."""
    if "/" in system:
        return "its id holds a `/`, which no address can carry"
    if system in {"", ".", ".."} or not system.strip() or "\0" in system:
        return "no address can carry its id"
    return ""
