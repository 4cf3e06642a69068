"""Random definition files in every layout that YAML allows: comments, anchors, quotes, brackets, line ends, marks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.canonical_json import Json

TEXTS = st.one_of(
    st.sampled_from(
        [
            "A",
            "Smart SKY",
            "a: b",
            "a #1",
            "it's",
            '"x"',
            "123",
            "null",
            "yes",
            "- a",
            "{a}",
            "a\\b",
            "æøå 🎉",
            "x:",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
)
LONG = st.one_of(
    TEXTS,
    st.lists(st.sampled_from(["one", "two", "  three", "a: b", "#5"]), min_size=2, max_size=3).map("\n".join),
)
RESOURCES = st.sampled_from(["ske-krav", "kravogbetaling", "mva", "123", "a+b"])
_PLAIN = re.compile(r"[A-Za-zæøå][A-Za-z0-9æøå .-]*[A-Za-z0-9]|[A-Za-z]")
_WORDS = re.compile("null|true|false|yes|no|on|off|y|n", re.IGNORECASE)


@st.composite
def rights(draw: st.DrawFn) -> Json:
    """Draw a right in its short or its long form."""
    name = draw(RESOURCES)
    form = draw(st.sampled_from(["short", "long", "action"]))
    if form == "short":
        return name
    right: Json = {"resource": [{"id": "urn:altinn:resource", "value": name}]}
    return {**right, "action": "read"} if form == "action" else right


def _key(value: Json) -> str:
    return (
        json.dumps(value, sort_keys=True)
        if isinstance(value, dict) and "action" in value
        else _resource(value)
    )


def _resource(value: Json) -> str:
    return value if isinstance(value, str) else str(value["resource"][0]["value"])


MEMBERS: dict[str, st.SearchStrategy[Json]] = {
    "name": st.fixed_dictionaries({"nb": TEXTS, "nn": TEXTS, "en": TEXTS}),
    "description": st.fixed_dictionaries({"nb": LONG, "nn": LONG, "en": LONG}),
    "rights": st.lists(rights(), max_size=3, unique_by=_key),
    "accessPackages": st.lists(
        st.sampled_from(["a", "b", "c"]).map("urn:altinn:accesspackage:{}".format), max_size=3, unique=True
    ),
    "clientId": st.lists(
        st.sampled_from("1234").map(lambda n: f"32ef65ac-6e62-498d-880f-76c85c2052a{n}"),
        max_size=3,
        unique=True,
    ),
    "allowedRedirectUrls": st.lists(
        st.sampled_from("abcd").map("https://smartcloud.example/{}".format), max_size=3, unique=True
    ),
    "isVisible": st.booleans(),
}
"""What a definition may say, by member."""
TEMPLATES = st.dictionaries(
    st.sampled_from(["standard", "accountant", "rights"]),
    st.fixed_dictionaries(
        {},
        optional={
            "redirectUrl": st.just("https://smartcloud.example/a"),
            "accessPackages": MEMBERS["accessPackages"],
            "rights": MEMBERS["rights"],
            "type": st.sampled_from(["standard", "agent"]),
        },
    ),
    max_size=2,
)
"""What it may ask customers for, which stands at the top only."""


class Writer:
    """Writes values as YAML, each time in another of its styles."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.commented = draw(st.booleans())
        self.dash = draw(st.sampled_from([0, 2, 4]))
        self.step = draw(st.sampled_from([2, 4]))

    def flip(self) -> bool:
        """Toss a coin."""
        return self.draw(st.booleans())

    def scalar(self, value: Json) -> str:
        """Write a text or a truth on one line."""
        if isinstance(value, bool):
            return self.draw(st.sampled_from(["true", "True"] if value else ["false", "FALSE"]))
        ways: list[Callable[[str], str]] = [lambda text: json.dumps(text, ensure_ascii=False)]
        if "\n" not in value and value.isprintable():
            ways.append(lambda text: "'" + text.replace("'", "''") + "'")
        if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value):
            ways += [str, str]
        return _escape(self.draw(st.sampled_from(ways))(value))

    def note(self) -> str:
        """Write a comment behind something, or nothing."""
        return self.draw(st.sampled_from(["", "", "  # why: because", " #x"])) if self.commented else ""

    def flow(self, value: Json) -> str:
        """Write a value in brackets."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{k}: {self.flow(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        return self.scalar(value)

    def member(self, name: str, value: Json, indent: int) -> list[str]:
        """Write a member as lines."""
        pad = " " * indent
        if isinstance(value, str) and _is_literal(value) and self.flip():
            return [f"{pad}{name}: |-", *(f"{pad}{' ' * self.step}{line}" for line in value.split("\n"))]
        if not isinstance(value, (dict, list)):
            return [f"{pad}{name}: {self.scalar(value)}{self.note()}"]
        if not value or self.flip():
            if isinstance(value, list) and value and self.flip():
                entries = [f"{pad}   {self.flow(each)},{self.note()}" for each in value]
                return [f"{pad}{name}: [{self.note()}", *entries, f"{pad}  ]{self.note()}"]
            return [f"{pad}{name}: {self.flow(value)}{self.note()}"]
        lines = [f"{pad}{name}:{self.note()}"]
        if isinstance(value, dict):
            for key, each in value.items():
                lines += self.member(key, each, indent + self.step)
            return lines
        for each in value:
            if self.commented and self.flip():
                lines.append(f"{pad}{' ' * self.dash}# about the next")
            lines += self.entry(each, indent + self.dash)
        return lines

    def entry(self, value: Json, indent: int) -> list[str]:
        """Write an entry of a list as lines."""
        pad = " " * indent
        if not isinstance(value, dict) or self.flip():
            return [f"{pad}- {self.flow(value)}{self.note()}"]
        inner = [line for key, each in value.items() for line in self.member(key, each, indent + 2)]
        return [f"{pad}- {inner[0][indent + 2 :]}", *inner[1:]]


def _is_literal(text: str) -> bool:
    return "\n" in text and not text.startswith(" ")


def _escape(text: str) -> str:
    """Escape what may not stand in YAML, or what this project refuses, as JSON does."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


@st.composite
def values(draw: st.DrawFn) -> dict[str, Json]:
    """Draw what a definition says at its top level, in any order."""
    members: dict[str, Json] = {
        "id": "991825827_a",
        "vendor": draw(st.sampled_from(["991825827", {"ID": "0192:991825827"}])),
    }
    for name, strategy in MEMBERS.items():
        if name in {"name", "description"} or draw(st.booleans()):
            members[name] = draw(strategy)
    if draw(st.booleans()):
        members["requests"] = draw(TEMPLATES)
    order = draw(st.permutations(list(members)))
    return {name: members[name] for name in order}


@st.composite
def overlays(draw: st.DrawFn) -> dict[str, dict[str, Json]] | None:
    """Draw what differs in some environments; None where none is named."""
    if draw(st.booleans()):
        return None
    found: dict[str, dict[str, Json]] = {}
    for environment in draw(st.lists(st.sampled_from(["tt02", "prod"]), unique=True, min_size=1)):
        chosen = draw(st.lists(st.sampled_from([*MEMBERS]), unique=True, max_size=3))
        found[environment] = {name: draw(MEMBERS[name]) for name in chosen}
        if draw(st.booleans()):
            found[environment]["requests"] = draw(TEMPLATES)
    return found


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a definition file, with its byte order mark if it has one."""
    writer = Writer(draw)
    members, differing = draw(values()), draw(overlays())
    lines: list[str] = []
    anchored = draw(st.sampled_from(["", "", "texts", "text"]))
    for name, value in members.items():
        if writer.commented and writer.flip():
            lines += draw(st.sampled_from([["# about the next"], ["", "# apart", ""], [""]]))
        shown = draw(st.sampled_from([name, name, name, name[0].upper() + name[1:]]))
        lines += writer.member(shown, value, 0)
    if anchored == "texts" and not differing:
        start = next(n for n, line in enumerate(lines) if line.lower().startswith("name:"))
        head, _, rest = lines[start].partition(":")
        lines[start] = f"{head}: &texts{rest}"
        lines += ["environments:", "  tt02:", "    name: *texts", "    description: *texts"]
    if differing is not None:
        lines += writer.member("environments", differing, 0)
    if draw(st.booleans()):
        lines.append("# the end")
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = end.join(lines) + draw(st.sampled_from([end, ""]))
    return draw(st.sampled_from(["", "", "\ufeff"])) + text
