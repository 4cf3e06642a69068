"""The definition of a new system: whose it is, what words stand for, and what is left to fill in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.errors import UsageError
from reconciler.model.catalogue import PACKAGE_PREFIX
from reconciler.model.catalogue_list import ResourceEntry, name_entry, read_shipped_list
from reconciler.operations.new import (
    Folder,
    NewSystem,
    choose_package,
    choose_right,
    complete_id,
    get_title,
    outline_system,
)
from reconciler.operations.validate import validate
from tests.builders import VENDOR, a_definition_text
from tests.model.test_catalogue_search import LISTED

CLIENT = "7f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"
TEXTS = {"nb": "Sky", "nn": "Sky", "en": "Cloud"}
ENVIRONMENTS = ("local", "tt02", "prod")
OTHER = read_document(f"systems/{VENDOR}_smartcloud.yaml", a_definition_text().encode())
FOLDER = Folder((OTHER,), frozenset({f"{VENDOR}_smartcloud.yaml"}), ENVIRONMENTS, {})


def a_new_system(**changes: object) -> NewSystem:
    """Describe a system of which everything is known."""
    whole = {
        "id": f"{VENDOR}_new",
        "vendor": VENDOR,
        "name": TEXTS,
        "description": TEXTS,
        "packages": (choose_package(read_shipped_list(), "skattegrunnlag"),),
        "clients": (CLIENT,),
    }
    return NewSystem(**{**whole, **changes})  # type: ignore[arg-type]  # the members of the class


@pytest.mark.parametrize(
    ("name", "vendor", "defined", "found"),
    [
        ("991825827_new", "", "", ("991825827_new", "991825827")),
        ("new", "991825827", "", ("991825827_new", "991825827")),
        ("new", "", "991825827", ("991825827_new", "991825827")),
        ("991825827_new", "", "310702641", ("991825827_new", "991825827")),
        ("new_one", "991825827", "310702641", ("991825827_new_one", "991825827")),
    ],
)
def test_an_id_is_completed(name: str, vendor: str, defined: str, found: tuple[str, str]) -> None:
    """The organisation number comes from the id, the option, or the other definitions."""
    assert complete_id(name, vendor, defined) == found


@pytest.mark.parametrize(
    ("name", "vendor", "said"),
    [
        ("new", "", "Whose system `new` is to be is not known."),
        ("new", "123", "`123` is no organisation number."),
        ("991825828_new", "", "`991825828` is no organisation number."),
    ],
)
def test_a_vendor_has_to_be_known(name: str, vendor: str, said: str) -> None:
    """An id is for ever, so it is not guessed."""
    with pytest.raises(UsageError) as refused:
        complete_id(name, vendor, "")

    assert refused.value.message == said


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("skattegrunnlag", "skattegrunnlag"),
        ("tax base", "skattegrunnlag"),
        ("utslipp", "baerekraft"),
        ("Skatt næring", "skatt-naering"),
        (f"{PACKAGE_PREFIX}regnskapsforer-lonn", "regnskapsforer-lonn"),
        ("eksplisitt", "eksplisitt"),  # by its name, so that the rules can say why it cannot be asked for
    ],
)
def test_words_stand_for_one_package(term: str, found: str) -> None:
    """Its name, or words that only it fits."""
    assert name_entry(choose_package(LISTED, term)) == PACKAGE_PREFIX + found


def test_words_stand_for_one_resource() -> None:
    """One that no right can name is not offered."""
    assert name_entry(choose_right(LISTED, "krav")) == "ske-krav-og-betalinger"
    assert name_entry(choose_right(read_shipped_list(), "any-resource")) == "any-resource"


@pytest.mark.parametrize(
    ("term", "said", "hint"),
    [
        (
            "skatt",
            "`skatt` fits 3 access packages in tt02's list of 2026-08-21.",
            (
                f"Name one of them with --package:\n{PACKAGE_PREFIX}skatt-naering  Skatt næring\n"
                f"{PACKAGE_PREFIX}skattegrunnlag  Skattegrunnlag\n{PACKAGE_PREFIX}baerekraft  Bærekraft"
            ),
        ),
        (
            "skattegrunlag",
            "No access package in tt02's list of 2026-08-21 fits `skattegrunlag`.",
            f"Did you mean `{PACKAGE_PREFIX}skattegrunnlag`?",
        ),
    ],
)
def test_words_that_stand_for_none_or_several_are_refused(term: str, said: str, hint: str) -> None:
    """With what can be written instead."""
    with pytest.raises(UsageError) as refused:
        choose_package(LISTED, term)

    assert (refused.value.message, refused.value.hint) == (said, hint)


def test_a_title_that_is_the_name_says_nothing() -> None:
    """Some environments have no other for a resource."""
    entry = choose_right(LISTED, "krav")

    assert isinstance(entry, ResourceEntry)
    assert get_title(entry) == "Krav og betalinger"
    assert get_title(replace(entry, title={"nb": entry.id})) == ""


def test_words_are_no_id_of_a_resource() -> None:
    """Where no list is saved, only an id can be taken."""
    with pytest.raises(UsageError) as refused:
        choose_right(read_shipped_list(), "krav og betalinger")

    assert "refresh -e tt02" in refused.value.hint


def test_a_whole_definition_is_sound() -> None:
    """Nothing is left, and no rule objects to it, beside the others."""
    made = outline_system(a_new_system(environments=("tt02",)), FOLDER)
    document = read_document(made.path, made.text.encode())

    assert (made.path, made.left, made.wrong) == (f"systems/{VENDOR}_new.yaml", (), ())
    assert not validate([OTHER, document], ENVIRONMENTS).findings
    assert "  - urn:altinn:accesspackage:skattegrunnlag # Skattegrunnlag\n" in made.text


def test_a_system_that_customers_cannot_find_gets_its_templates() -> None:
    """One for the customer itself, and one for each relation in which clients give their packages."""
    packages = ("skattegrunnlag", "ansvarlig-revisor", "revisormedarbeider", "forretningsforer-eiendom")
    system = a_new_system(
        rights=(choose_right(LISTED, "krav"),),
        packages=tuple(choose_package(read_shipped_list(), PACKAGE_PREFIX + each) for each in packages),
        redirects=("https://smartcloud.example/receipt",),
    )
    made = outline_system(system, FOLDER)

    assert not validate([OTHER, read_document(made.path, made.text.encode())], ENVIRONMENTS).findings
    assert (
        "requests: # what customers are asked for; never sent to the register\n"
        "  standard:\n"
        "    rights:\n"
        "      - ske-krav-og-betalinger\n"
        "    accessPackages:\n"
        "      - urn:altinn:accesspackage:skattegrunnlag\n"
        "    redirectUrl: https://smartcloud.example/receipt\n"
        "  auditor:\n"
        "    type: agent\n"
        "    accessPackages:\n"
        "      - urn:altinn:accesspackage:ansvarlig-revisor\n"
        "      - urn:altinn:accesspackage:revisormedarbeider\n"
        "    redirectUrl: https://smartcloud.example/receipt\n"
        "  business-manager:\n"
    ) in made.text
    assert "requests" not in outline_system(replace(system, visible=True), FOLDER).text


def test_what_is_left_to_fill_in_is_named() -> None:
    """Each with its line, and none of it is wrong."""
    made = outline_system(a_new_system(description={}, name={"nb": "Sky"}, packages=(), clients=()), FOLDER)

    assert not made.wrong
    assert [f"{each.place.line} {each.message}" for each in made.left] == [
        "5 `name.nn` is empty",
        "6 `name.en` is empty",
        "8 `description.nb` is empty",
        "9 `description.nn` is empty",
        "10 `description.en` is empty",
        "11 The system asks for neither rights nor access packages",
        "13 The system has no client id",
    ]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"id": f"{VENDOR}_New-One"}, "id-characters"),
        ({"vendor": "310702641"}, "id-not-vendors"),
        ({"clients": ("32ef65ac-6e62-498d-880f-76c85c2052ae",)}, "client-id-shared"),
        ({"clients": ("mine",)}, "client-id-format"),
        ({"redirects": ("http://new.example/",)}, "redirect-not-https"),
        ({"packages": (choose_package(LISTED, "eksplisitt"),)}, "package-not-delegable"),
        ({"packages": (choose_package(LISTED, "regnskapsforer-lonn"),), "visible": True}, "package-visible"),
    ],
)
def test_what_a_rule_objects_to_is_wrong(changes: dict[str, object], rule: str) -> None:
    """Also where another file takes part in it."""
    made = outline_system(a_new_system(**changes), FOLDER)

    assert rule in [each.rule for each in made.wrong]


def test_a_file_that_is_there_stays() -> None:
    """In any letter case, since some disks know no other."""
    with pytest.raises(UsageError) as refused:
        outline_system(a_new_system(id=f"{VENDOR}_SMARTCLOUD"), FOLDER)

    assert "is there already" in refused.value.message


def test_editors_find_the_schema_where_there_is_one() -> None:
    """A line that names a file which is not there would be an error in an editor."""
    made = outline_system(a_new_system(), Folder((), frozenset(), ENVIRONMENTS, {}, has_schema=True))

    assert made.text.startswith("# yaml-language-server: $schema=.definition.schema.json\nid: ")
