"""What is registered before a round, and what its files ask for: 30 changes of every kind, client ids on the move."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random


Json: TypeAlias = Any
"""A JSON value; who reads one knows what it is."""
Document: TypeAlias = dict[str, Json]
RESOURCES = (
    "ske-krav-og-betalinger",
    "ske-krav-og-betalinger-2",
    "kravogbetaling",
    "authentication-e2e-test",
    "ske-innrapportering-aksjonaerregisteroppgave",
)
"""Ids that the emulator's registry knows."""
PACKAGES = tuple(
    f"urn:altinn:accesspackage:{name}"
    for name in ("skattegrunnlag", "a-ordning", "akvakultur", "attester", "annen-tjenesteyting")
)
UNKNOWN = "contactEmail"
"""A member that the program does not know, at each place where one can stand."""
MANAGED = ("name", "description", "rights", "accessPackages", "clientId", "allowedRedirectUrls", "isVisible")


@dataclass
class Wanted:
    """One system: as it was registered, and as the files ask for it."""

    id: str
    live: Document | None
    """None where it is to be created."""
    asked: Document | None
    """The managed members; None where it is to be deleted."""


@dataclass
class Scenario:
    """All systems of a round."""

    vendor: str
    systems: dict[str, Wanted] = field(default_factory=dict)
    unmanaged: Document = field(default_factory=dict)
    linked: dict[str, set[str]] = field(default_factory=dict)
    """The systems between which client ids move, directly or through others, itself included."""

    @property
    def seeds(self) -> list[Document]:
        """The documents that are there before the round."""
        return [each.live for each in self.systems.values() if each.live] + [self.unmanaged]

    def write(self, folder: Path) -> None:
        """Write the definitions."""
        folder.mkdir(parents=True, exist_ok=True)
        for each in self.systems.values():
            members = each.asked or {**managed(each.live or {}), "withdrawn": True}
            whole = {"id": each.id, "vendor": self.vendor, **members}
            lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in whole.items()]
            (folder / f"{each.id}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def managed(document: Document) -> Document:
    """Give the members that a definition holds, without what the program does not know."""
    held: Document = {name: copy.deepcopy(document[name]) for name in MANAGED if name in document}
    for name in ("rights", "accessPackages"):
        for entry in held.get(name, ()):
            entry.pop(UNKNOWN, None)
    return held


def compare(asked: Document, held: Document) -> list[str]:
    """Name the members in which a held document is not what was asked for; lists have no order."""
    return [name for name in MANAGED if _bare(name, asked.get(name)) != _bare(name, held.get(name))]


def _bare(name: str, value: Json) -> Json:
    if name == "rights":
        return sorted(sorted((p["id"], p["value"]) for p in each["resource"]) for each in value or ())
    if name == "accessPackages":
        return sorted(each["urn"] for each in value or ())
    return sorted(value or ()) if isinstance(value, (list, tuple, type(None))) else value


def read_logged(data: Document) -> Document:
    """Read the document that an entry of the change log holds: PascalCase, `urn` in capitals."""
    held = {f"{name[:1].lower()}{name[1:]}": value for name, value in data.items()}
    held["rights"] = [{"resource": each.get("Resource") or []} for each in held.get("rights") or ()]
    held["accessPackages"] = [{"urn": each.get("Urn")} for each in held.get("accessPackages") or ()]
    return held


def a_vendor(number: int) -> str:
    """Make an organisation number with a right check digit (modulus 11); no two numbers give the same."""
    for last in range(10):
        digits = f"{3_100_000 + number}{last}"
        weights = (3, 2, 7, 6, 5, 4, 3, 2)
        rest = 11 - sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11
        if rest != 10:
            return f"{digits}{rest % 11}"
    raise AssertionError(number)


class Author:
    """Makes documents and scenarios out of a round's random numbers."""

    def __init__(self, dice: Random, vendor: str) -> None:
        self.dice = dice
        self.vendor = vendor
        self.number = 0

    def a_client(self) -> str:
        """Make a client id; the same random numbers give each vendor others."""
        return str(uuid.UUID(int=self.dice.getrandbits(128) ^ int(self.vendor or 0), version=4))

    def a_name(self, kind: str) -> str:
        """Make a system's id."""
        self.number += 1
        return f"{self.vendor}_{kind}{self.number}"

    def a_document(self, name: str, clients: list[str]) -> Document:
        """Make a document as the register answers it, with members that the program does not know."""
        dice = self.dice
        document: Document = {
            "id": name,
            "vendor": {"ID": f"0192:{self.vendor}"},
            "name": {code: f"{code} {dice.randrange(10**6)}" for code in ("en", "nb", "nn")},
            "description": {code: f"{code} text {dice.randrange(10**6)}" for code in ("en", "nb", "nn")},
            "rights": [a_right(each) for each in dice.sample(RESOURCES, dice.randint(1, 3))],
            "accessPackages": [{"urn": each} for each in dice.sample(PACKAGES, dice.randint(0, 2))],
            "isDeleted": False,
            "clientId": clients,
            "isVisible": dice.random() < 0.5,
            "allowedRedirectUrls": [self.a_url() for _ in range(dice.randint(1, 2))],
        }
        if dice.random() < 0.6:
            document[UNKNOWN] = f"top{dice.randrange(10**6)}@b.no"
        if dice.random() < 0.3:
            document["vendor"][UNKNOWN] = "vendor@b.no"
        for entry in (*document["rights"], *document["accessPackages"]):
            if dice.random() < 0.3:
                entry[UNKNOWN] = f"entry{dice.randrange(10**6)}@b.no"
        return document

    def a_url(self) -> str:
        """Make a redirect URL that the register stores as it is."""
        return f"https://system{self.dice.randrange(10**6)}.example/receipt"

    def change(self, asked: Document) -> None:
        """Change some members of what is asked for, but no client ids; at least one."""
        edits: tuple[Callable[[], object], ...] = (
            lambda: asked["name"].update(nb=f"nb {self.dice.randrange(10**6)}"),
            lambda: asked["description"].update(en=f"en text {self.dice.randrange(10**6)}"),
            lambda: asked.update(isVisible=not asked["isVisible"]),
            lambda: asked["allowedRedirectUrls"].append(self.a_url()),
            lambda: asked.update(allowedRedirectUrls=[self.a_url()]),
            lambda: asked.update(rights=_turn(asked["rights"], [a_right(each) for each in RESOURCES])),
            lambda: asked.update(
                accessPackages=_turn(asked["accessPackages"], [{"urn": each} for each in PACKAGES])
            ),
        )
        for edit in self.dice.sample(edits, self.dice.randint(1, 3)):
            edit()

    def a_scenario(self, size: int) -> Scenario:
        """Make a scenario of so many changes."""
        made = Scenario(self.vendor)
        for build in self._choose(size):
            group = build()
            made.systems.update({each.id: each for each in group})
            if len(group) > 1:
                names = {each.id for each in group}
                made.linked.update(dict.fromkeys(names, names))
        for _ in range(2):
            name = self.a_name("keep")
            live = self.a_document(name, [self.a_client()])
            made.systems[name] = Wanted(name, live, managed(live))
        made.unmanaged = self.a_document(self.a_name("other"), [self.a_client()])
        return made

    def _choose(self, size: int) -> list[Any]:
        """Choose the groups of systems: rings and hand-overs first, then single ones up to the size."""
        groups: list[tuple[int, Any]] = [
            (2, lambda: self._a_ring(2)),
            (3, lambda: self._a_ring(3)),
            (2, self._a_handover),
            (2, self._a_birth),
            (2, self._an_inheritance),
            (3, self._a_chain),
        ]
        self.dice.shuffle(groups)
        chosen: list[Any] = []
        left = size
        for number, build in groups:
            if number <= left - 3:
                chosen.append(build)
                left -= number
        singles = (self._a_create, self._an_update, self._a_delete)
        return chosen + [
            singles[n] if n < 3 else self.dice.choice((*singles, self._an_update)) for n in range(left)
        ]

    def _a_create(self) -> list[Wanted]:
        name = self.a_name("new")
        clients = [self.a_client() for _ in range(self.dice.randint(0, 2))]
        return [Wanted(name, None, managed(self.a_document(name, clients)))]

    def _an_update(self) -> list[Wanted]:
        name = self.a_name("upd")
        live = self.a_document(name, [self.a_client() for _ in range(self.dice.randint(1, 2))])
        asked = managed(live)
        self.change(asked)
        if self.dice.random() < 0.3:
            asked["clientId"].append(self.a_client())
        if self.dice.random() < 0.2:
            asked["clientId"].pop(0)
        return [Wanted(name, live, asked)]

    def _a_delete(self) -> list[Wanted]:
        name = self.a_name("del")
        clients = [self.a_client() for _ in range(self.dice.randint(0, 2))]
        return [Wanted(name, self.a_document(name, clients), None)]

    def _a_ring(self, size: int) -> list[Wanted]:
        """Make systems of which each takes the client id of the next."""
        names = [self.a_name("ring") for _ in range(size)]
        clients = [self.a_client() for _ in names]
        made = []
        for index, name in enumerate(names):
            own = [self.a_client()] if self.dice.random() < 0.5 else []
            live = self.a_document(name, [clients[index], *own])
            asked = managed(live)
            asked["clientId"] = [clients[(index + 1) % size], *own]
            if self.dice.random() < 0.5:
                self.change(asked)
            made.append(Wanted(name, live, asked))
        return made

    def _pass_on(self, giver: str) -> tuple[Wanted, str]:
        """Make a system that gives a client id away and keeps another."""
        client = self.a_client()
        live = self.a_document(giver, [client, self.a_client()])
        asked = managed(live)
        asked["clientId"].remove(client)
        return Wanted(giver, live, asked), client

    def _take(self, client: str) -> Wanted:
        name = self.a_name("take")
        live = self.a_document(name, [self.a_client()])
        asked = managed(live)
        asked["clientId"].append(client)
        return Wanted(name, live, asked)

    def _a_handover(self) -> list[Wanted]:
        giver, client = self._pass_on(self.a_name("give"))
        return [giver, self._take(client)]

    def _a_birth(self) -> list[Wanted]:
        """Make a system that gives a client id to one that is to be created."""
        giver, client = self._pass_on(self.a_name("give"))
        name = self.a_name("born")
        return [giver, Wanted(name, None, managed(self.a_document(name, [client])))]

    def _an_inheritance(self) -> list[Wanted]:
        """Make a system that is deleted, and one that takes its client id."""
        name, client = self.a_name("gone"), self.a_client()
        return [Wanted(name, self.a_document(name, [client]), None), self._take(client)]

    def _a_chain(self) -> list[Wanted]:
        """Make a system that gives to one that gives to one that is to be created."""
        first, client = self._pass_on(self.a_name("give"))
        middle, passed = self._pass_on(self.a_name("chain"))
        assert middle.asked is not None
        middle.asked["clientId"].append(client)
        name = self.a_name("born")
        return [first, middle, Wanted(name, None, managed(self.a_document(name, [passed])))]


def a_right(resource: str) -> Document:
    """Make a right to one resource."""
    return {"resource": [{"id": "urn:altinn:resource", "value": resource}]}


def _turn(held: list[Document], every: list[Document]) -> list[Document]:
    """Drop the first entry and add one that was not there."""
    new = [each for each in every if each not in held]
    return [*held[1:], *new[:1]]
