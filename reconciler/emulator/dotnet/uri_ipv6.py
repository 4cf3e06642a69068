"""IPv6 addresses in brackets, as .NET's `System.Uri` reads and prints them.

System Register contract §2.4: zones and prefixes are dropped, the longest run of zeros is `::`, and some
addresses end in decimals. What is accepted differs from RFC 4291.
"""

from __future__ import annotations

import re

_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF")
_GROUPS, _LONGEST_GROUP = 8, 4
_IPV4 = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)(?=[\]/%])")


def read(text: str, start: int) -> tuple[str, int] | None:
    """Read the address whose `[` is at `start`; gives it as printed, and the offset behind its bracket."""
    end = _Scan(text, start + 1).run()
    if end is None:
        return None
    return f"[{_print(_parse(text[start + 1 : end]))}]", end + 1


class _Scan:
    """Checks an address as `IPv6AddressHelper.IsValid` does."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.start, self.at = text, start, start
        self.groups = self.length = 0
        self.has_gap = self.has_prefix = False
        self.is_open = True
        """Another group has to follow."""

    def run(self) -> int | None:
        """Find the closing bracket; None if the address is not valid."""
        if self.text[self.start : self.start + 1] == ":" != self.text[self.start + 1 : self.start + 2]:
            return None
        while self.at < len(self.text):
            if self.text[self.at] in (_DIGITS if self.has_prefix else _HEX):
                self.length += 1
                self.is_open = False
            elif self.length > _LONGEST_GROUP:
                return None
            else:
                self.groups += 1 if self.length else 0
                self.at = self._past_zone()
                if self.text[self.at : self.at + 1] == "]":
                    return self.at if self._is_whole() else None
                if not self._step():
                    return None
                self.length = 0
            self.at += 1
        return None

    def _past_zone(self) -> int:
        at = self.at
        if self.text[at] == "%":
            while at < len(self.text) and self.text[at] not in "]/":
                at += 1
        return at

    def _is_whole(self) -> bool:
        wanted = _GROUPS + self.has_prefix
        is_full = self.groups < wanted if self.has_gap else self.groups == wanted
        return is_full and not self.is_open and (not self.has_prefix or self.length in {1, 2})

    def _step(self) -> bool:
        """Take one character that is no digit; False if it is not allowed here."""
        char = self.text[self.at : self.at + 1]
        if char == ":":
            self.is_open = self.at == self.start or self.text[self.at - 1] != ":"
            is_second = not self.is_open and self.has_gap
            self.has_gap = self.has_gap or not self.is_open
            return not is_second
        if char == "/" and self.groups and not self.has_prefix:
            self.has_prefix = self.is_open = True
            return True
        tail = _match_ipv4(self.text, self.at - self.length) if char == "." else None
        if tail is None:
            return False
        self.groups += 1
        self.at = tail.end() - 1
        return True


def _match_ipv4(text: str, at: int) -> re.Match[str] | None:
    """Match four decimals; only the last may start with a zero, and only one."""
    found = _IPV4.match(text, at)
    if found is None or any(
        len(part) > 4 or int(part) > 255 or part.startswith("00") for part in found.groups()
    ):
        return None
    leading = [part for part in found.groups()[:3] if part.startswith("0") and len(part) > 1]
    return None if leading else found


def _parse(text: str) -> list[int]:
    """Read the eight groups of a valid address."""
    bare = re.split("[%/]", text, maxsplit=1)[0]
    before, gap, behind = bare.partition("::")
    head, tail = _read_groups(before), _read_groups(behind)
    missing = _GROUPS - len(head) - len(tail) if gap else 0
    return (head + [0] * missing + tail)[:_GROUPS]


def _read_groups(text: str) -> list[int]:
    numbers: list[int] = []
    for group in text.split(":") if text else ():
        if "." in group:
            one, two, three, four = map(int, group.split("."))
            numbers += [one << 8 | two, three << 8 | four]
        else:
            numbers.append(int(group or "0", 16))
    return numbers


def _print(groups: list[int]) -> str:
    decimals = ".".join(str(part) for group in groups[6:] for part in (group >> 8, group & 0xFF))
    shown = groups[:6] if _ends_in_decimals(groups) else groups
    start, end = _find_gap(groups)
    if end and start < len(shown):
        texts = [f"{group:x}" for group in shown]
        text = f"{':'.join(texts[:start])}::{':'.join(texts[end:])}"
    else:
        text = ":".join(f"{group:x}" for group in shown)
    if shown is groups:
        return text
    return f"{text}{'' if text.endswith(':') else ':'}{decimals}"


def _ends_in_decimals(groups: list[int]) -> bool:
    """Say whether the last two groups are printed as IPv4: mapped, translated, compatible or ISATAP."""
    middle = groups[4], groups[5]
    if not any(groups[:4]) and groups[6] and middle in {(0, 0), (0, 0xFFFF), (0xFFFF, 0)}:
        return True
    return middle == (0, 0x5EFE)


def _find_gap(groups: list[int]) -> tuple[int, int]:
    """Find the longest run of two or more zeros, the first of equals; (0, 0) without one."""
    best = (0, 0)
    start = None
    for place, group in enumerate([*groups, 1]):
        if group == 0:
            start = place if start is None else start
        elif start is not None:
            if place - start > max(1, best[1] - best[0]):
                best = (start, place)
            start = None
    return best
