"""All rules on all documents: environments, exceptions, and many broken files at once."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.yaml_document import KEPT_TREES, Scalar, read_document
from reconciler.model.catalogue import Catalogue, PackageFlags, read_shipped_catalogue
from reconciler.model.findings import Severity
from reconciler.rules import RULES, Checked, check_documents
from reconciler.rules.registry import CATALOGUE_CHECKS, FLEET_CHECKS, SYSTEM_CHECKS, declare
from tests.builders import ENVIRONMENTS, a_definition_text

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding

NAME = "systems/991825827_smartcloud.yaml"


def _check_files(files: dict[str, str], environments: tuple[str, ...] = ENVIRONMENTS) -> Checked:
    documents = [read_document(f"systems/{name}.yaml", text.encode()) for name, text in files.items()]
    return check_documents(documents, read_shipped_catalogue(), environments)


def _check(text: str, *others: str) -> Checked:
    """Check files; the first one is named after the builder's id, the others are numbered."""
    files = {f"{number}": other for number, other in enumerate(others, 1)}
    return _check_files({"991825827_smartcloud": text, **files})


def _find(text: str, rule: str) -> list[Finding]:
    return [each for each in _check(text).findings if each.rule == rule]


def test_a_good_definition_has_no_findings() -> None:
    """Silence is what a reviewer wants to see."""
    checked = _check(a_definition_text())

    assert checked.findings == ()
    assert checked.sound
    assert [each.document.file for each in checked.definitions] == [NAME]


def test_nothing_is_checked_where_there_is_nothing() -> None:
    """No documents, no findings."""
    assert check_documents([], read_shipped_catalogue(), ENVIRONMENTS) == Checked((), ())


@pytest.mark.parametrize(
    ("changes", "environments", "reason"),
    [
        ({}, (), "it holds wherever the definition exists"),
        ({"environments": {"tt02": {}, "prod": {}}}, (), "in all of three"),
        ({"environments": {"tt02": {"clientId": ["x"]}}}, ("local",), "the overlay corrects it"),
        ({"environments": {"tt02": {"clientId": ["x"]}, "prod": {}}}, ("local", "prod"), "in two of three"),
        (
            {"environments": {"tt02": {"withdrawn": True}, "prod": {}}},
            ("local", "prod"),
            "not of the withdrawn",
        ),
    ],
)
def test_a_finding_is_told_once_with_its_environments(
    changes: dict[str, Json], environments: tuple[str, ...], reason: str
) -> None:
    """One line in a file is one finding, however many environments see it."""
    found = _find(a_definition_text(clientId=[], **changes), "no-client-ids")

    assert [each.environments for each in found] == [environments], reason


def test_what_an_environment_says_itself_is_told_at_its_place() -> None:
    """An overlay's own fault is another finding than that of the top level."""
    text = a_definition_text(clientId=["one"], environments={"tt02": {"clientId": ["one"]}, "prod": {}})
    found = _find(text, "client-id-format")

    assert [(each.place.path, each.place.line, each.environments) for each in found] == [
        ("clientId[0]", 7, ("local", "prod")),
        ("environments.tt02.clientId[0]", 10, ("tt02",)),
    ]


def test_only_environments_that_some_file_names_are_looked_at() -> None:
    """A definition without `environments` exists in tt02, but nobody asks for tt02 here."""
    lonely = a_definition_text()
    other = a_definition_text(id="991825827_other", clientId=[], environments={"tt02": {"clientId": []}})

    assert _find(a_definition_text(clientId=[]), "no-client-ids")[0].environments == ()
    shared = [
        each
        for each in _check(
            lonely,
            other.replace('{"clientId": []}', '{"clientId": ["32ef65ac-6e62-498d-880f-76c85c2052ae"]}'),
        ).findings
        if each.rule == "client-id-shared"
    ]
    assert [each.environments for each in shared] == [("tt02",)]


def test_environments_are_told_in_their_configured_order() -> None:
    """Neither the file nor the alphabet decides."""
    text = a_definition_text(clientId=[], environments={"prod": {}, "at22": {}, "tt02": {"clientId": ["x"]}})
    checked = _check_files({"a": text}, ("local", "prod", "tt02", "at22"))

    (found,) = [each for each in checked.findings if each.rule == "no-client-ids"]
    assert found.environments == ("local", "prod", "at22")


@pytest.mark.parametrize(
    ("allow", "severity", "hint", "reason"),
    [
        ({}, Severity.ERROR, "Did you mean", "nothing is allowed"),
        ({"package-unknown": "new"}, Severity.WARNING, "Allowed: new", "the rule as a whole"),
        (
            {"package-unknown": {"accessPackages[0]": "new"}},
            Severity.WARNING,
            "Allowed: new",
            "the rule at this path",
        ),
        (
            {"package-unknown": {"accessPackages[1]": "new"}},
            Severity.ERROR,
            "Did you mean",
            "at another path",
        ),
        (
            {"package-unknown": {"rights[0]": "new"}},
            Severity.ERROR,
            "Did you mean",
            "at a path without fault",
        ),
        ({"package-format": "new"}, Severity.ERROR, "Did you mean", "another rule"),
        ({"package-unknown": " "}, Severity.ERROR, "Did you mean", "no reason is given"),
        ({"package-unknown": {"accessPackages[0]": ""}}, Severity.ERROR, "Did you mean", "nor here"),
        ({"package-unknown": {}}, Severity.ERROR, "Did you mean", "nor is a path"),
        ({"Package-Unknown": "new"}, Severity.ERROR, "Did you mean", "a rule has one spelling"),
    ],
)
def test_an_allowed_error_becomes_a_warning(
    allow: dict[str, Json], severity: Severity, hint: str, reason: str
) -> None:
    """An exception holds for its rule and its path, and shows its reason."""
    package = {"urn": "urn:altinn:accesspackage:skattegrunnlagg"}
    (found,) = _find(a_definition_text(accessPackages=[package], allow=allow), "package-unknown")

    assert found.severity is severity, reason
    assert found.hint.startswith(hint), reason


def test_an_allowed_warning_becomes_a_note() -> None:
    """An exception makes a finding one step milder, and never makes it disappear."""
    (found,) = _find(a_definition_text(clientId=[], allow={"no-client-ids": "to come"}), "no-client-ids")

    assert (found.severity, found.hint) == (Severity.NOTE, "Allowed: to come")


def test_an_exception_holds_in_every_environment() -> None:
    """A fault that only one environment sees can be allowed as well, at the path that is told."""
    overlay = {"prod": {"accessPackages": ["urn:altinn:accesspackage:new"]}}
    whole = a_definition_text(environments=overlay, allow={"package-unknown": "new in prod"})
    exact = a_definition_text(
        environments=overlay, allow={"package-unknown": {"environments.prod.accessPackages[0]": "new"}}
    )

    assert _check(whole).sound
    assert _check(exact).sound
    assert {each.rule for each in (*_check(whole).findings, *_check(exact).findings)} == {"package-unknown"}


@pytest.mark.parametrize(
    ("allow", "message"),
    [
        ({"id-format": "x"}, "Nothing needs `allow: id-format`"),
        ({"id-format": {"id": "x"}}, "Nothing needs `allow: id-format` at `id`"),
        ({"package-visible": "x"}, "Nothing needs `allow: package-visible`"),
    ],
)
def test_an_exception_that_nothing_needs_is_a_warning(allow: dict[str, Json], message: str) -> None:
    """It would hide the next fault."""
    (found,) = _check(a_definition_text(allow=allow)).findings

    assert (found.rule, found.severity, found.message) == ("allow-unneeded", Severity.WARNING, message)


def test_an_exception_for_a_member_that_cannot_be_read_is_left_alone() -> None:
    """Whether it is needed shows only when the file is whole."""
    text = a_definition_text(allow={"id-format": "x"}).replace('"991825827_smartcloud"', "[]")

    assert [each.rule for each in _check(text).findings] == ["wrong-type"]


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        ("client-id-format-", "`client-id-format-` is no rule", "Did you mean `client-id-format`?"),
        ("all", "`all` is no rule", "`reconciler explain` lists the rules."),
        ("duplicate-id", "`duplicate-id` knows no exceptions", "Fix what it finds."),
        ("wrong-type", "`wrong-type` knows no exceptions", "Fix what it finds."),
        ("x" * 300, f"`{'x' * 99}…` is no rule", "`reconciler explain` lists the rules."),
    ],
)
def test_an_exception_to_no_rule_is_an_error(rule: str, message: str, hint: str) -> None:
    """A misspelt rule would allow nothing, and nobody would know."""
    (found,) = _check(a_definition_text(allow={rule: "x"})).findings

    assert (found.rule, found.severity, found.message, found.hint) == (
        "allow-unknown",
        Severity.ERROR,
        message,
        hint,
    )


def test_some_rules_know_no_exceptions() -> None:
    """P7, P8, R22: shape, a missing language, duplicate ids, shared client ids; what no system can have or keep."""
    shape = {
        "alias-bomb",
        "duplicate-key",
        "file-too-large",
        "missing-member",
        "never-sent",
        "several-documents",
        "spelling",
        "unknown-environment",
        "unknown-member",
        "wrong-type",
        "yaml-syntax",
    }
    languages = {"language-missing"}
    ids = {"duplicate-id", "withdrawn-id-reused", "client-id-shared"}
    impossible = {"id-too-long", "id-unreachable", "null-character", "right-impossible", "vendor-format"}
    restless = {
        "client-id-empty",
        "redirect-broken-escape",
        "redirect-host-marks",
        "redirect-not-absolute",
        "redirect-trailing-space",
    }
    elsewhere = {"several-vendors", "allow-unknown", "allow-unneeded", "not-checked", "taken-as-existing"}

    assert {name for name, rule in RULES.items() if rule.allowable == "held"} == {
        "id-letter-case",
        "language-empty",
        "stray-whitespace",
    }
    assert {name for name, rule in RULES.items() if not rule.allowable} == (
        shape | languages | ids | impossible | restless | elsewhere
    )


def test_the_withdrawn_are_asked_about_identity_only() -> None:
    """Everything else of a withdrawn definition means nothing any more."""
    text = a_definition_text(
        id="Bad",
        clientId=["x"],
        rights=[],
        accessPackages=["y"],
        name={},
        allow=...,
        isVisible=...,
        withdrawn=True,
    )

    assert {each.rule for each in _check(text).findings} == {"id-format", "id-characters", "file-name"}
    assert {name for name, rule in RULES.items() if rule.withdrawn} == {
        "id-format",
        "id-characters",
        "id-letter-case",
        "id-spaces",
        "id-too-long",
        "id-unreachable",
        "id-not-vendors",
        "file-name",
        "vendor-format",
        "vendor-check-digit",
        "duplicate-id",
        "withdrawn-id-reused",
        "several-vendors",
    }


def test_the_withdrawn_hold_no_client_ids() -> None:
    """A client id may move to the successor in the same change."""
    old = a_definition_text(withdrawn=True)
    new = a_definition_text(id="991825827_new")

    assert _check_files({"991825827_smartcloud": old, "991825827_new": new}).findings == ()


def test_every_file_is_told_of_at_once() -> None:
    """A file that is no YAML hides nothing in the others, and nothing of itself that can be read."""
    checked = _check(
        "id: [",
        a_definition_text(clientId="x"),
        a_definition_text(id="991825827_a", rights=5),
        "",
        "- 1\n",
    )

    errors = [each for each in checked.findings if each.severity is Severity.ERROR]
    assert [(each.place.file, each.rule) for each in errors] == [
        ("systems/1.yaml", "wrong-type"),
        ("systems/2.yaml", "wrong-type"),
        ("systems/3.yaml", "wrong-type"),
        ("systems/4.yaml", "wrong-type"),
        (NAME, "yaml-syntax"),
    ]
    assert not checked.sound
    assert len(checked.definitions) == 2


def test_a_broken_member_is_told_of_once() -> None:
    """A value of the wrong type is one fault, and not three; the rest of the file is looked at."""
    text = a_definition_text(
        id=[], vendor=[], clientId={}, rights="x", accessPackages="y", isVisible="no", name={"nb": "x"}
    )
    found = _check(text).findings

    assert [each.place.path for each in found if each.rule == "wrong-type"] == [
        "id",
        "vendor",
        "rights",
        "accessPackages",
        "clientId",
        "isVisible",
    ]
    assert {each.rule for each in found} == {"wrong-type", "language-missing"}


def test_a_vendor_that_cannot_be_read_is_no_second_vendor() -> None:
    """Only numbers that are numbers are compared."""
    broken = a_definition_text(id="991825827_a", clientId=["a2ed712d-8188-4471-839f-80ae4a68146b"], vendor=[])

    checked = _check_files({"991825827_smartcloud": a_definition_text(), "991825827_a": broken})

    assert [each.rule for each in checked.findings] == ["wrong-type"]


def test_an_assertion_against_a_broken_visibility_waits() -> None:
    """Whether the system is visible shows when `isVisible` can be read."""
    package = {"urn": "urn:altinn:accesspackage:ansvarlig-revisor"}
    text = a_definition_text(isVisible="no", isAssignable=False, accessPackages=[package])

    assert [each.rule for each in _check(text).findings] == ["wrong-type"]


@pytest.mark.parametrize("environments", [[], "tt02", None, 5])
def test_environments_are_a_mapping(environments: Json) -> None:
    """Where they are not, the definition is looked at as its top level alone."""
    checked = _check(a_definition_text(environments=environments, clientId=[]))

    assert [(each.rule, each.place.path) for each in checked.findings] == [
        ("no-client-ids", "clientId"),
        ("wrong-type", "environments"),
    ]


@pytest.mark.parametrize("withdrawn", ["yes", '"true"', "[]", "~"])
def test_a_definition_of_which_nobody_knows_whether_it_lives_is_asked_little(withdrawn: str) -> None:
    """A misspelt `withdrawn` is the one thing to fix first."""
    text = f'id: 991825827_smartcloud\nvendor: "991825827"\nwithdrawn: {withdrawn}\n'

    assert [each.rule for each in _check(text).findings] == ["wrong-type"]


def test_findings_come_in_order() -> None:
    """By file, line and column, then the worst first."""
    texts = {
        f"991825827_{name}": a_definition_text(
            id=f"991825827_{name}", clientId=["x", "X"], rights=[], accessPackages=[]
        )
        for name in "cab"
    }
    checked = _check_files(texts)
    keys = [
        (each.place.file, each.place.line, each.place.column, list(Severity).index(each.severity), each.rule)
        for each in checked.findings
    ]

    assert keys == sorted(keys)
    assert len(keys) == 12
    assert [each.document.file for each in checked.definitions] == sorted(
        f"systems/{name}.yaml" for name in texts
    )


def test_the_catalogue_is_the_callers() -> None:
    """Another list of packages gives another answer, with its own name in the message."""
    flags = PackageFlags(delegable=True, assignable=True)
    catalogue = Catalogue({"urn:altinn:accesspackage:new": flags}, "in tt02")
    documents = [read_document(NAME, a_definition_text().encode())]
    (found,) = check_documents(documents, catalogue, ENVIRONMENTS).findings

    assert found.message == "`urn:altinn:accesspackage:skattegrunnlag` is not an access package in tt02"


def test_a_rule_is_declared_once_and_has_a_page() -> None:
    """A second rule of the same id, or one without a page, does not get into the registry."""
    before = dict(RULES)
    with pytest.raises(ValueError, match="id-format"):
        declare("id-format", "A page.")
    with pytest.raises(ValueError, match="new-rule"):
        declare("new-rule", None)

    assert before == RULES


def test_every_check_has_its_rule() -> None:
    """A rule is asked in one way only, or while a file is read."""
    asked = [rule.id for checks in (SYSTEM_CHECKS, CATALOGUE_CHECKS, FLEET_CHECKS) for rule, _ in checks]

    assert len(asked) == len(set(asked))
    assert set(asked) <= set(RULES)


def test_the_trees_of_many_documents_are_not_kept() -> None:
    """A tree takes fifteen times the memory of its text: of 40 documents, those of the last few are left."""
    texts = [a_definition_text(id=f"991825827_kept{number}") for number in range(40)]
    documents = [
        read_document(f"systems/kept{number}.yaml", text.encode()) for number, text in enumerate(texts)
    ]
    checked = check_documents(documents, read_shipped_catalogue(), ("local",))
    gc.collect()
    keys = [each.text for each in gc.get_objects() if type(each) is Scalar and "_kept" in each.text]

    assert len(checked.definitions) == 40
    assert len(keys) <= KEPT_TREES
