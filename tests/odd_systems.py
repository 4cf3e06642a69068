"""Live systems with something odd in every member in turn, as registers hold them that other programs wrote to."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING

from tests.builders import VENDOR, a_live_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.canonical_json import Json

TEXTS = (
    "",
    " a ",
    "a\nb",
    "a\n\n  b\n",
    "\tx",
    "a\u202eb",
    "a\u0001b",
    'it\'s "x" \\ y',
    "# no comment",
    "a: b # c",
    "- x",
    "null",
    "~",
    "yes",
    "0123",
    "1e3",
    "{a}",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "👩‍💻 æøå ÆØÅ",
    "e\u0301",
    "\u2028",
    "\ufeffx",
    "x" * 5000,
    "a\r\nb",
    "https://a.example/#b",
    "---",
    "...",
    "<<",
    "|",
)
IDS = (
    "Old",
    "a:b",
    "ø",
    "a-b",
    "x" * 200,
    "con",
    "a.b",
    "a.",
    "A",
    "%41",
    "a?b=c",
    "a#b",
    "'q'",
    "a\tb",
    "👍",
    "..",
    "*x",
    "~",
)
RESOURCE = "urn:altinn:resource"
RIGHTS: tuple[Json, ...] = (
    [],
    [{"resource": [{"id": RESOURCE, "value": "mva"}], "action": "read"}],
    [{"resource": [{"id": RESOURCE, "value": "mva"}], "action": ""}],
    [{"resource": [{"id": RESOURCE, "value": "a"}, {"id": RESOURCE, "value": "b"}]}],
    [{"resource": [{"id": "urn:altinn:org", "value": "skd"}, {"id": "urn:altinn:app", "value": "x"}]}],
    [
        {"resource": [{"id": RESOURCE, "value": each}]}
        for each in ("0123", "a b", "a: b", "urn:altinn:resource:x")
    ],
    [{"resource": [{"id": RESOURCE, "value": "mva"}]}] * 2,
    [{"resource": [{"id": RESOURCE, "value": f"r{number}"}]} for number in range(40)],
)
PACKAGES: tuple[Json, ...] = (
    [],
    [{"urn": "urn:altinn:accesspackage:no-such-package"}],
    [{"urn": "urn:altinn:accesspackage:SKATTEGRUNNLAG"}],
    [{"urn": "skattegrunnlag"}, {"urn": ""}, {"urn": "null"}],
    [{"urn": "urn:altinn:accesspackage:regnskapsforer-lonn"}],
    [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}] * 2,
)
URLS: tuple[Json, ...] = (
    [],
    ["http://a.example/"],
    ["https://localhost:3000/x"],
    ["https://A.example/%41?b=%20c#d"],
    ["https://user@a.example/"],
    ["https://bjørn.example/"],
    ["https://a.example/"] * 2,
    [f"https://a.example/{number}" for number in range(30)],
)
MEMBERS = (
    "id",
    "name",
    "description",
    "rights",
    "accessPackages",
    "clientId",
    "allowedRedirectUrls",
    "isVisible",
)


def make_systems(number: int, seed: int) -> list[dict[str, Json]]:
    """Make so many systems, each with one odd member; an equal seed gives equal systems."""
    dice = random.Random(seed)  # noqa: S311 - `seed` makes it repeatable, and nothing here is secret
    return [_make_odd(index, MEMBERS[index % len(MEMBERS)], dice) for index in range(number)]


def make_other(systems: list[dict[str, Json]], seed: int) -> list[dict[str, Json]]:
    """Make what another environment holds: most of the systems, in which any member may differ, and others."""
    dice = random.Random(seed)  # noqa: S311 - `seed` makes it repeatable, and nothing here is secret
    found: list[dict[str, Json]] = []
    for index, system in enumerate(systems):
        if dice.random() < 0.2:
            continue
        made = dict(system)
        for member in MEMBERS[1:]:
            if dice.random() < 0.3:
                made[member] = _make_odd(index, member, dice)[member]
        found.append(made)
    return [*found, *(_make_odd(number, "id", dice) for number in range(10_000, 10_000 + len(systems) // 20))]


def _make_odd(number: int, member: str, dice: random.Random) -> dict[str, Json]:
    client = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    made = a_live_document(id=f"{VENDOR}_s{number}", clientId=[client])
    return {**made, member: _choose(member, number, client, dice)}


def _choose(member: str, number: int, client: str, dice: random.Random) -> Json:
    if member == "id":
        return f"{VENDOR}_{number}{dice.choice(IDS)}"
    if member in {"name", "description"}:
        extra = dice.choice([[], [], ["de"], ["NB"]])
        return {language: dice.choice(TEXTS) for language in ("en", "nb", "nn", *extra)}
    if member == "clientId":
        return dice.choice(list(_list_clients(number, client)))
    if member == "isVisible":
        return dice.random() < 0.5
    return dice.choice({"rights": RIGHTS, "accessPackages": PACKAGES, "allowedRedirectUrls": URLS}[member])


def _list_clients(number: int, client: str) -> Iterator[list[str]]:
    yield []
    yield [client.upper()]
    yield [f"client {number}", f"#{number}", f"'{number}'"]
    yield [f"0{number}", f"{number}e1"]
    yield [f"{client[:-2]}{index:02x}" for index in range(30)]
