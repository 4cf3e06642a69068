"""Access packages and resources as lines for people: what a search found, one of them, and a renewed list.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.catalogue import TYPES
from reconciler.model.catalogue_list import PackageEntry, name_entry
from reconciler.model.catalogue_search import is_usable
from reconciler.render.lines import Piece, make_line, make_safe, wrap_behind, wrap_sentence
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.catalogue_list import Entry, Renewal, Renewed, ResourceEntry, Texts
    from reconciler.model.catalogue_search import Hits
    from reconciler.render.lines import Line

_SHIPPED = (
    "The shipped list has Norwegian names of access packages only. "
    "`reconciler catalogue refresh -e tt02` saves a list with descriptions, English names and resources."
)
_INDENT = "    "
_COLUMN = 13
"""Characters of a member's name and what follows it."""
_MOST = 10
"""Names of one kind; the others are counted."""


def render_hits(hits: Hits, most: int) -> Iterator[Line]:
    """Render what a search found, at most so many entries; 0 is no limit."""
    shown = hits.entries[:most] if most else hits.entries
    found = f'"{hits.term}" fits' if hits.term.split() else "there are"
    yield from wrap_sentence(f"In {hits.listed.title}, {found} {_count(hits.entries)}.".replace("`", "'"))
    for entry in shown:
        yield make_line(Piece(make_safe(name_entry(entry)), "strong"))
        yield from wrap_sentence(_sum_up(entry), _INDENT)
    if len(shown) < len(hits.entries):
        yield make_line(f"{len(hits.entries) - len(shown):,} more: add a word, or --limit 0 for all.")
    if not hits.entries and not hits.listed.resources:
        yield from wrap_sentence(_SHIPPED)


def _count(entries: tuple[Entry, ...]) -> str:
    packages = sum(isinstance(each, PackageEntry) for each in entries)
    resources = len(entries) - packages
    return f"{count(packages, 'access package')} and {count(resources, 'resource')}"


def _sum_up(entry: Entry) -> str:
    if isinstance(entry, PackageEntry):
        parts = [_join(entry.name), entry.area.get("nb", ""), _describe_use(entry)]
    else:
        parts = [
            _join(entry.title),
            entry.owner,
            entry.kind + ("" if is_usable(entry) else ": no right can name it"),
        ]
    return ". ".join(filter(None, (each.rstrip(".") for each in parts))) + "."


def _join(texts: Texts) -> str:
    """Give a text in Norwegian, and in English where that is another one."""
    norwegian, english = texts.get("nb") or texts.get("nn", ""), texts.get("en", "")
    return (
        f"{norwegian} ({english})" if norwegian and english not in {"", norwegian} else norwegian or english
    )


def _describe_use(entry: PackageEntry) -> str:
    if entry.assignable:
        return "Delegable and assignable" if entry.delegable else "Assignable, not delegable"
    if entry.delegable:
        return "Delegable, not assignable: only with `isVisible: false`"
    return "Neither delegable nor assignable: no system can have it"


def render_entries(hits: Hits) -> Iterator[Line]:
    """Render each entry in full, with what its flags mean for a definition."""
    for entry in hits.entries:
        yield make_line(Piece(make_safe(name_entry(entry)), "strong"))
        what = "access package" if isinstance(entry, PackageEntry) else "resource"
        yield make_line(f"{_INDENT}{what} in {make_safe(hits.listed.title)}")
        describe = _describe_package(entry) if isinstance(entry, PackageEntry) else _describe_resource(entry)
        for name, text in describe:
            yield from wrap_behind(make_line(f"{_INDENT}{name:<{_COLUMN}}"), text)


def _describe_package(entry: PackageEntry) -> Iterator[tuple[str, str]]:
    for name, texts in (("name", entry.name), ("area", entry.area), ("description", entry.description)):
        yield from _list_texts(name, texts)
    yield (
        "delegable",
        "yes: a system user can have it for an organisation's clients"
        if entry.delegable
        else "no: no system user can have it for an organisation's clients",
    )
    if entry.assignable:
        yield "assignable", "yes: a system user can have it for the organisation itself"
    elif entry.delegable:
        yield "assignable", "no: a system that names it has to say `isVisible: false`"
    else:
        yield "assignable", "no, and not delegable either: the register refuses a system that names it"
    if is_usable(entry):
        yield "write", f"accessPackages: [{entry.urn}]"


def _describe_resource(entry: ResourceEntry) -> Iterator[tuple[str, str]]:
    for name, texts in (("title", entry.title), ("description", entry.description)):
        yield from _list_texts(name, texts)
    for name, text in (("owner", entry.owner), ("status", entry.status)):
        if text:
            yield name, text
    means = "a right can name it" if entry.kind in TYPES else "the register refuses a right that names it"
    yield "type", f"{entry.kind}: {means}"
    for name, flag in (("delegable", entry.delegable), ("visible", entry.visible)):
        yield name, f"{'yes' if flag else 'no'}; the register does not look at it"
    if is_usable(entry):
        yield "write", f"rights: [{entry.id}]"


def _list_texts(name: str, texts: Texts) -> Iterator[tuple[str, str]]:
    """List the texts that differ, each with its language; the first has the name before it."""
    for text in dict.fromkeys(texts.values()):
        languages = ", ".join(language for language, each in texts.items() if each == text)
        yield name, f"{text} ({languages})"
        name = ""


def render_renewed(renewed: Renewed, file: str) -> Iterator[Line]:
    """Render what a new list holds, and how it differs from the last one."""
    held = (
        f"{count(renewed.packages.held, 'access package')} and {count(renewed.resources.held, 'resource')} "
        f"of {renewed.listed.taken}"
    )
    yield from wrap_sentence(f"{file}: {held}.")
    for what, found in (("Access packages", renewed.packages), ("Resources", renewed.resources)):
        yield make_line(
            f"{what}: {len(found.added):,} added, {len(found.removed):,} removed, {len(found.changed):,} changed."
        )
        if found.before:
            yield from _render_names(found)


def _render_names(found: Renewal) -> Iterator[Line]:
    for sign, style, names in (
        ("+", "good", found.added),
        ("-", "bad", found.removed),
        ("~", "warn", found.changed),
    ):
        yield from (make_line(Piece(f"{_INDENT}{sign} {make_safe(each)}", style)) for each in names[:_MOST])
        if len(names) > _MOST:
            yield make_line(f"{_INDENT}{sign} {len(names) - _MOST:,} more")
