"""Compares two answers to one request, member by member.

Trace ids and times must have the right form, an id must be that of the same request, and everything else must be
equal, also the order of members. Differences in order alone are counted separately.
"""

from __future__ import annotations

import base64
import json
import re
from typing import NamedTuple

from tests.recordings.transcript import Answer

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FORMS = {
    "traceId": re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]"),
    "created": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?(Z|\+00:00)|0001-01-01T00:00:00"),
}
"""Members of which only the form is compared."""
_LINK = re.compile(r"https?://[^/]+(/[^?]+)\?token=[A-Za-z0-9_-]+")
_SHOWN = 160


class Difference(NamedTuple):
    """One difference: its kind, its path, and both values."""

    kind: str
    where: str
    recorded: object
    answered: object

    @property
    def is_soft(self) -> bool:
        """Say whether only an order differs."""
        return self.kind in {"order", "rows"}

    def __str__(self) -> str:
        """Show the difference on one line."""
        recorded, answered = (repr(side)[:_SHOWN] for side in (self.recorded, self.answered))
        return f"{self.kind} {self.where}: {recorded} | {answered}"


class _Members(list[tuple[str, object]]):
    """A JSON object as a list of members, which keeps order and repeats."""


class IdNames:
    """Names for the ids of one side, since each run of a set has others: the request that first answered one."""

    def __init__(self, sent: str) -> None:
        self._sent = sent
        self._names: dict[str, str] = {}

    def replace(self, name: str, answer: Answer) -> Answer:
        """Replace every id of an answer that the requests themselves did not bring."""

        def show(found: re.Match[str]) -> str:
            if found[0] in self._sent:
                return found[0]
            return "{" + self._names.setdefault(found[0], f"{name}#{self._count(name)}") + "}"

        body = GUID.sub(show, answer.body) if isinstance(answer.body, str) else answer.body
        headers = {key: GUID.sub(show, value) for key, value in answer.headers.items()}
        return Answer(answer.status, headers, body)

    def _count(self, name: str) -> int:
        return sum(known.startswith(f"{name}#") for known in self._names.values())


class Comparer:
    """Compares the answers of one replay, and remembers which request got which id."""

    def __init__(self) -> None:
        self._recorded_ids: dict[str, str] = {}
        self._answered_ids: dict[str, str] = {}
        self._found: list[Difference] = []
        self._is_unordered = False

    def compare(
        self, name: str, recorded: Answer, answered: Answer, *, is_unordered: bool
    ) -> list[Difference]:
        """Give every difference between two answers to the request `name`."""
        self._found, self._is_unordered = [], is_unordered
        self.learn(name, recorded, answered)
        if recorded.status != answered.status:
            self._add("status", "", recorded.status, answered.status)
        for header in sorted({*recorded.headers, *answered.headers}):
            one, other = recorded.headers.get(header), answered.headers.get(header)
            if one != other:
                self._add("header", header, one, other)
        texts = [_widen(side) for side in (recorded, answered)]
        if texts[0] != texts[1]:
            left, right = _parse(texts[0]), _parse(texts[1])
            if left is None or right is None:
                self._add("body", "", *texts)
            else:
                self._values(left, right, "$")
        return self._found

    def learn(self, name: str, recorded: Answer | None, answered: Answer) -> None:
        """Remember the id that a request was answered with."""
        for answer, ids in ((recorded, self._recorded_ids), (answered, self._answered_ids)):
            if answer is not None and answer.status == 200 and isinstance(answer.body, str):
                found = GUID.fullmatch(answer.body.strip('"'))
                if found:
                    ids.setdefault(found[0], name)

    def _add(self, kind: str, where: str, recorded: object, answered: object) -> None:
        self._found.append(Difference(kind, where, recorded, answered))

    def _values(self, recorded: object, answered: object, where: str) -> None:
        if isinstance(recorded, _Members) and isinstance(answered, _Members):
            self._objects(recorded, answered, where)
        elif type(recorded) is list and type(answered) is list:
            self._lists(recorded, answered, where)
        elif type(recorded) is not type(answered) or (
            recorded != answered and not self._are_alike(recorded, answered, where.rpartition(".")[2])
        ):
            self._add("value", where, recorded, answered)

    def _are_alike(self, recorded: object, answered: object, member: str) -> bool:
        """Say whether two texts are equivalent: ids of one request, times, links."""
        if not isinstance(recorded, str) or not isinstance(answered, str):
            return False
        if member in FORMS:
            # trace ids are replaced in the recordings, with their last digits.
            is_alike = member == "traceId" or recorded[-1:] == answered[-1:]
            return is_alike and bool(FORMS[member].fullmatch(answered))
        links = _LINK.fullmatch(recorded), _LINK.fullmatch(answered)
        if member == "next" and links[0] and links[1]:
            return links[0][1] == links[1][1]
        if not GUID.fullmatch(recorded) or not GUID.fullmatch(answered):
            return False
        return self._recorded_ids.get(recorded) == self._answered_ids.get(answered)

    def _objects(self, recorded: _Members, answered: _Members, where: str) -> None:
        mine, theirs = dict(recorded), dict(answered)
        for name, value in mine.items():
            if name in theirs:
                self._values(value, theirs[name], f"{where}.{name}")
            else:
                self._add("missing", f"{where}.{name}", value, None)
        for name, value in theirs.items():
            if name not in mine:
                self._add("extra", f"{where}.{name}", None, value)
        names = [name for name, _ in recorded], [name for name, _ in answered]
        if sorted(names[0]) != sorted(names[1]) and set(names[0]) == set(names[1]):
            self._add("repeated", where, *names)
        elif set(names[0]) == set(names[1]) and names[0] != names[1]:
            self._add("order", where, *names)

    def _lists(self, recorded: list[object], answered: list[object], where: str) -> None:
        if len(recorded) != len(answered):
            self._add("length", where, len(recorded), len(answered))
        if self._is_unordered and all(isinstance(row, _Members) for row in (*recorded, *answered)):
            keys = [_row(row) for row in recorded], [_row(row) for row in answered]
            if keys[0] != keys[1]:
                self._add("rows", where, *keys)
            recorded, answered = sorted(recorded, key=_row), sorted(answered, key=_row)
        for index, (one, other) in enumerate(zip(recorded, answered, strict=False)):
            self._values(one, other, f"{where}[{index}]")


def _row(row: object) -> str:
    return str(dict(row).get("systemId")) if isinstance(row, _Members) else ""


def _parse(text: str) -> object | None:
    try:
        read: object = json.loads(text, object_pairs_hook=_Members)
    except ValueError:
        return None
    return read


def _widen(answer: Answer) -> str:
    """Read a body; one in UTF-16 was recorded as UTF-8 or as bytes."""
    if isinstance(answer.body, dict):
        data = base64.b64decode(answer.body["base64"])
    else:
        data = str(answer.body).encode("utf-8", "surrogatepass")
    wide = answer.headers.get("content-type", "").endswith("charset=utf-16")
    return data.decode("utf-16-le" if wide else "utf-8", "replace")
