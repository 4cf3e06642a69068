"""What access packages and resources exist, and what that means for a system that asks for one.

Offline, the packages are those in Altinn's source on the day in `AS_OF`, shipped as data, and nothing is known of
resources. An environment may lag behind it or lead it; only its own metadata APIs know, and what they were asked
is a catalogue too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pkgutil import get_data
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconciler.model.suggest import NameIndex
from reconciler.model.system import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.canonical_json import Json

AS_OF = "2026-08-21"
"""The day of https://github.com/Altinn/altinn-authorization-tmp at f7ff53bd, where the list comes from."""

STALE = 90
"""Days after which a list of packages and resources is called old."""
PACKAGE_PREFIX = "urn:altinn:accesspackage:"
ROUTES = frozenset({"search", "export", "resourcelist", "orgs", "updated", "changes"})
"""What stands in the Resource Registry's addresses where an id could stand, in any letter case (contract §8.1)."""
TYPES = frozenset(
    {
        "Default",
        "Systemresource",
        "AltinnApp",
        "GenericAccessResource",
        "BrokerService",
        "CorrespondenceService",
        "MigratedApp",
    }
)
"""The resource types that a right may name (System Register contract §3, 00017)."""
PACKAGE_FORM = re.compile(r"urn:(?i:altinn:accesspackage):[^\s:]+")
"""In any letter case but for `urn:`, as the register looks packages up (System Register contract §8.2)."""
_RESOURCE_FORM = re.compile(r"(?!(?i:urn:))(?!\.+\Z)[^\s/]+")
"""The rules on rights say what is wrong with a name of another form, and no one asks for it."""


class PackageFlags(NamedTuple):
    """What an access package may be used for."""

    delegable: bool
    """May be given to a system user for an organisation's clients."""
    assignable: bool
    """May be given to a system user for the organisation itself."""
    name: str = ""
    """In Norwegian."""
    urn: str = ""
    """As the environment names it; empty where that is not known."""


class KnownResource(NamedTuple):
    """A resource as the environment knows it."""

    kind: str
    """Its type."""
    id: str = ""
    """As the environment names it; empty where it does not say."""


class Asked(NamedTuple):
    """A right or an access package that a document asks for, by its name."""

    what: Literal["resource", "package"]
    name: str

    @property
    def can_exist(self) -> bool:
        """Whether there can be one of that name, so that it makes sense to ask for it."""
        form = _RESOURCE_FORM if self.what == "resource" else PACKAGE_FORM
        return form.fullmatch(self.name) is not None and self.name.lower() not in ROUTES


class Doubt(NamedTuple):
    """Why the register would refuse a right or a package: one word, and the rest of a sentence about it."""

    kind: Literal["unknown", "renamed", "not-delegable", "visible"]
    says: str
    name: str = ""
    """What the environment names it."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The access packages and resources that an environment knows, and where that was learnt."""

    packages: Mapping[str, PackageFlags]
    """By URN in lower case."""
    source: str
    """Ends a sentence: `in the list of 2026-08-21`."""
    resources: Mapping[str, KnownResource] = field(default_factory=dict)
    """By id."""
    absent: Mapping[Asked, tuple[str, ...]] | None = None
    """What it was asked for and does not know, with the nearest names; None where `packages` holds all there are."""
    unanswered: Mapping[Asked, str] = field(default_factory=dict)
    """What it was asked for and gave no usable answer to, with the reason."""
    complete: bool = False
    """Whether `resources` holds all there are, so that another one is unknown."""
    renewal: str = ""
    """A sentence on how to renew a list that may be too old; empty where there is none."""
    _indexes: dict[str, NameIndex] = field(default_factory=dict, compare=False, repr=False)
    """The names of packages, and those of resources; made when they are first needed."""

    def find_package(self, urn: str) -> PackageFlags | None:
        """Find a package; the register's lookup ignores letter case, but for `urn:` (contract §8.2)."""
        return self.packages.get(urn.lower()) if urn.startswith("urn:") else None

    def suggest_package(self, urn: str) -> str:
        """Give the nearest URN that exists, or an empty text; what stands before the name is not compared."""
        if "package" not in self._indexes:
            self._indexes["package"] = NameIndex(each.removeprefix(PACKAGE_PREFIX) for each in self.packages)
        found = self._indexes["package"].find(urn.rpartition(":")[2])
        return PACKAGE_PREFIX + found[0] if found else ""

    def _suggest_resource(self, name: str) -> str:
        if "resource" not in self._indexes:
            self._indexes["resource"] = NameIndex(self.resources)
        return next(iter(self._indexes["resource"].find(name)), "")

    def suggest(self, asked: Asked) -> tuple[str, ...]:
        """Give the names nearest to one that is unknown, as it is to be written; several where it was asked for."""
        if self.absent is not None:
            return self.absent.get(asked, ())
        find = self.suggest_package if asked.what == "package" else self._suggest_resource
        near = find(asked.name)
        return (near,) if near else ()

    def judge(self, asked: Asked, *, visible: bool) -> Iterator[Doubt]:
        """Say why the register would refuse a right or a package of a system; nothing where it would not.

        What was not asked for, or got no answer, raises no doubt.
        """
        if asked.what == "resource":
            return self._judge_resource(asked)
        return self._judge_package(asked, visible=visible)

    def advise(self, asked: Asked, doubt: Doubt) -> str:
        """Say what to write instead of what there is a doubt about."""
        match doubt.kind:
            case "visible":
                return "Write `isVisible: false`, or choose a package that is assignable."
            case "renamed":
                return f"Write `{doubt.name}`."
            case "not-delegable":
                return "Remove it."
            case "unknown":
                return " ".join(filter(None, [self._advise_unknown(asked), self.renewal]))

    def _advise_unknown(self, asked: Asked) -> str:
        *others, last = ["", *(f"`{each}`" for each in self.suggest(asked))]
        if last:
            return f"Did you mean {' or '.join(filter(None, [', '.join(others[1:]), last]))}?"
        if asked.what == "package":
            return "Look it up in Altinn's list of access packages."
        return "Look up its id, or leave the right out until the resource exists there."

    def _judge_resource(self, asked: Asked) -> Iterator[Doubt]:
        found = self.resources.get(asked.name)
        if asked in (self.absent or ()) or (self.complete and found is None):
            yield Doubt("unknown", f"is not a resource {self.source}")
        if found is None:
            return
        if found.id and found.id.lower() != asked.name.lower():
            yield Doubt("renamed", f"is named `{found.id}` {self.source}", found.id)
        if found.kind not in TYPES:
            yield Doubt("not-delegable", f"is of type {found.kind} {self.source}, which no right may name")

    def _judge_package(self, asked: Asked, *, visible: bool) -> Iterator[Doubt]:
        found = self.find_package(asked.name)
        if asked in self.absent if self.absent is not None else found is None:
            yield Doubt("unknown", f"is not an access package {self.source}")
        if found is None:
            return
        if found.urn and found.urn.lower() != asked.name.lower():
            yield Doubt("renamed", f"is named `{found.urn}` {self.source}", found.urn)
        if not found.delegable and not found.assignable:
            says = f"is neither delegable nor assignable {self.source}, so no system user can have it"
            yield Doubt("not-delegable", says)
        if visible and not found.assignable:
            yield Doubt("visible", f"has isAssignable false {self.source}, and the system is visible")


def list_asked(document: Mapping[str, Json]) -> Iterator[Asked]:
    """List the resources and packages that a document asks for, each once, in its order."""
    rights = (pair for right in document.get("rights") or () for pair in right.get("resource") or ())
    resources = (
        Asked("resource", str(pair.get("value", ""))) for pair in rights if pair.get("id") == RESOURCE
    )
    packages = (Asked("package", str(each.get("urn", ""))) for each in document.get("accessPackages") or ())
    yield from dict.fromkeys([*resources, *packages])


def explain_age(what: str, taken: str, today: date, remedy: str) -> str:
    """Say that a list is old, and what to do; empty where it is not, by its day as YYYY-MM-DD."""
    days = (today - date.fromisoformat(taken)).days
    return f"{what} of {taken} is {days} days old: {remedy}" if days > STALE else ""


def explain_shipped_age(today: date) -> str:
    """Say that the shipped list is old; empty where it is not."""
    remedy = "`reconciler catalogue refresh -e NAME` saves an environment's own."
    return explain_age("The shipped list of access packages", AS_OF, today, remedy)


@cache
def read_shipped_catalogue() -> Catalogue:
    """Read the list that is shipped with the program."""
    content = get_data(
        "reconciler", "data/access_packages.tsv"
    )  # `importlib.resources` imports thirty modules
    text = (content or b"").decode()
    rows = (line.split("\t") for line in text.splitlines()[1:])
    packages = {row[0]: PackageFlags(row[2] == "true", row[3] == "true", row[1]) for row in rows}
    return Catalogue(packages, f"in the list of {AS_OF}")
