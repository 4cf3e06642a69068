"""Two environments side by side, as lines for people.

Pure. What is expected to differ is counted, and shown only where it is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.render import phrases
from reconciler.render.escape import escape_line, shorten
from reconciler.render.lines import LONG, Piece, make_line, make_safe, wrap_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.canonical_json import Json
    from reconciler.planning.comparison import Compared, Comparison, Contrast
    from reconciler.render.lines import Line


def render_comparison(found: Comparison, *, whole: bool) -> Iterator[Line]:
    """Render what differs, definition by definition; `whole` shows what is expected to differ too."""
    first, second = found.environments
    for each in found.systems:
        if not each.behind and not each.others and not whole:
            continue
        yield from _render_system(each, found, whole=whole)
        yield make_line()
    apart = sum(each.is_expected for system in found.systems for each in system.contrasts)
    if apart and not whole:
        members = "client ids, redirect URLs and visibility"
        yield make_line(
            Piece(f"Expected to differ: {phrases.count(apart, 'value')} of {members} (--all).", "dim")
        )
    for environment, why in zip(found.environments, found.unread, strict=True):
        if why:
            yield make_line(
                Piece(f"The register of {environment} is not compared: {make_safe(why, LONG)}.", "dim")
            )
    if found.others:
        others = phrases.count(found.others, "difference")
        text = f"Not counted as behind: {others} in what {first} lacks, or holds against its files."
        yield from wrap_sentence(text, style="dim")
    if found.behind:
        yield make_line(
            Piece(f"{second} is {phrases.count(found.behind, 'change')} behind {first}.", "strong")
        )
    else:
        yield make_line(Piece(f"{second} is not behind {first}.", "good"))


def _render_system(each: Compared, found: Comparison, *, whole: bool) -> Iterator[Line]:
    first, second = found.environments
    place = Piece(f"  {make_safe(each.file, LONG)}", "dim")
    if not all(each.ids):
        there = first if each.ids[0] else second
        sign, style = ("+", "create") if each.ids[0] else ("-", "delete")
        name = each.ids[0] or each.ids[1]
        yield make_line(Piece(f"{sign} {make_safe(name)}", style), Piece(f"  in {there} only", style), place)
        return
    names = each.ids[0] if each.ids[0] == each.ids[1] else " and ".join(each.ids)
    yield make_line(Piece(f"~ {make_safe(names)}", "update"), place)
    for contrast in each.contrasts:
        if whole or not contrast.is_expected:
            yield from _render_contrast(contrast, found)


def _render_contrast(contrast: Contrast, found: Comparison) -> Iterator[Line]:
    """Render a field: in a line where only one side has it and the registers agree with the files."""
    note = Piece("  (expected)" if contrast.is_expected else "", "dim")
    asked = not any(found.unread)
    stray = asked and contrast.live != contrast.desired
    if None in contrast.desired and not stray:
        there = found.environments[contrast.desired[0] is None]
        yield make_line(f"    {make_safe(contrast.path)}  in {there} only", note)
        return
    yield make_line(f"    {make_safe(contrast.path)}", note)
    for environment, desired, live in zip(found.environments, contrast.desired, contrast.live, strict=True):
        held = f"  (register: {_show(live)})" if asked and live != desired else ""
        yield make_line(f"        {environment:<8} {_show(desired)}", Piece(held, "warn"))


def _show(value: Json) -> str:
    if value is None:
        return phrases.NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_line(shorten(json.dumps(value, ensure_ascii=False)))
