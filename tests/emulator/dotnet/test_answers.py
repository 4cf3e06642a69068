"""Escapes, letters, numbers, the order of faults and of database errors, alone (contract §0.3, §0.4, §2.5, §2.8)."""

from __future__ import annotations

import json
import random
import string
import unicodedata
from itertools import islice

import pytest

from reconciler.emulator.dotnet import characters, json_writer
from reconciler.emulator.dotnet.failures import DatabaseFailure
from reconciler.emulator.dotnet.model_errors import ModelError, require
from reconciler.emulator.dotnet.uris import read
from reconciler.emulator.register import database, model_validation, old_format, validations
from reconciler.emulator.register.documents import AttributePair, RequestedRight, SystemRequest, VendorInfo

DOMAIN = '23514: value for domain business_application.{} violates check constraint "{}"'
DETAIL = "\n\nDETAIL: Detail redacted"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('"\\/\b\t\n\f\r', r"\"\\/\b\t\n\f\r"),
        ("\x00\x0b\x1f\x7f\x85", r"\u0000\u000B\u001F\u007F\u0085"),
        ("\\u001f", r"\\u001f"),
        ("\u00a0\u2003\u2028\u2029\u3000\ufeff", r"\u00A0\u2003\u2028\u2029\u3000\uFEFF"),
        ("\ue000\ufdd0\u0378", r"\uE000\uFDD0\u0378"),
        ("😀\U000f0000", r"\uD83D\uDE00\uDB80\uDC00"),
        ("'<>&+\u00ad\u200bæ日 ", "'<>&+\u00ad\u200bæ日 "),
        ("\u1c89\ua7da\u0897", "\u1c89\ua7da\u0897"),
        ("\ua7d2\ua7ce", r"\uA7D2\uA7CE"),
    ],
)
def test_escapes(text: str, written: str) -> None:
    """E11, §0.4: what is escaped goes by the categories of Unicode 16, in capitals."""
    assert json_writer.write(text) == f'"{written}"'
    assert json.loads(json_writer.write({text: [text]})) == {text: [text]}


def test_the_table_of_categories() -> None:
    """E11: where Python has a version of Unicode of its own, both agree on what that version knows."""
    if int(unicodedata.unidata_version.partition(".")[0]) > 16:
        pytest.skip("this Python knows characters that Unicode 16 does not")
    for point in range(0x80, 0xD800):
        char = chr(point)
        category = unicodedata.category(char)
        if category != "Cn":
            escaped = category in {"Cc", "Zs", "Zl", "Zp", "Co"}
            assert ("\\u" in json_writer.write(char)) is escaped, hex(point)
            assert characters.is_letter(char) is category.startswith("L"), hex(point)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        *((*pair, True) for pair in ("éÉ", "µμ", "μΜ", "ςσ", "ǅǄ", "აᲐ", "𐐨𐐀", "𐵰𐵐", "ɤꟋ", "ᾳᾼ")),
        *((*pair, False) for pair in ("ßS", "ßẞ", "ſs", "ıI", "İi", "ꟓ꟒")),
        ("ﬀ", "FF", False),
        ("ŉ", "ʼN", False),
    ],
)
def test_ignoring_case(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001 - a column of the table
    """E15, §2.5: each character by its one upper case, and nothing is expanded."""
    assert (characters.fold(one) == characters.fold(other)) is is_same


def test_order_of_faults() -> None:
    """E18, §0.3: the keys are a tree, level by level: by length, then text without letter case."""
    keys = [
        *(
            "Id",
            "Name",
            "ClientId",
            "systemId",
            "Description",
            "AllowedRedirectUrls",
            "SystemVendorOrgNumber",
        ),
        *("Vendor.ID", "Rights[2].Resource", "Rights[10].Resource", "Rights[1].Resource[0].Id"),
    ]
    shuffled = sorted(keys, key=lambda key: key[::-1])
    assert list(ModelError({key: [] for key in shuffled}).errors) == keys
    assert list(ModelError({"$.id": [], "registerNewSystem": [], "$": [], "": []}).errors) == [
        "",
        "$",
        "registerNewSystem",
        "$.id",
    ]


@pytest.mark.parametrize(("pairs", "keys", "is_cut"), [(99, 198, False), (100, 200, True), (150, 200, True)])
def test_at_most_200_faults(pairs: int, keys: int, is_cut: bool) -> None:  # noqa: FBT001 - a column of the table
    """E34, §0.3: the 200th fault is not added, and the empty key says so first."""
    faults = model_validation.list_right_faults([RequestedRight(None, [AttributePair()] * pairs)], "")
    with pytest.raises(ModelError) as raised:
        model_validation.check(faults, {})
    errors = raised.value.errors
    assert len(errors) == keys
    assert (next(iter(errors)) == "") is is_cut
    assert errors.get("") == (["The input was not valid."] if is_cut else None)


def test_faults_of_a_document() -> None:
    """E4, §0.3: all nulls at once, a vendor without an id under two keys."""
    document = SystemRequest(vendor=VendorInfo(), client_ids=None, redirects=None)
    found = dict(islice(model_validation.list_document_faults(document), 10))
    assert found == {
        "Id": require("Id"),
        "Vendor.ID": require("ID"),
        "SystemVendorOrgNumber": require("SystemVendorOrgNumber"),
        "Name": require("Name"),
        "Description": require("Description"),
        "ClientId": require("ClientId"),
        "AllowedRedirectUrls": require("AllowedRedirectUrls"),
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, None),
        (
            {"rights": [RequestedRight("\0")], "name": {"en": "\0"}},
            f"22P05: unsupported Unicode escape sequence{DETAIL}",
        ),
        ({"name": {"\0": ""}, "id": "x" * 256}, '22021: invalid byte sequence for encoding "UTF8": 0x00'),
        ({"description": {"en": None, "nb": "\0"}}, '22021: invalid byte sequence for encoding "UTF8": 0x00'),
        ({"redirects": [read("https://x/\0")]}, '22021: invalid byte sequence for encoding "UTF8": 0x00'),
        ({"id": "x" * 256, "name": {}}, "22001: value too long for type character varying(255)"),
        ({"id": "😀" * 255}, None),
        (
            {"name": {"nn": "", "nb": ""}, "redirects": [read("ftp://x")]},
            DOMAIN.format("translated_text", "translated_text_contains_en"),
        ),
        (
            {"description": {"nn": "", "en": ""}},
            DOMAIN.format("translated_text", "translated_text_contains_nb"),
        ),
        (
            {"redirects": [read("ftp://x")]},
            DOMAIN.format("uri", "uri_scheme_check"),
        ),
        (
            {"redirects": [read("https://vg.no/%x😀")]},
            r"Unable to translate Unicode character \\uD83D at index 18 to specified code page.",
        ),
    ],
)
def test_order_of_database_errors(changes: dict[str, object], text: str | None) -> None:
    """E14, §2.8: the first of several refusals, in PostgreSQL's words."""
    texts: dict[str, str | None] = {"en": "", "nb": "", "nn": ""}
    document = SystemRequest("x", VendorInfo("0192:1"), texts, texts)
    for name, value in changes.items():
        setattr(document, name, value)
    if text is None:
        database.check_document(document, "1")
        return
    with pytest.raises(DatabaseFailure) as raised:
        database.check_document(document, "1")
    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (2692, None),
        (
            2693,
            'index row size 2712 exceeds btree version 4 maximum 2704 for index "maskinporten_client_pkey"',
        ),
        (9000, "index row requires 9016 bytes, maximum size is 8191"),
    ],
)
def test_long_client_ids(length: int, text: str | None) -> None:
    """E14, §2.8: a client id that does not compress has a longest length."""
    letters_of_it = random.Random(length).choices(string.printable[:94], k=length)  # noqa: S311 - no secret
    client_id = "".join(letters_of_it)
    if text is None:
        assert database.check_client_id(client_id) == client_id
        return
    with pytest.raises(DatabaseFailure) as raised:
        database.check_client_id(client_id)
    assert str(raised.value).startswith(f"54000: {text}{DETAIL}")


@pytest.mark.parametrize(
    ("proposed", "taken", "codes"),
    [
        (["a", "b"], [], ""),
        (["T1", "t1"], ["T1"], "11 4 4"),
        (["t1", "T1"], [], "11"),
        (["x", "x", "y"], ["x"], "11 4 4"),
        ([None, None], [], "11"),
        ([None, "é"], ["É"], "4"),
    ],
)
def test_client_ids_of_a_put(proposed: list[str | None], taken: list[str], codes: str) -> None:
    """E8, E15, §3: 00011 once, 00004 for each entry that another's equals ignoring case."""
    found = [
        problem.code.removeprefix("AUTH.VLD-").lstrip("0")
        for problem in validations.check_client_ids(proposed, taken)
    ]
    assert " ".join(found) == codes


def test_what_a_put_looks_up() -> None:
    """E15, Q22: the system's own ids first, and no spelling of one twice."""
    assert validations.list_lookups(["own", "B"], ["OWN", "b", "c", None, "C"]) == ["own", "B", "c"]


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("plain", ["plain"]),
        ("APP_a_b", ["APP_a_b"]),
        ("app_ttd_bars", ["ttd", "bars"]),
        ("app_ttd_bars_with_more", ["ttd", "bars_with_more"]),
        ("app_a__b", ["a", "_b"]),
        ("app_ _b", [" ", "b"]),
        *((value, []) for value in ("app_lonely", "app_ttd_", "app__nobody", "app__")),
    ],
)
def test_old_format(value: str, pairs: list[str]) -> None:
    """E15, §1.2 P3: an app is cut at the first two underscores; what cannot be cut is dropped."""
    rights: list[dict[str, object]] = [
        {
            "action": "read",
            "resource": [
                {"id": "urn:altinn:resource", "value": value},
                {"id": "urn:altinn:resource\n", "value": "x"},
            ],
        }
    ]
    (right,) = old_format.write_rights(rights)
    resource = right["resource"]
    assert right["action"] == "read"
    assert isinstance(resource, list)
    assert [pair["value"] for pair in resource] == pairs
