"""Claims alone: the `consumer` in the words of the service, texts and lists (contract §5, §6.1–§6.3)."""

from __future__ import annotations

import pytest

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.token_claims import Caller
from reconciler.emulator.register.claims import (
    ADMIN,
    WRITE,
    find_org,
    has_scope,
    make_author,
    may_write,
)
from reconciler.emulator.register.consumer_claims import read_org

TYPE = "'Altinn.Platform.Authentication.Model.ConsumerClaim'"
WHOLE = '"authority":"iso6523-actorid-upis","ID":"0192:1"'


@pytest.mark.parametrize(
    ("claim", "org"),
    [
        (f"{{{WHOLE}}}", "1"),
        (f' {{ {WHOLE} , "x":[{{}},1.5,true] }} ', "1"),
        ("{authority:'iso6523-actorid-upis',ID:'0192:1'}", "1"),
        (f"/* c */{{{WHOLE},}}// c", "1"),
        ('{"AUTHORITY":"iso6523-actorid-upis","id":"9:9","ID":"0192:1"}', "1"),
        ('{"authority":"iso6523\\u002dactorid-upis","ID":"0192:1:x"}', "1"),
        ('{"authority":"iso6523-actorid-upis","ID":"0192:"}', ""),
        ('{"authority":"iso6523-actorid-upis","ID":"0192: 1"}', " 1"),
    ],
)
def test_consumers(claim: str, org: str) -> None:
    """E6, §6.3: read as leniently as Newtonsoft.Json does."""
    assert read_org(claim) == org


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("", "Invalid consumer claim: null"),
        (" ", "Invalid consumer claim: null"),
        ("null", "Invalid consumer claim: null"),
        ("undefined", "Invalid consumer claim: null"),
        ("5", f"Error converting value 5 to type {TYPE}. Path '', line 1, position 1."),
        ("5.5", f"Error converting value 5.5 to type {TYPE}. Path '', line 1, position 3."),
        ("true", f"Error converting value True to type {TYPE}. Path '', line 1, position 4."),
        ("Infinity", f"Error converting value Infinity to type {TYPE}. Path '', line 1, position 8."),
        ('"x"', f"Error converting value \"x\" to type {TYPE}. Path '', line 1, position 3."),
        ("{", "Unexpected end when reading JSON. Path '', line 1, position 1."),
        ('{"ID":"0192:1"', "Unexpected end when deserializing object. Path 'ID', line 1, position 14."),
        ('{"ID":"0192:1",', "Unexpected end when deserializing object. Path 'ID', line 1, position 15."),
        (
            '{"authority":',
            "Unexpected end when setting authority's value. Path 'authority', line 1, position 13.",
        ),
        ("text", "Invalid consumer claim: invalid JSON"),
        (f"{{{WHOLE}}} x", "Invalid consumer claim: invalid JSON"),
        ('{"authority":{}}', "Invalid consumer claim: invalid JSON"),
        ('{"authority":"x" "ID":"y"}', "Invalid consumer claim: invalid JSON"),
        (f"\ufeff{{{WHOLE}}}", "Invalid consumer claim: invalid JSON"),
        ("{}", "Invalid consumer claim: unexpected authority"),
        ('{"authority":null,"ID":"0192:1"}', "Invalid consumer claim: unexpected authority"),
        (
            '{"authority":"ISO6523-ACTORID-UPIS","ID":"0192:1"}',
            "Invalid consumer claim: unexpected authority",
        ),
        ('{"authority":"iso6523-actorid-upis"}', "Object reference not set to an instance of an object."),
        (
            '{"authority":"iso6523-actorid-upis","ID":192}',
            "Invalid consumer claim: unexpected ISO6523 identifier",
        ),
        (
            '{"authority":"iso6523-actorid-upis","ID":""}',
            "Invalid consumer claim: unexpected ISO6523 identifier",
        ),
        ('{"authority":"iso6523-actorid-upis","ID":"0192"}', "Index was outside the bounds of the array."),
    ],
)
def test_bad_consumers(claim: str, text: str) -> None:
    """E6, §6.3: each in the words of the service."""
    with pytest.raises(ServiceFailure) as raised:
        read_org(claim)
    assert str(raised.value) == text


def test_a_list_for_a_consumer() -> None:
    """E6, §6.3: for a list as text the service says what it should have been, in three lines."""
    with pytest.raises(ServiceFailure) as raised:
        read_org("[]")
    lines = str(raised.value).split("\n")
    assert lines[0].startswith(
        f"Cannot deserialize the current JSON array (e.g. [1,2,3]) into type {TYPE} because"
    )
    assert lines[2] == "Path '', line 1, position 1."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (1000.0, "1000"),
        (1e21, "1E+21"),
        (1.5e-7, "1.5E-07"),
        (0.0001, "0.0001"),
        (12345678901234567890, "1.2345678901234567E+19"),
        (True, "true"),
        (None, ""),
        ({"a": [1, "æ"]}, '{"a":[1,"æ"]}'),
        (["x", "y"], "x"),
        ([], None),
    ],
)
def test_texts_of_claims(value: object, text: str | None) -> None:
    """E17, §5: a claim of another type becomes text, and of a list the first element counts."""
    assert Caller({"client_id": value}, 0).client_id == text


def test_scopes() -> None:
    """E17, §6.2: the federation's claim wins, even when empty; of a list the first element is read."""
    assert has_scope(Caller({"scope": [f"x {WRITE}"]}, 0), frozenset({WRITE}))
    assert not has_scope(Caller({"scope": ["x", WRITE]}, 0), frozenset({WRITE}))
    assert not has_scope(Caller({"scope": WRITE, "urn:altinn:scope": ""}, 0), frozenset({WRITE}))


@pytest.mark.parametrize("scope", [ADMIN.upper(), f"x{ADMIN}", f"{ADMIN}x", f"x,{ADMIN}", "", WRITE])
def test_administrators(scope: str) -> None:
    """§6.2: a scope is compared whole, with its letter case."""
    consumer = {"authority": "iso6523-actorid-upis", "ID": "0192:1"}
    assert may_write(Caller({"consumer": consumer, "scope": f"{WRITE} {ADMIN}"}, 0), "2")
    assert not may_write(Caller({"consumer": consumer, "scope": f"{WRITE} {scope}"}, 0), "2")


def test_owners() -> None:
    """E6, §6.3: an empty organisation owns nothing; without a claim an administrator cannot sign the log."""
    nobody = Caller({"consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:"}}, 0)
    assert find_org(nobody) == ""
    assert not may_write(nobody, "")
    with pytest.raises(ServiceFailure, match=r"^Value cannot be null. \(Parameter 'value'\)$"):
        make_author(Caller({"scope": ADMIN}, 0))
