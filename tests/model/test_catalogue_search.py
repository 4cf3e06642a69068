"""Packages and resources are found by words of two languages, by name, and nearly by name."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.catalogue import AS_OF, PACKAGE_PREFIX, STALE, Asked
from reconciler.model.catalogue_list import (
    CatalogueList,
    PackageEntry,
    ResourceEntry,
    make_catalogues,
    name_entry,
    read_shipped_list,
)
from reconciler.model.catalogue_search import (
    find_entries,
    fold,
    is_usable,
    search,
    suggest_entries,
)

DAY = date(2026, 8, 21)


def a_package(name: str, *names: str, area: str = "", text: str = "", flags: str = "da") -> PackageEntry:
    """Describe a package: its Norwegian and English name, and `d` and `a` for what it is."""
    names = names or (name,)
    return PackageEntry(
        PACKAGE_PREFIX + name,
        dict(zip(("nb", "en"), names, strict=False)),
        {"nb": text} if text else {},
        {"nb": area} if area else {},
        "d" in flags,
        "a" in flags,
    )


def a_resource(name: str, title: str, owner: str = "", kind: str = "GenericAccessResource") -> ResourceEntry:
    """Describe a resource."""
    titles = {"nb": title}
    return ResourceEntry(name, titles, {}, owner, kind, "Completed", delegable=True, visible=True)


LISTED = CatalogueList(
    "tt02",
    "https://platform.tt02.altinn.no",
    DAY,
    (
        a_package("skattegrunnlag", "Skattegrunnlag", "Tax base", area="Skatt, avgift, regnskap og toll"),
        a_package("skatt-naering", "Skatt næring", "Business tax", area="Skatt, avgift, regnskap og toll"),
        a_package("regnskapsforer-lonn", "Regnskapsfører lønn", "Accountant salary", flags="d"),
        a_package("baerekraft", "Bærekraft", "Sustainability", text="Tjenester om skatt på utslipp"),
        a_package("eksplisitt", "Eksplisitt tjenestedelegering", flags=""),
    ),
    (
        a_resource("ske-krav-og-betalinger", "Krav og betalinger", "Skatteetaten"),
        a_resource("ttd-am-k6", "Krav til tilgang", kind="MaskinportenSchema"),
    ),
)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("skattegrunnlag", ["skattegrunnlag"]),
        ("SKATT næring", ["skatt-naering"]),
        ("skatt naering", ["skatt-naering"]),
        ("næring skatt", ["skatt-naering"]),
        ("tax", ["skattegrunnlag", "skatt-naering"]),
        ("business TAX", ["skatt-naering"]),
        ("lønn", ["regnskapsforer-lonn"]),
        ("LONN", ["regnskapsforer-lonn"]),
        ("loenn", ["regnskapsforer-lonn"]),
        ("BÆREKRAFT", ["baerekraft"]),
        ("avgift toll", ["skatt-naering", "skattegrunnlag"]),
        ("utslipp", ["baerekraft"]),
        ("krav", ["ske-krav-og-betalinger", "ttd-am-k6"]),
        ("krav betalinger", ["ske-krav-og-betalinger"]),
        ("skatteetaten krav", ["ske-krav-og-betalinger"]),
        ("maskinportenschema", ["ttd-am-k6"]),
        ("skatt", ["skatt-naering", "skattegrunnlag", "ske-krav-og-betalinger", "baerekraft"]),
        (PACKAGE_PREFIX + "baerekraft", ["baerekraft"]),
        ("skatt zzz", []),
    ],
)
def test_every_word_has_to_fit_and_the_best_comes_first(term: str, found: list[str]) -> None:
    """By name, description, area and owner, in both languages and without Norwegian letters."""
    names = [name_entry(each).removeprefix(PACKAGE_PREFIX) for each in search(LISTED, term).entries]

    assert names == found


@pytest.mark.parametrize(
    ("term", "first"),
    [
        ("tax business", "skatt-naering"),
        ("fishing", "fiske"),
        ("accountant payroll", "regnskapsforer-lonn"),
        ("VAT", "merverdiavgift"),
        ("sick employee", "oppgi-naermeste-leder"),
    ],
)
def test_the_shipped_list_is_searched_in_english(term: str, first: str) -> None:
    """It has Norwegian names only, so common words are looked up as the Norwegian ones."""
    assert name_entry(search(read_shipped_list(), term).entries[0]) == PACKAGE_PREFIX + first


def test_every_english_word_finds_something() -> None:
    """A row that fits nothing is a typo; the words are sorted, and each stands once."""
    text = files("reconciler").joinpath("data/search_words.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    names = " ".join(fold(f"{each.urn} {each.name['nb']}") for each in read_shipped_list().packages)

    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    assert [word for row in rows for word in row[1].split() if fold(word) not in names] == []


def test_nothing_asked_for_is_everything() -> None:
    """Without a word the whole list is given."""
    assert len(search(LISTED, " \t").entries) == 7


@given(st.text(st.characters()))
def test_a_search_never_fails(term: str) -> None:
    """Whatever is asked for, in any alphabet and half a character too."""
    hits = search(LISTED, term)

    assert all(each in (*LISTED.packages, *LISTED.resources) for each in hits.entries)
    assert find_entries(LISTED, term).term == term
    assert all(isinstance(each, str) for each in suggest_entries(LISTED, term))


@given(st.text(st.characters()))
@example("AAA")
@example("oee")
def test_letter_case_means_nothing(text: str) -> None:
    """What is folded stays as it is."""
    assert fold(fold(text)) == fold(text)


def test_every_package_is_found_first_by_its_name() -> None:
    """With the whole name written, nothing stands before it but what has the same name."""
    shipped = read_shipped_list()
    first = {each.name["nb"]: search(shipped, each.name["nb"]).entries[0] for each in shipped.packages}

    assert [
        name
        for name, found in first.items()
        if not isinstance(found, PackageEntry) or fold(found.name["nb"]) != fold(name)
    ] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("skattegrunnlag", [PACKAGE_PREFIX + "skattegrunnlag"]),
        (" URN:ALTINN:accesspackage:Skattegrunnlag", [PACKAGE_PREFIX + "skattegrunnlag"]),
        ("SKE-krav-og-betalinger", ["ske-krav-og-betalinger"]),
        ("skatte", []),
        ("", []),
    ],
)
def test_one_is_found_by_its_name(name: str, found: list[str]) -> None:
    """The whole of it, in any letter case."""
    assert [name_entry(each) for each in find_entries(LISTED, name).entries] == found


def test_the_nearest_names_are_suggested() -> None:
    """Packages and resources alike, each as a definition writes it."""
    assert suggest_entries(LISTED, "skattegrunlag") == (PACKAGE_PREFIX + "skattegrunnlag",)
    assert suggest_entries(LISTED, "ske-krav-betalinger") == ("ske-krav-og-betalinger",)
    assert suggest_entries(LISTED, "zzzz") == ()


def test_what_a_definition_may_name_is_usable() -> None:
    """By the flags of a package, and by the type of a resource."""
    entries = search(LISTED, "").entries
    unusable = [name_entry(each) for each in entries if not is_usable(each)]

    assert unusable == [PACKAGE_PREFIX + "eksplisitt", "ttd-am-k6"]


def test_a_list_says_what_the_register_would_refuse() -> None:
    """What it does not hold is unknown, with the nearest name and how to renew it; the source names its day."""
    catalogue = LISTED.make_catalogue()
    unknown = Asked("resource", "ske-krav-og-betaling")
    (doubt,) = catalogue.judge(unknown, visible=True)

    assert doubt.says == "is not a resource in tt02's list of 2026-08-21"
    assert catalogue.advise(unknown, doubt) == (
        "Did you mean `ske-krav-og-betalinger`? Is the list too old? `reconciler catalogue refresh -e tt02` renews it."
    )
    kinds = {
        name: [each.kind for each in catalogue.judge(Asked(what, name), visible=True)]  # type: ignore[arg-type]  # a literal
        for what, name in [
            ("resource", "ske-krav-og-betalinger"),
            ("resource", "ttd-am-k6"),
            ("package", PACKAGE_PREFIX + "SKATTEGRUNNLAG"),
            ("package", PACKAGE_PREFIX + "jordbruk"),
            ("package", PACKAGE_PREFIX + "regnskapsforer-lonn"),
        ]
    }
    assert list(kinds.values()) == [[], ["not-delegable"], [], ["unknown"], ["visible"]]


@pytest.mark.parametrize(
    ("days", "old"), [(0, False), (STALE, False), (STALE + 1, True), (-1, False)], ids=str
)
def test_a_list_is_old_after_ninety_days(days: int, old: bool) -> None:  # noqa: FBT001 - a table
    """The sentence names the day and how to renew it, of the shipped list too."""
    today = date.fromordinal(DAY.toordinal() + days)
    saved = LISTED.explain_age(today)
    shipped = read_shipped_list().explain_age(date.fromordinal(date.fromisoformat(AS_OF).toordinal() + days))

    assert bool(saved) is bool(shipped) is old
    if old:
        assert saved == (
            "tt02's list of 2026-08-21 is 91 days old: `reconciler catalogue refresh -e tt02` renews it."
        )
        assert shipped.startswith(f"The shipped list of access packages of {AS_OF} is 91 days old: ")


def test_the_embedded_register_goes_by_all_lists() -> None:
    """What any saved list holds is known beside the shipped packages."""
    new = CatalogueList("tt02", "", DAY, (a_package("helt-ny", "Helt ny"),), ())
    made = make_catalogues({"tt02": new, "prod": LISTED})
    merged = made["local"]

    assert make_catalogues({}) == {}
    assert merged.find_package(PACKAGE_PREFIX + "helt-ny") is not None
    assert made["prod"].find_package(PACKAGE_PREFIX + "helt-ny") is None
    assert merged.find_package(PACKAGE_PREFIX + "jordbruk") is not None
    assert [*merged.judge(Asked("resource", "any"), visible=True)] == []
    assert [each.kind for each in merged.judge(Asked("resource", "ttd-am-k6"), visible=True)] == [
        "not-delegable"
    ]
