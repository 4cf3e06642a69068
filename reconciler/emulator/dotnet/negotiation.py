"""Content negotiation: the media type and the encoding of an answer.

System Register contract §0.4: `Accept` and `Accept-Charset` as ASP.NET's formatters apply them. What cannot
be parsed is skipped, and the result is never 406.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.emulator.dotnet import media_types
from reconciler.emulator.dotnet.media_types import EndsTooSoon, MediaType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEXT, JSON, TEXT_JSON = "text/plain", "application/json", "text/json"
FOR_TEXTS = (TEXT, JSON, TEXT_JSON)
"""The media types of a text, in the order of the formatters."""
FOR_VALUES = (JSON, TEXT_JSON)
"""The media types of everything else."""
_QUALITY = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_SORTED_BY_SWAPS = 3
_CHARSET = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ][ \t]*=[ \t]*([0-9]+(?:\.[0-9]*)?|\.[0-9]+))?"
)


class Range(NamedTuple):
    """One entry of `Accept`."""

    media: MediaType
    quality: float
    is_plain: bool
    """Whether there is no parameter before `q`."""


def choose_type(accept: Sequence[str], offered: Sequence[str]) -> str:
    """Choose one of `offered` by the lines of `Accept`; the first one if nothing fits."""
    ranges = [found for line in accept for found in _read_ranges(line)]
    if any(found.media.type == found.media.subtype == "*" for found in ranges):
        return offered[0]
    for wanted in _sort(ranges):
        for media in offered:
            if _fits(wanted, media):
                return media
    return offered[0]


def choose_encoding(lines: Sequence[str]) -> str:
    """Choose `utf-8` or `utf-16` by the lines of `Accept-Charset`."""
    found = [_CHARSET.fullmatch(entry.strip(" \t")) for line in lines for entry in line.split(",")]
    entries = [(entry[1].lower(), float(entry[2] or 1)) for entry in found if entry is not None]
    for name, _ in sorted(entries, key=lambda entry: -entry[1]):
        if name in {"utf-8", "*"}:
            return "utf-8"
        if name == "utf-16":
            return name
    return "utf-8"


def _read_ranges(line: str) -> Iterator[Range]:
    at = _past_commas(line, 0)
    while at < len(line):
        found = _read_range(line, at)
        if found is None:
            comma = line.find(",", at)
            at = len(line) if comma < 0 else _past_commas(line, comma)
            continue
        wanted, end = found
        at = _past_commas(line, end)
        # NOTE: an entry that is followed by neither a comma nor the end is dropped, and parsing continues there.
        if at == len(line) or "," in line[end:at]:
            yield wanted


def _read_range(line: str, at: int) -> tuple[Range, int] | None:
    media = media_types.read(line, at)
    if media is None:
        return None
    at, quality, is_plain, has_quality = media.end, 1.0, True, False
    try:
        while (found := media_types.read_parameter(line, at)) is not None:
            parameter, at = found
            if parameter.name == "q":
                if not _QUALITY.fullmatch(parameter.value or ""):
                    return None
                quality, has_quality = float(parameter.value or ""), True
            elif not has_quality and parameter.name != "*":
                is_plain = False
    except EndsTooSoon:
        return None
    return Range(media, quality, is_plain), at


def _sort(ranges: list[Range]) -> list[Range]:
    """Sort by falling quality as .NET's `List.Sort` does, which keeps the order of ties except among three."""
    if len(ranges) != _SORTED_BY_SWAPS:
        return sorted(ranges, key=lambda wanted: -wanted.quality)
    swapped = list(ranges)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        if swapped[one].quality < swapped[other].quality:
            swapped[one], swapped[other] = swapped[other], swapped[one]
    return swapped


def _fits(wanted: Range, offered: str) -> bool:
    kind, _, subtype = offered.partition("/")
    if not wanted.is_plain or wanted.media.type not in {"*", kind}:
        return False
    return wanted.media.subtype in {"*", subtype}


def _past_commas(line: str, at: int) -> int:
    while line[at : at + 1] in {" ", "\t", ","}:
        at += 1
    return at
