"""What access packages exist, what they may be used for, and the nearest name."""

from __future__ import annotations

import pytest

from reconciler.model.catalogue import AS_OF, PACKAGE_PREFIX, Catalogue, PackageFlags, read_shipped_catalogue
from reconciler.model.suggest import LONGEST_NAME, find_nearest


def test_the_shipped_list_holds_what_the_source_holds() -> None:
    """By their flags there are as many packages as the System Register contract counts (§8.2)."""
    catalogue = read_shipped_catalogue()
    counts = {
        flags: sum(each[:2] == flags for each in catalogue.packages.values())
        for flags in ((True, True), (False, True), (True, False), (False, False))
    }

    assert counts == {(True, True): 164, (False, True): 11, (True, False): 6, (False, False): 42}
    assert all(urn.startswith(PACKAGE_PREFIX) and urn == urn.lower() for urn in catalogue.packages)
    assert catalogue.source == f"in the list of {AS_OF}"


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("skattegrunnlag", (True, True)),
        ("SKATTEGRUNNLAG", (True, True)),
        ("klientadministrator", (False, True)),
        ("regnskapsforer-lonn", (True, False)),
        ("eksplisitt", (False, False)),
        ("skattnaering", None),
        ("", None),
    ],
)
def test_a_package_is_found_in_any_letter_case(name: str, flags: tuple[bool, bool] | None) -> None:
    """The register's look-up ignores letter case."""
    found = read_shipped_catalogue().find_package(PACKAGE_PREFIX + name)

    assert (found and (found.delegable, found.assignable)) == flags


@pytest.mark.parametrize(
    ("urn", "name", "reason"),
    [
        (PACKAGE_PREFIX + "skattnaering", "skatt-naering", "the documentation's own mistake"),
        (PACKAGE_PREFIX + "kravogutlegg", "krav-og-utlegg", "another one of them"),
        (PACKAGE_PREFIX + "SKATTEGRUNLAG", "skattegrunnlag", "letter case means nothing"),
        (PACKAGE_PREFIX + "regnskapsforer_lonn", "regnskapsforer-lonn", "an underscore for a hyphen"),
        ("skattegrunnlag", "skattegrunnlag", "the name alone"),
        ("urn:altinn:package:jordbruk", "jordbruk", "another prefix"),
        (PACKAGE_PREFIX + "zzzzzz", "", "nothing is near"),
        (PACKAGE_PREFIX, "", "there is no name"),
        ("", "", "there is nothing"),
        ("x" * (LONGEST_NAME + 1), "", "no name is so long"),
        ("skattegrunnlag" * 20, "", "nor is this one"),
    ],
)
def test_the_nearest_package_is_suggested(urn: str, name: str, reason: str) -> None:
    """The name counts, and not what stands before it."""
    assert read_shipped_catalogue().suggest_package(urn) == (PACKAGE_PREFIX + name if name else ""), reason


def test_every_package_is_nearest_to_itself() -> None:
    """A name that exists is never corrected into another one."""
    catalogue = read_shipped_catalogue()

    assert [urn for urn in catalogue.packages if catalogue.suggest_package(urn) != urn] == []


def test_most_misspelt_names_are_recognised() -> None:
    """Of all names with one letter left out, nearly every one leads back to its package."""
    catalogue = read_shipped_catalogue()
    tries = [(urn, urn[:-3] + urn[-2:]) for urn in catalogue.packages]
    missed = [urn for urn, misspelt in tries if catalogue.suggest_package(misspelt) != urn]

    assert len(missed) < len(tries) / 50, missed


def test_another_catalogue_suggests_its_own_packages() -> None:
    """What an environment's own list does not hold is not suggested there."""
    flags = PackageFlags(delegable=True, assignable=True)
    catalogue = Catalogue({PACKAGE_PREFIX + "jordbruk": flags}, "in tt02")

    assert catalogue.suggest_package(PACKAGE_PREFIX + "jordbuk") == PACKAGE_PREFIX + "jordbruk"
    assert catalogue.suggest_package(PACKAGE_PREFIX + "skattegrunlag") == ""
    assert Catalogue({}, "nowhere").suggest_package(PACKAGE_PREFIX + "jordbruk") == ""


@pytest.mark.parametrize(
    ("word", "found"),
    [("prdo", "prod"), ("tt2", "tt02"), ("PROD", ""), ("x", ""), ("", ""), ("p" * (LONGEST_NAME + 1), "")],
)
def test_the_nearest_word_is_found(word: str, found: str) -> None:
    """A word that is like none of the known ones has no neighbour."""
    assert find_nearest(word, ["local", "tt02", "prod"]) == found
