"""The JSON reader and the binder alone: what is refused, in which words, and where (contract §2.7)."""

from __future__ import annotations

import pytest

from reconciler.emulator.dotnet.json_reader import JsonReader, Malformed
from reconciler.emulator.register.body_binding import Binder

ROOT = "Altinn.Platform.Authentication.Core.SystemRegister.Models.RegisterSystemRequest"
OPEN = (
    "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should "
    "be closed."
)
AFTER_SIGN = (
    "is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9')."
)
NO_DIGIT = "Expected a digit ('0'-'9'), but instead reached end of data."
NO_TOKENS = (
    "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when "
    "isFinalBlock is true."
)
TRAILING = (
    "The JSON {} contains a trailing comma at the end which is not supported in this mode. Change the reader "
    "options."
)
AFTER_POINT = (
    "is invalid within a number, immediately after a decimal point ('.'). Expected a digit ('0'-'9')."
)
NO_VENDOR = "The JSON value could not be converted to Altinn.Platform.Authentication.Core.Models.VendorInfo."
NO_TEXT = "The JSON value could not be converted to System.String."
CASES: list[tuple[str | bytes, str, int, int, str]] = [
    ("", "$", 0, 0, NO_TOKENS),
    (" \n ", "$", 1, 1, NO_TOKENS),
    ("word", "$", 0, 0, "'w' is an invalid start of a value."),
    ("/", "$", 0, 0, "'/' is an invalid start of a value."),
    ("{", "$", 0, 1, OPEN),
    ("{,", "$", 0, 1, "',' is an invalid start of a property name. Expected a '\"'."),
    ("{/", "$", 0, 1, "'/' is invalid after a value. Expected either ',', '}', or ']'."),
    ("{]", "$", 0, 1, "']' is an invalid start of a property name. Expected a '\"'."),
    ('{"id"', "$", 0, 5, "Expected a value, but instead reached end of data."),
    ('{"id" "x"', "$", 0, 6, "'\"' is invalid after a property name. Expected a ':'."),
    ('{"id":', "$.id", 0, 6, OPEN),
    ('{"id":}', "$.id", 0, 6, "'}' is an invalid start of a value."),
    ('{"id":/', "$.id", 0, 6, "'/' is invalid after a value. Expected either ',', '}', or ']'."),
    ('{"id":"x"', "$", 0, 9, OPEN),
    ('{"id":"x"]', "$", 0, 9, "']' is invalid without a matching open."),
    ('{"id":"x" "y"', "$", 0, 10, "'\"' is invalid after a value. Expected either ',', '}', or ']'."),
    (
        '{"id":"x",',
        "$",
        0,
        9,
        "Expected start of a property name or value, but instead reached end of data.",
    ),
    (
        '{"id":"x", ',
        "$",
        0,
        11,
        "Expected start of a property name or value, but instead reached end of data.",
    ),
    ('{"id":"x",/', "$", 0, 10, "'/' is an invalid start of a property name. Expected a '\"'."),
    (
        '{"id":"x",\n}',
        "$",
        1,
        0,
        TRAILING.format("object"),
    ),
    (
        '{"clientId":["a",]',
        "$.clientId[1]",
        0,
        17,
        TRAILING.format("array"),
    ),
    ('{"clientId":[', "$.clientId[0]", 0, 13, OPEN),
    (
        '{"clientId":["a" 1',
        "$.clientId[1]",
        0,
        17,
        "'1' is invalid after a value. Expected either ',', '}', or ']'.",
    ),
    ('{"clientId":[5,]', "$.clientId[0]", 0, 14, NO_TEXT),
    ('{"clientId":5', "$.clientId", 0, 13, "'5' is an invalid end of a number. Expected a delimiter."),
    (
        '{"id":"a\tb"',
        "$.id",
        0,
        8,
        "'0x09' is invalid within a JSON string. The string should be correctly escaped.",
    ),
    (
        '{"id":"a\\x"',
        "$.id",
        0,
        9,
        "'x' is an invalid escapable character within a JSON string. The string should be correctly escaped.",
    ),
    (
        '{"id":"\\u12G4"',
        "$.id",
        0,
        11,
        "'G' is not a hex digit following '\\u' within a JSON string. The string should be correctly escaped.",
    ),
    ('{"id":"a\\', "$.id", 0, 9, "Expected end of string, but instead reached end of data."),
    (
        b'{"id":"\xc3',
        "$.id",
        0,
        8,
        "Expected end of string, but instead reached end of data.",
    ),
    ('{"id":"\\ud800"', "$.id", 0, 14, NO_TEXT),
    (b'{"id":"\xff"', "$.id", 0, 9, NO_TEXT),
    (b'{"name":{"\xff":', "$.name", 0, 13, NO_TEXT),
    ('{"\\ud800":1', "$", 0, 10, f"The JSON value could not be converted to {ROOT}."),
    ('{"x":tru}', "$.x", 0, 8, "'tru}' is an invalid JSON literal. Expected the literal 'true'."),
    ('{"x":fals', "$.x", 0, 9, "'fals' is an invalid JSON literal. Expected the literal 'false'."),
    ('{"x":-}', "$.x", 0, 6, f"'}}' {AFTER_SIGN}"),
    ('{"x":1e+}', "$.x", 0, 8, f"'}}' {AFTER_SIGN}"),
    ('{"x":-', "$.x", 0, 6, NO_DIGIT),
    ('{"x":1.', "$.x", 0, 7, NO_DIGIT),
    ('{"x":01', "$.x", 0, 6, "Invalid leading zero before '1'."),
    ('{"x":0x1', "$.x", 0, 6, "'x' is an invalid end of a number. Expected a delimiter."),
    (
        '{"x":1.a',
        "$.x",
        0,
        7,
        f"'a' {AFTER_POINT}",
    ),
    ('{"x":1.5a', "$.x", 0, 8, "'a' is an invalid end of a number. Expected 'E' or 'e'."),
    ('{"x":1', "$.x", 0, 6, "'1' is an invalid end of a number. Expected a delimiter."),
    ("5", "$", 0, 1, f"The JSON value could not be converted to {ROOT}."),
    ("[", "$", 0, 1, f"The JSON value could not be converted to {ROOT}."),
    ("null x", "$", 0, 5, "'x' is invalid after a single JSON value. Expected end of data."),
    ('{"a.b":{"c":tru', "$['a.b']", 0, 15, "'tru' is an invalid JSON literal. Expected the literal 'true'."),
    ('{"isVisible":null', "$.isVisible", 0, 17, "The JSON value could not be converted to System.Boolean."),
    (
        '{"rights":[{},5',
        "$.rights[1]",
        0,
        15,
        "'5' is an invalid end of a number. Expected a delimiter.",
    ),
    (
        '{"rights":[{},"',
        "$.rights[1]",
        0,
        15,
        "Expected end of string, but instead reached end of data.",
    ),
    (
        '{"rights":[{"resource":[{"id":"a","value":[',
        "$.rights[0].resource[0].value",
        0,
        43,
        NO_TEXT,
    ),
    (
        '{"vendor":[',
        "$.vendor",
        0,
        11,
        "The JSON value could not be converted to Altinn.Platform.Authentication.Core.Models.VendorInfo.",
    ),
]


@pytest.mark.parametrize(("text", "path", "line", "column", "message"), CASES, ids=repr)
def test_faults(text: str | bytes, path: str, line: int, column: int, message: str) -> None:
    """E9, E42: the first fault of a text is named in the service's words, with its path and its place."""
    body = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Malformed) as raised:
        Binder(JsonReader(body)).document()

    place = f"Path: {path} | LineNumber: {line} | BytePositionInLine: {column}."
    assert (raised.value.path, str(raised.value)) == (path, f"{message} {place}")


@pytest.mark.parametrize("bracket", ["{", "["])
def test_depth(bracket: str) -> None:
    """E9, §2.7: the 33rd bracket is one too many, named where it stands."""
    deeper = '{"a":' if bracket == "{" else "["
    kind = "object" if bracket == "{" else "array"
    text = '{"x":' + deeper * 40
    with pytest.raises(Malformed) as raised:
        Binder(JsonReader(text.encode())).document()

    column = len('{"x":') + 31 * len(deeper)
    assert str(raised.value) == (
        f"The maximum configured depth of 32 has been exceeded. Cannot read next JSON {kind}. "
        f"Path: $.x | LineNumber: 0 | BytePositionInLine: {column}."
    )


def test_missing_members_before_what_follows() -> None:
    """E9, §2.7: missing members are found at the root's bracket, before anything behind it."""
    with pytest.raises(Malformed) as raised:
        Binder(JsonReader(b'{"ID":null,"VENDOR":{}}x')).document()

    assert str(raised.value) == (
        f"JSON deserialization for type '{ROOT}' was missing required properties including: 'name', "
        "'description'."
    )


def test_a_literal_in_a_long_request() -> None:
    """§2.7: where a request did not come in one block, five bytes of a literal are quoted."""
    with pytest.raises(Malformed, match=r"^'truly' is an invalid"):
        Binder(JsonReader(b"truly yours", cut_literals=True)).document()


@pytest.mark.parametrize(
    "text",
    ['{"x":"\\ud800"}', '{"x":{"\\ud800":[1,{"y":-0.5e-7}]}}', b'{"x":"\xff","\xff":1}', '{"x":1e999}'],
    ids=repr,
)
def test_what_nobody_reads(text: str | bytes) -> None:
    """E42, §2.7: in values of unknown members text that is none does not matter; the members are missed."""
    body = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Malformed, match="was missing required properties"):
        Binder(JsonReader(body)).document()


TAILS_OF_RUNS = [
    "",
    ",",
    ', "',
    ", x",
    ', "x":',
    ', "x":1',
    ', "x":1,',
    ', "x":tru',
    ', "x":[1,2',
    ', "x":{"y":1,}',
]


@pytest.mark.parametrize("tail", TAILS_OF_RUNS)
@pytest.mark.parametrize(
    "run", ['"a":1', '"a":1 , "b":[1,"x",null,-0.5e7] ,\n"c":{"d":{}, "e":true}, "f":1e5']
)
def test_what_is_passed_over_at_once(run: str, tail: str) -> None:
    """E41, §2.7: reading over many unknown members at once finds the fault that one by one finds."""
    faults: list[str] = []
    for keep_unknown in (False, True):
        with pytest.raises(Malformed) as raised:
            Binder(JsonReader(f'{{"id":"x",{run}{tail}'.encode()), keep_unknown=keep_unknown).document()
        faults.append(str(raised.value))
    assert faults[0] == faults[1]


@pytest.mark.parametrize("name", ["ID", "\\u0069d"])
def test_known_members_are_not_passed_over(name: str) -> None:
    """§2.1: a known member counts in any spelling, wherever it stands among unknown ones."""
    text = f'{{"id":"a","x":1,"{name}":"b","y":2,"name":{{}},"description":{{}},"vendor":{{}},"z":[]}}'
    document = Binder(JsonReader(text.encode())).document()
    assert document is not None
    assert document.id == "b"


def test_a_whole_document() -> None:
    """§2.1: members in any letter case, the last of several, null where it is taken, unknown ones passed over."""
    body = (
        '{"ID":"a","id":"b","vendor":{"id":"0192:1","x":[]},"NAME":{"nb":null,"nb":"\\u00e6\\ud83d\\ude00"},'
        '"description":null,"rights":[null,{"action":null,"resource":[{"id":"i","value":"v"},null]}],'
        '"accessPackages":[{"urn":null},{}],"clientId":["c",null],"isVisible":false,'
        '"allowedRedirectUrls":["https://VG.no"],"name2":{}}'
    )
    document = Binder(JsonReader(body.encode())).document()

    assert document is not None
    assert (document.id, document.vendor_id, document.name) == ("b", "0192:1", {"nb": "æ😀"})
    assert document.description is None
    assert document.rights is not None
    assert [
        right and [pair and pair.value for pair in right.resource or []] for right in document.rights
    ] == [
        None,
        ["v", None],
    ]
    assert [package and package.urn for package in document.packages or []] == [None, None]
    assert (document.client_ids, document.is_visible) == (["c", None], False)
    assert [redirect and redirect.stored for redirect in document.redirects or []] == ["https://vg.no/"]
