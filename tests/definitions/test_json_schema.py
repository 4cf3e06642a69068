"""The JSON Schema of definitions and of the configuration: sound, whole, and of one mind with `validate`."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING

import pytest
from jsonschema import (  # type: ignore[import-untyped]  # it has no types
    Draft7Validator,
    Draft202012Validator,
)
from ruamel.yaml import YAML

from reconciler.definitions.json_schema import to_draft_07, to_draft_2020
from reconciler.definitions.settings import read_settings
from reconciler.definitions.words import read_words
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import SettingsError
from reconciler.model.request_template import RequestMembers
from reconciler.model.system import LANGUAGES, NEVER_SENT, Attribute, Package, Right, System, Vendor
from reconciler.operations.schema import Of, Version, make_schema
from reconciler.operations.validate import validate
from tests.builders import CLIENT, ENVIRONMENTS, VENDOR, a_live_document

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.definitions.words import Language
    from reconciler.model.canonical_json import Json

SHAPE = {"wrong-type", "missing-member", "unknown-member", "unknown-environment", "spelling"}
"""The rules that a schema can say; the rest of shape is about YAML itself. `fmt` corrects a spelling."""
TEXTS = dict.fromkeys(LANGUAGES, "Regnskap")
BASE: dict[str, Json] = {
    **{name: value for name, value in a_live_document().items() if name != "isDeleted"},
    "isVisible": False,
}
SPOILT: tuple[Json, ...] = (
    None,
    True,
    7,
    2.5,
    "tekst",
    [],
    ["a"],
    [None],
    {},
    {"nb": "a"},
    {"id": "x"},
    [{}],
)
OVERLAYS: tuple[Json, ...] = (
    {},
    None,
    {"isVisible": True},
    {"withdrawn": True},
    {"withdrawn": False},
    {"name": TEXTS, "description": TEXTS},
    {"withdrawn": False, "name": TEXTS},
    {"id": "991825827_b", "vendor": VENDOR},
    {"allow": {}},
    {"clientID": []},
    [],
    7,
)


@pytest.mark.parametrize("draft", list(Version))
@pytest.mark.parametrize("language", ["en", "nb"])
@pytest.mark.parametrize("of", list(Of))
def test_each_schema_is_a_schema(of: Of, draft: Version, language: Language) -> None:
    """Each is valid by the schema of its own draft, and names it; the way there and back changes nothing."""
    made = make_schema(of, draft, language, ENVIRONMENTS)
    validator = Draft7Validator if draft is Version.DRAFT_07 else Draft202012Validator
    validator.check_schema(made)

    assert made["$schema"] == validator.META_SCHEMA["$schema"]
    assert to_draft_07(to_draft_2020(made)) == to_draft_07(made)
    assert ("definitions" in made) == (draft is Version.DRAFT_07 and of is not Of.CONFIG)


def test_every_member_has_words_in_both_languages() -> None:
    """A new member of the model gets its words, and none are kept of a member that is gone."""
    parts = {
        f"{part.__name__}.{name}"
        for part in (Vendor, Right, Attribute, Package)
        for name in part.model_fields
    } | {f"Template.{name}" for name in RequestMembers.model_fields}
    members = set(System.model_fields) - set(NEVER_SENT) | {
        "withdrawn",
        "isAssignable",
        "environments",
        "allow",
        "requests",
    }
    config = {"config", *(f"config.{name}" for name in ("environments", "register", "maskinporten"))}
    config |= {
        "config.clients",
        "config.unmanaged",
        "config.key_expires",
        "config.consumer_org",
        "config.supplier",
        "config.test",
        "config.checks",
        *(f"config.checks.{name}" for name in ("system", "request", "customer", "reference", "scopes")),
    }

    assert set(read_words()) == parts | members | config | {"definition", "overlay", "template"}
    for words in read_words().values():
        assert words["en"] != words["nb"]
        assert set(words["title"]) == {"en", "nb"}


def test_the_examples_are_valid() -> None:
    """What an editor shows as an example is a value of its member."""
    schema = make_schema(Of.DEFINITION, Version.DRAFT_2020, environments=ENVIRONMENTS)
    for name in set(System.model_fields) - {"isDeleted"} | {"environments", "allow", "withdrawn", "requests"}:
        for example in read_words()[name]["examples"]:
            document = {**BASE, name: example}
            assert list(Draft202012Validator(schema).iter_errors(document)) == [], name


def test_packages_and_exceptions_are_offered() -> None:
    """Each package stands with its name, and each rule that can be excepted with its summary."""
    schema = make_schema(Of.DEFINITION)
    offered = schema["definitions"]["accessPackages"]["items"]["anyOf"][0]

    assert len(offered["enum"]) == len(offered["enumDescriptions"]) > 200
    at = offered["enum"].index("urn:altinn:accesspackage:skattegrunnlag")
    assert offered["enumDescriptions"][at] == "Skattegrunnlag"
    assert "client-id-format" in schema["properties"]["allow"]["properties"]
    assert "wrong-type" not in schema["properties"]["allow"]["properties"]


def _spoil(document: dict[str, Json], chance: random.Random) -> None:
    """Change a document in one way: mostly one that breaks a rule on shape."""
    name = chance.choice([*BASE, "withdrawn", "isAssignable", "allow", "requests"])
    match chance.randrange(9):
        case 0:
            document.pop(name, None)
        case 1:
            document[name] = chance.choice(SPOILT)
        case 2:
            document[name.upper() + "x"] = chance.choice(SPOILT)
        case 3:
            chosen = chance.sample([*ENVIRONMENTS, "staging"], chance.randrange(4))
            document["environments"] = {each: copy.deepcopy(chance.choice(OVERLAYS)) for each in chosen}
        case 4:
            document["withdrawn"] = chance.choice([True, False])
        case 5:
            document["rights"] = [chance.choice([*SPOILT, *_RIGHTS])]
        case 6:
            document[chance.choice(["name", "description"])] = chance.choice(
                [TEXTS, {**TEXTS, "en": None}, {}]
            )
        case 7:
            made = {"standard": chance.choice([*SPOILT, *_TEMPLATES])}
            document |= chance.choice([{"requests": made}, {"environments": {"tt02": {"requests": made}}}])
        case _:
            document["environments"] = {"local": chance.choice(OVERLAYS), "tt02": chance.choice(OVERLAYS)}
            document.pop(chance.choice(["name", "description", "id", "vendor"]), None)


_TEMPLATES: tuple[Json, ...] = (
    {},
    {"type": "agent", "accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"]},
    {"rights": [7], "redirectUrl": True},
    {"type": "both"},
    {"type": ["agent"]},
    {"rights": ["a"], "clientId": []},
    {"rights": [{"resource": []}], "accessPackages": None},
)
_RIGHTS: tuple[Json, ...] = (
    {"resource": [{"id": "urn:altinn:resource", "value": "a"}]},
    {"resource": [{"id": "urn:altinn:resource", "value": 7}], "action": "read"},
    {"resource": [{"id": "urn:altinn:resource"}]},
    {"resource": "a"},
    {"resource": [], "action": None},
)


def _lacks_a_language(value: Json) -> bool:
    """Say whether a name or description lacks a language, at the top or in an overlay."""
    if not isinstance(value, dict):
        return False
    overlays = value.get("environments")
    layers = [value, *(overlays.values() if isinstance(overlays, dict) else ())]
    texts = [
        layer.get(name) for layer in layers if isinstance(layer, dict) for name in ("name", "description")
    ]
    return any(isinstance(each, dict) and not set(LANGUAGES) <= set(each) for each in texts)


def test_the_schema_and_validate_agree_on_shape() -> None:
    """1,000 files: the schema refuses exactly those with an error on shape, or a text without a language.

    A schema looks at each text by itself, and so also refuses one that nobody reads, since the system is
    withdrawn or an overlay replaces it.
    """
    chance = random.Random(20261121)  # noqa: S311 - for a corpus, which has to be the same each time
    schema = make_schema(Of.DEFINITION, Version.DRAFT_2020, environments=ENVIRONMENTS)
    validators = Draft202012Validator(schema), Draft7Validator(to_draft_07(schema))
    refused = 0
    for number in range(1000):
        document = copy.deepcopy(BASE)
        for _ in range(number % 4):
            _spoil(document, chance)
        text = json.dumps(document)
        findings = validate([read_document("systems/a.yaml", text.encode())], ENVIRONMENTS).findings
        broken = bool({each.rule for each in findings} & SHAPE) or _lacks_a_language(document)
        assert [each.is_valid(document) for each in validators] == [not broken] * 2, text
        refused += broken

    assert 300 < refused < 700


@pytest.mark.parametrize(
    "line",
    [
        "vendor: 991825827",
        "isVisible: TRUE",
        "clientId: [0123, 1e3, 0x1F, .5, true]",
        "vendor: {ID: 0192:991825827, authority: iso6523-actorid-upis}",
        "isDeleted: whatever",
        "allow: {client-id-format: 2021}",
    ],
)
def test_what_yaml_makes_of_a_text_is_taken(line: str) -> None:
    """A text without quotes may look like a number or like true to YAML; what is never sent may be anything."""
    kept = [f"{name}: {json.dumps(value)}" for name, value in BASE.items() if name != line.partition(":")[0]]
    tree = YAML(typ="safe", pure=True).load("\n".join([*kept, line]))

    assert list(Draft7Validator(make_schema(Of.DEFINITION)).iter_errors(tree)) == []


OWN: dict[str, Json] = {"register": "https://r.example", "maskinporten": "https://m.example/"}
CHECK: dict[str, Json] = {"system": f"{VENDOR}_a", "request": "standard", "customer": "310904473"}
CONFIGS: tuple[dict[str, Json], ...] = (
    {},
    {"environments": {}},
    {"environments": {"prod": {"clients": [CLIENT]}}},
    {"environments": {"prod": {"register": "https://r.example"}}},
    {"environments": {"local": {"unmanaged": ["a"]}, "tt02": {}}},
    {"environments": {"own": {"register": "https://r.example", "maskinporten": "https://m.example/"}}},
    {"environments": {"own": {"register": "https://r.example"}}},
    {"environments": {"own": {"register": "r.example", "maskinporten": "https://m.example/"}}},
    {"environments": {"Own": {"register": "https://r.example", "maskinporten": "https://m.example/"}}},
    {"environments": {"prod2": {"register": "https://r.example", "maskinporten": "https://m.example/"}}},
    {"environments": {"prod": {"clients": "a"}}},
    {"environments": {"prod": {"unmanaged": [7]}}},
    {"environments": {"prod": {"client": []}}},
    {"environments": {"prod": {"key_expires": "2027-03-01"}}},
    {"environments": {"prod": {"consumer_org": "991825827", "supplier": "312605031"}}},
    {"environments": {"prod": {"consumer_org": ["991825827", "310661414"]}}},
    {"environments": {"prod": {"consumer_org": "0192:991825827"}}},
    {"environments": {"prod": {"consumer_org": 991825827}}},
    {"environments": {"prod": {"supplier": ["312605031"]}}},
    {"environments": {"prod": {"key_expires": "next March"}}},
    {"environments": {"prod": {"key_expires": 20270301}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "reference": "nightly", "scopes": ["a:b/c.d"]}, CHECK]}}},
    {"environments": {"local": {"checks": []}}},
    {"environments": {"prod": {"checks": [CHECK]}}},
    {"environments": {"own": {**OWN, "test": True, "checks": [CHECK]}}},
    {"environments": {"own": {**OWN, "test": False, "checks": [CHECK]}}},
    {"environments": {"own": {**OWN, "checks": [CHECK]}}},
    {"environments": {"own": {**OWN, "test": "yes"}}},
    {"environments": {"tt02": {"test": True}}},
    {"environments": {"tt02": {"checks": CHECK}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "customer": 310904473}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "customer": "0192:310904473"}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "reference": "a/b"}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "reference": ".."}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "scopes": []}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "scopes": ["a b"]}]}}},
    {"environments": {"tt02": {"checks": [{**CHECK, "organisation": "310904473"}]}}},
    {"environments": {"tt02": {"checks": [{"system": f"{VENDOR}_a"}]}}},
    {"environments": []},
    {"enviroments": {}},
)


@pytest.mark.parametrize("table", CONFIGS, ids=json.dumps)
def test_the_configuration_and_its_schema_agree(table: dict[str, Json], tmp_path: Path) -> None:
    """A file that the schema refuses is refused, and one that it takes is read."""
    schema = make_schema(Of.CONFIG)
    (tmp_path / "reconciler.toml").write_text(_print_toml(table), encoding="utf-8")
    try:
        read_settings(tmp_path)
        reads = True
    except SettingsError:
        reads = False

    assert (list(Draft7Validator(schema).iter_errors(table)) == []) == reads


def _print_toml(value: dict[str, Json]) -> str:
    """Print a table as inline TOML."""

    def inline(each: Json) -> str:
        if isinstance(each, dict):
            return "{" + ", ".join(f"{name} = {inline(member)}" for name, member in each.items()) + "}"
        if isinstance(each, list):
            return "[" + ", ".join(map(inline, each)) + "]"
        return json.dumps(each)

    return "".join(f"{name} = {inline(each)}\n" for name, each in value.items())
