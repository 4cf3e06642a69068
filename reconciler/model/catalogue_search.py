"""Finds access packages and resources by words of their names, descriptions, areas and owners.

Pure. Letter case means nothing, and nor do accents; `æ`, `ø` and `å` are found as `ae`, `o` or `oe`, `a` or `aa`.
In a list with Norwegian names only, as the one that is shipped, common English words of the field stand for the
Norwegian ones.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.catalogue import PACKAGE_PREFIX, TYPES
from reconciler.model.catalogue_list import PackageEntry, ResourceEntry, name_entry
from reconciler.model.suggest import NameIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.catalogue_list import CatalogueList, Entry

EXACT, START, WORD, INSIDE = 8, 4, 3, 2
"""How much it counts that a word is all of a text, begins it, begins a word in it, or stands in it at all."""
NEAREST = 3
"""So many names are given for one that is unknown."""
_LETTERS = (("æ", "ae"), ("ø", "o"), ("å", "a"))
_SPELLINGS = re.compile(r"(a)a+|(o)e+")
"""How `å` and `ø` are written without the letters."""


class Hits(NamedTuple):
    """What was found in a list."""

    listed: CatalogueList
    term: str
    """What was asked for, in somebody's own words."""
    entries: tuple[Entry, ...]
    """The best first."""


def fold(text: str) -> str:
    """Give a text as it is compared."""
    small = text.casefold()
    for letter, spelling in _LETTERS:
        small = small.replace(letter, spelling)
    parts = small if small.isascii() else unicodedata.normalize("NFKD", small).casefold()
    plain = parts if parts.isascii() else "".join(each for each in parts if not unicodedata.combining(each))
    return _SPELLINGS.sub(lambda found: found[1] or found[2], plain)


def search(listed: CatalogueList, term: str) -> Hits:
    """Find the entries that every word of a text fits, the best first; a text without a word fits all."""
    english = any("en" in each.name for each in listed.packages)
    words = [(word, () if english else translate(word)) for word in fold(term).split()]
    found: list[tuple[tuple[int, bool, bool, str], Entry]] = []
    entries: tuple[Entry, ...] = (*listed.packages, *listed.resources)
    for entry in entries:
        texts = [(weight, fold(text)) for weight, text in _list_texts(entry)]
        whole = fold(name_entry(entry))
        scores = [
            max(
                _score(word, texts),
                word.count(":") and whole.count(word),
                *(_score(n, texts) - 1 for n in norwegian),
            )
            for word, norwegian in words
        ]
        if all(scores):
            is_resource = isinstance(entry, ResourceEntry)
            together = _score(" ".join(word for word, _ in words), texts) if len(words) > 1 else 0
            found.append(
                ((-sum(scores) - together, not is_usable(entry), is_resource, name_entry(entry)), entry)
            )
    return Hits(listed, term, tuple(entry for _, entry in sorted(found, key=lambda each: each[0])))


@cache
def _read_words() -> Mapping[str, tuple[str, ...]]:
    text = files("reconciler").joinpath("data/search_words.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {row[0]: tuple(map(fold, row[1].split())) for row in rows}


def translate(word: str) -> tuple[str, ...]:
    """Give the Norwegian words, or beginnings of words, that a common English one stands for, as they are compared."""
    return _read_words().get(word, ())


class Choice(NamedTuple):
    """What a term stands for: one entry, or why it is not one."""

    listed: CatalogueList
    term: str
    entry: Entry | None
    candidates: tuple[Entry, ...] = ()
    """What it could stand for, the best first."""
    nearest: tuple[str, ...] = ()
    """Where nothing fits: the names that are most like it."""


def choose_entry(listed: CatalogueList, term: str, kind: type[Entry]) -> Choice:
    """Choose the package, or the resource, that a name or some words stand for: the one of that name, or the only hit.

    Of the hits only what a definition may name counts; one that is named in full is taken in any case.
    """
    named = [each for each in find_entries(listed, term).entries if isinstance(each, kind)]
    hits = tuple(each for each in search(listed, term).entries if isinstance(each, kind) and is_usable(each))
    titled = [each for each in hits if fold(term) in map(fold, _list_names(each))]
    for found in (named, titled, hits):
        if len(found) == 1:
            return Choice(listed, term, found[0])
    if hits:
        return Choice(listed, term, None, hits)
    own = {name_entry(each) for each in (*listed.packages, *listed.resources) if isinstance(each, kind)}
    near = tuple(each for each in suggest_entries(listed, term) if each in own)
    return Choice(listed, term, None, nearest=near)


def _list_names(entry: Entry) -> Iterator[str]:
    """List what an entry is called in any language."""
    yield from (entry.name if isinstance(entry, PackageEntry) else entry.title).values()


def is_usable(entry: Entry) -> bool:
    """Say whether a definition may name it at all."""
    if isinstance(entry, PackageEntry):
        return entry.delegable or entry.assignable
    return entry.kind in TYPES


def find_entries(listed: CatalogueList, name: str) -> Hits:
    """Find the package and the resource of a name, in any letter case; of a package the last part is enough."""
    wanted = name.strip().lower()
    packages = (each for each in listed.packages if each.urn.lower() in {wanted, PACKAGE_PREFIX + wanted})
    resources = (each for each in listed.resources if each.id.lower() == wanted)
    return Hits(listed, name, (*packages, *resources))


def suggest_entries(listed: CatalogueList, name: str) -> tuple[str, ...]:
    """Give the names nearest to one that the list does not hold."""
    packages = {each.urn.removeprefix(PACKAGE_PREFIX): each.urn for each in listed.packages}
    names = packages | {each.id: each.id for each in listed.resources}
    near = NameIndex(names).find(name.strip().rpartition(":")[2], NEAREST)
    return tuple(names[each] for each in near)


def _list_texts(entry: Entry) -> Iterator[tuple[int, str]]:
    """List what is searched, each with how much it counts."""
    if isinstance(entry, PackageEntry):
        yield 9, entry.urn.rpartition(":")[2]
        yield from ((10, text) for text in entry.name.values())
        yield from ((3, text) for text in entry.area.values())
    else:
        yield 9, entry.id
        yield from ((10, text) for text in entry.title.values())
        yield 3, entry.owner
        yield 2, entry.kind
    yield from ((1, text) for text in entry.description.values())


def _score(word: str, texts: list[tuple[int, str]]) -> int:
    return max(weight * _fit(word, text) for weight, text in texts)


def _fit(word: str, text: str) -> int:
    if word == text:
        return EXACT
    if text.startswith(word):
        return START
    at = text.find(word)
    while at > 0:
        if not text[at - 1].isalnum():
            return WORD
        at = text.find(word, at + 1)
    return INSIDE if word in text else 0
