"""Repositories before and after a change, written in ways that a search for texts could miss, and a register."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.builders import VENDOR, a_live_document
from tests.operations.test_scope import Counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json

CLIENTS = [f"c{number}000000-aaaa-4bcd-8000-00000000000{number}" for number in range(8)]
ENVIRONMENTS = ("local", "tt02", "at22", "prod")
OTHER_VENDOR = "310904473"
_WORDS = [f"s{number}" for number in range(8)]
_BROKEN = (": [\n", "nonsense: true\n", "clientId: 5\n", "\tx: y\n", "id: twice\n")


@dataclass
class Wish:
    """What one file is to say."""

    id: str
    clients: list[str]
    visible: bool = True
    withdrawn: bool = False
    overlays: dict[str, dict[str, Json]] | None = None
    name: str = "Regnskap"
    style: int = 0
    broken: str = ""
    vendor: str = VENDOR


@dataclass
class FileWorld:
    """Files by name before and after a change, what was there earlier, and what the register holds."""

    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    live: dict[str, dict[str, Json]] = field(default_factory=dict)

    def open(self) -> Counted:
        """Open the register."""
        memory = Counted()
        memory.systems.update(self.live)
        return memory


def hash_object(content: bytes) -> bytes:
    """Name a content as git does (gitformat-pack(5))."""
    found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return found.hexdigest().encode()


def _write_text(chance: random.Random, text: str) -> str:
    """Write a text in one of many ways; the first four need quotes or marks."""
    at = chance.randrange(1, len(text))
    return chance.choice(
        (
            f'"{text[:at]}\\x{ord(text[at]):02x}{text[at + 1 :]}"',
            f'"{text[:at]}\\\n    {text[at:]}"',
            f"&anchor{chance.randrange(99)} {text}",
            f"!!str {text}",
            f"'{text}'",
            f'"{text}"',
            text,
            text,
        )
    )


def _write_vendor(chance: random.Random, wish: Wish) -> str:
    return chance.choice(
        (
            f'vendor: "{wish.vendor}"',
            f"vendor: {wish.vendor}",
            f'vendor:\n  ID: "0192:{wish.vendor}"',
            f'vendor: {{"ID": "0192:{wish.vendor}"}}',
            f"vendor: &whose '{wish.vendor}'",
        )
    )


def _write_clients(chance: random.Random, clients: list[str], indent: str = "") -> str:
    if not clients:
        return f"{indent}clientId: []"
    written = [_write_text(chance, each.upper() if chance.random() < 0.1 else each) for each in clients]
    if chance.random() < 0.3 and not any("\n" in each or "&" in each or "!" in each for each in written):
        return f"{indent}clientId: [{', '.join(written)}]"
    return "\n".join([f"{indent}clientId:", *(f"{indent}  - {each}" for each in written)])


def _write_overlays(chance: random.Random, overlays: Mapping[str, Mapping[str, Json]]) -> str:
    if not any(overlays.values()) and chance.random() < 0.3:
        return f"environments: {{{', '.join(overlays)}}}"
    lines = ["environments:"]
    for name, members in overlays.items():
        key = chance.choice((name, name, f'"{name}"', f"'{name}'"))
        lines.append(f"  {key}:" if members else f"  {key}: {{}}")
        for member, value in members.items():
            if member == "clientId":
                lines.append(_write_clients(chance, value, "    "))
            else:
                lines.append(f"    {member}: {str(value).lower() if isinstance(value, bool) else value}")
    return "\n".join(lines)


def write(chance: random.Random, wish: Wish) -> bytes:
    """Write a file that says what is wished."""
    parts = [
        f"id: {wish.id if chance.random() < 0.7 else _write_text(chance, wish.id)}",
        _write_vendor(chance, wish),
    ]
    if wish.withdrawn:
        parts.append("withdrawn: true")
    parts += [
        f"name: {{nb: {wish.name}, nn: Rekneskap, en: Accounting}}",
        "description: {nb: Best, nn: Vest, en: Rocks}",
        _write_clients(chance, wish.clients),
        f"isVisible: {str(wish.visible).lower()}",
    ]
    if wish.overlays is not None:
        parts.append(_write_overlays(chance, wish.overlays))
    if chance.random() < 0.3:
        chance.shuffle(parts)
    if chance.random() < 0.15:
        parts.insert(0, chance.choice((f"# {chance.choice(CLIENTS)}", "# a vendor: x", "# prod: no", "# x")))
    text = "\n".join(parts) + "\n"
    if wish.broken:
        text += wish.broken
    if chance.random() < 0.05:
        text = text.replace("\n", "\r\n")
    return text.encode()


def _wish(chance: random.Random, word: str, clients: list[str]) -> Wish:
    overlays: dict[str, dict[str, Json]] | None = None
    if chance.random() < 0.5:
        overlays = {each: {} for each in ENVIRONMENTS[1:] if chance.random() < 0.7} or {"tt02": {}}
        for members in overlays.values():
            if chance.random() < 0.15:
                members["isVisible"] = chance.random() < 0.5
            if chance.random() < 0.15:
                members["clientId"] = [chance.choice(CLIENTS)] if chance.random() < 0.15 else []
            if chance.random() < 0.02:
                members["id"] = f"{VENDOR}_{chance.choice(_WORDS)}"
    return Wish(
        f"{VENDOR}_{word}",
        clients,
        chance.random() < 0.85,
        chance.random() < 0.04,
        overlays,
        broken=chance.choice(_BROKEN) if chance.random() < 0.02 else "",
        vendor=OTHER_VENDOR if chance.random() < 0.004 else VENDOR,
    )


def _name_file(chance: random.Random, word: str) -> str:
    return chance.choice(
        (f"systems/{VENDOR}_{word}.yaml", f"systems/{word}.yml", f"systems/deep/{word}.yaml")
    )


def _deal(chance: random.Random, words: list[str]) -> dict[str, list[str]]:
    dealt: dict[str, list[str]] = {word: [] for word in words}
    for client in CLIENTS:
        if chance.random() < 0.75:
            dealt[chance.choice(words)].append(client)
        if chance.random() < 0.01:
            dealt[chance.choice(words)].append(client)
    return dealt


def _change(
    chance: random.Random, wishes: dict[str, tuple[str, Wish]], chosen: list[str], world: FileWorld
) -> None:
    """Change some files: what they say, their names, or only how they say it."""
    for word in chosen:
        file, wish = wishes[word]
        stands_twice = len(wish.clients) != len(set(wish.clients)) or any(
            set(wish.clients) & set(each.clients) for name, (_, each) in wishes.items() if name != word
        )
        way = 7 if stands_twice and chance.random() < 0.9 else chance.randrange(13)
        if way <= 1:
            del world.after[file]
        if way == 1:
            content = world.before[file] if chance.random() < 0.5 else write(chance, wish)
            world.after[f"systems/renamed-{word}.yaml"] = content
        if way > 1:
            other = wishes[chance.choice(chosen)][1]
            world.after[file] = write(chance, _wish_again(chance, word, way, wish, other))
    if chance.random() < 0.1:
        added = _wish(chance, _choose_word(chance), [])
        world.after[f"systems/{chance.choice(_WORDS)}-new.yaml"] = write(chance, added)


def _choose_word(chance: random.Random) -> str:
    """Choose an id that is new, or sometimes one that is taken."""
    return chance.choice(_WORDS) if chance.random() < 0.3 else _WORDS[-1]


def _wish_again(chance: random.Random, word: str, way: int, wish: Wish, other: Wish) -> Wish:
    """Wish for something else in a file; client ids can move to it from another one."""
    if way == 2:
        return wish
    if way <= 6:
        return replace(wish, visible=not wish.visible)
    if way <= 8:  # what stood twice may stand once now
        return replace(wish, clients=wish.clients[1:], visible=not wish.visible)
    again = _wish(chance, word, wish.clients)
    if way == 9:
        again.id = f"{VENDOR}_{_choose_word(chance)}"
    if way > 10:
        pool = [*wish.clients, *other.clients]
        again.clients = [each for each in dict.fromkeys(pool) if chance.random() < 0.6]
        if other is not wish:
            other.clients[:] = [each for each in pool if each not in again.clients]
        if chance.random() < 0.1:
            again.clients.append(chance.choice(CLIENTS))
    return again


def make_file_world(seed: int) -> FileWorld:
    """Make the world of a seed, the same each time."""
    chance = random.Random(seed)  # noqa: S311 - a seed gives the same world each time
    asked = _deal(chance, _WORDS[:7])
    chosen = chance.sample(_WORDS[:7], chance.choice((1, 1, 2, 2, 3)))
    if chance.random() < 0.3:  # one client id stands twice before the change
        asked[chosen[0]][:0] = chance.choice([each for each in asked.values() if each] or [CLIENTS])[:1]
    world = FileWorld()
    wishes: dict[str, tuple[str, Wish]] = {}
    for word in _WORDS[:7]:
        wishes[word] = (_name_file(chance, word), _wish(chance, word, asked[word]))
        world.before[wishes[word][0]] = write(chance, wishes[word][1])
    world.after = dict(world.before)
    holders = {client: word for word, clients in asked.items() for client in clients}
    held = {word: [each for each in holders if holders[each] == word] for word in [*asked, "u0", "u1"]}
    for _ in range(chance.randrange(3)):
        giver, taker = chance.sample(sorted(held), 2)
        if chance.random() < 0.5:
            taker = chance.choice(chosen)
        moved = [client for client in held[giver] if chance.random() < 0.6]
        held[giver] = [client for client in held[giver] if client not in moved]
        held[taker] += moved if chance.random() < 0.7 else []
    for word, clients in held.items():
        if chance.random() < 0.9:
            world.live[f"{VENDOR}_{word}"] = a_live_document(
                id=f"{VENDOR}_{word}",
                clientId=clients,
                isVisible=chance.random() < 0.85,
                isDeleted=chance.random() < 0.05,
                rights=[],
                accessPackages=[],
                allowedRedirectUrls=[],
                name={"nb": "Regnskap", "nn": "Rekneskap", "en": "Accounting"},
                description={"nb": "Best", "nn": "Vest", "en": "Rocks"},
            )
    _change(chance, wishes, chosen, world)
    return world
