"""Pieces of a comment, so that the whole fits: what matters is shown in full, else in a line, else by name.

Pure. The texts are Markdown already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAMES = 3_000
"""Characters kept for the names of what matters and does not fit even in a line each."""
_COUNT = 120
"""Characters kept for how much was left out."""


class Block(NamedTuple):
    """A piece of text that is shown, shown in a line, or left out as a whole."""

    group: str
    """The heading that it stands under; empty for a paragraph under none."""
    text: str
    matters: bool = False
    """Whether it stays in longer than others."""
    short: str = ""
    """One line that stands for it where there is no space for all; empty where there is none."""
    name: str = ""
    """What it is about, for where not even that line fits."""


def fit(head: Iterable[str], blocks: Sequence[Block], tail: Iterable[str], longest: int) -> str:
    """Join what fits: the blocks that matter are taken in first, and all stand in their order."""
    start, end = "\n".join(head) + "\n", "\n" + "\n".join(tail)
    left = longest - len(start) - len(end) - _COUNT
    kept, names = _choose(blocks, left), 0
    if any(block.matters and index not in kept for index, block in enumerate(blocks)):
        names = min(_NAMES, left // 4)
        kept = _choose(blocks, left - names)
    parts, group = [start], ""
    for index in sorted(kept):
        block = blocks[index]
        if block.group != group:
            # A heading ends a list only after an empty line.
            gap = "" if parts[-1].endswith("\n\n") else "\n"
            parts.append(f"{gap}### {block.group}\n\n" if block.group else gap)
            group = block.group
        parts.append(f"{kept[index]}\n")
    left_out = [block for index, block in enumerate(blocks) if index not in kept]
    return "".join([*parts, *_describe_left_out(left_out, names), end])


def _choose(blocks: Sequence[Block], left: int) -> Mapping[int, str]:
    """Choose how each block is shown; one that is missing is left out.

    What matters is shown in full where all of it fits, else in a line each; what is left is for the others.
    """
    serious = {index: block.text for index, block in enumerate(blocks) if block.matters}
    if _measure(blocks, serious) > left:
        serious = {index: blocks[index].short or text for index, text in serious.items()}
    others = {index: block.text for index, block in enumerate(blocks) if not block.matters}
    kept: dict[int, str] = {}
    groups: set[str] = set()
    # What stands for no system is short, and says what the list of systems does not.
    first = sorted(serious.items(), key=lambda each: bool(blocks[each[0]].name))
    for index, text in (*first, *others.items()):
        group = blocks[index].group
        size = len(text) + len("\n") + (0 if group in groups else _measure_heading(group))
        if size <= left:
            left -= size
            kept[index] = text
            groups.add(group)
    return kept


def _measure(blocks: Sequence[Block], texts: Mapping[int, str]) -> int:
    groups = {blocks[index].group for index in texts}
    return sum(len(text) + len("\n") for text in texts.values()) + sum(map(_measure_heading, groups))


def _measure_heading(group: str) -> int:
    return len(group) + len("\n### \n\n")


def _describe_left_out(blocks: Sequence[Block], left: int) -> Iterable[str]:
    """Count what was left out; of what matters, name as many as fit into a number of characters."""
    serious = [block.name for block in blocks if block.matters]
    if serious:
        names = list[str]()
        left -= _COUNT
        for name in filter(None, serious):
            left -= len(name) + len(", ")
            if left < 0:
                break
            names.append(name)
        more = f" and {len(serious) - len(names):,} more" if len(names) < len(serious) else ""
        yield f"\n**{len(serious):,} of these did not fit here:** {', '.join(names)}{more}\n"
    if blocks:
        yield f"\n*{len(blocks):,} more did not fit here: the run's artifact has everything.*\n"
