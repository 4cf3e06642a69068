"""Paths, queries and continuations, each by its table (contract §1.7, §7.1)."""

from __future__ import annotations

import pytest

from reconciler.emulator.dotnet.path_binding import (
    BadRequest,
    WrongMethod,
    check_headers,
    is_blank,
    read_target,
)
from reconciler.emulator.dotnet.query_binding import Query, bind_flag
from reconciler.emulator.systemusers import continuation

HOST = b"h:1"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a/b", "/a/b", ""),
        (b"/a?b?c#d", "/a", "b?c#d"),
        (b"/a#b", "/a#b", ""),
        (b"http://h:1/a?b", "/a", "b"),
        (b"https://h:1", "/", ""),
        (b"/%41%C3%A6%F0%9F%98%80", "/Aæ😀", ""),
        (b"/a%2Fb%2fc", "/a%2Fb%2fc", ""),
        (b"/a%252Fb", "/a%2Fb", ""),
        (b"/%FF%C3%28%ED%A0%80%C0%AF", "/%FF%C3(%ED%A0%80%C0%AF", ""),
        (b"/%zz%%4", "/%zz%%4", ""),
        (b"/a/./b/../c", "/a/c", ""),
        (b"/a/%2e%2e/b", "/b", ""),
        (b"/a/..", "/", ""),
        (b"/a/b/..", "/a/", ""),
        (b"/../../a", "/a", ""),
        (b"/a//b/.../..%2f", "/a//b/.../..%2f", ""),
        (b"/a\\b+c;d", "/a\\b+c;d", ""),
        (b"/a\x01b", "/a\x01b", ""),
    ],
)
def test_targets(target: bytes, path: str, query: str) -> None:
    """E13, §1.7: decoded once, an escaped slash and what is no UTF-8 kept as sent, then dot segments go."""
    assert read_target("GET", target, HOST) == (path, query)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"/a%00", HOST),
        (b"/a\0b", HOST),
        (b"/\xc3\xa6", HOST),
        (b"/a?\xff", HOST),
        (b"/a b", HOST),
        (b"", HOST),
        (b"a/b", HOST),
        (b"HTTP://h:1/a", HOST),
        (b"http://other/a", HOST),
        (b"http://h:2/a", HOST),
        (b"/a", None),
        (b"/a", b"h 1"),
        (b"/" + b"a" * 8192, HOST),
    ],
)
def test_targets_that_are_refused(target: bytes, host: bytes | None) -> None:
    """E29, §1.7: some requests the server itself refuses, before any route."""
    with pytest.raises(BadRequest):
        read_target("GET", target, host)


@pytest.mark.parametrize(("target", "allow"), [(b"*", "OPTIONS"), (b"h:1", "CONNECT"), (b"a", "CONNECT")])
def test_targets_of_other_methods(target: bytes, allow: str) -> None:
    """E29, §1.7: some targets belong to one method alone."""
    with pytest.raises(WrongMethod) as raised:
        read_target("GET", target, HOST)
    assert (raised.value.status, raised.value.allow) == (405, allow)


def test_headers_that_are_refused() -> None:
    """E29, §1.7: header values have to be UTF-8."""
    check_headers([b"a", "æ".encode()])
    with pytest.raises(BadRequest):
        check_headers([b"\xff"])


@pytest.mark.parametrize(
    "value", ["", " ", "\t\n\v\f\r", "\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"]
)
def test_blank_ids(value: str) -> None:
    """E13, §1.7: an id of .NET's white space alone is none."""
    assert is_blank(value)


@pytest.mark.parametrize("value", ["a", " a ", "\u200b", "\u180e", "\ufeff", "\x1c", "\x1f"])
def test_ids_that_are_not_blank(value: str) -> None:
    """E13, §1.7: what Python takes for white space and .NET does not is an id."""
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("query", "value", "error"),
    [
        ("", False, None),
        ("x=true", False, None),
        ("flag=true", True, None),
        ("FLAG=True", True, None),
        ("%66lag=+TRUE%00", True, None),
        ("flag=false&flag=x", False, None),
        ("flag[0]=x&flag.x=1&flag%20=1", False, None),
        ("flag=1", False, "The value '1' is not valid."),
        ("flag", False, "The value '' is invalid."),
        ("flag=%20", False, "The value ' ' is invalid."),
        ("flag=x&Flag=true", False, "The value 'x,true' is not valid."),
        ("flag=&flag=true", False, "The value 'true' is invalid."),
        ("flag=%zz", False, "The value '%zz' is not valid."),
        ("flag=true;x", False, "The value 'true;x' is not valid."),
    ],
)
def test_flags(query: str, value: bool, error: str | None) -> None:  # noqa: FBT001 - a column of the table
    """E3, §1.7: names in any letter case, the first value counts, and two texts say what is wrong."""
    errors: dict[str, list[str]] = {}
    assert bind_flag(Query(query), "flag", errors) is value
    assert errors == ({} if error is None else {"flag": [error]})


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ("Mzc", 37),
        ("Mzc=", 37),
        ("MA", 0),
        ("MA==", 0),
        ("MA=", 0),
        ("LTE", 0),
        ("IDUK", 5),
        ("OTIyMzM3MjAzNjg1NDc3NTgwNw", 2**63 - 1),
        ("OTIyMzM3MjAzNjg1NDc3NTgwOA", None),
        ("xyz", None),
        ("bnVsbA", None),
        ("IjEi", None),
        ("MS41", None),
        ("MWUx", None),
        ("KzE", None),
        ("MDE", None),
        ("%%", None),
        (" Mzc", None),
        ("A", None),
    ],
)
def test_continuation_tokens(token: str, number: int | None) -> None:
    """E31, §7.1: base64url of a JSON integer, padded or not; a negative one counts as 0."""
    assert continuation.read_token(token) == number


def test_links() -> None:
    """E21, §7.1: the base that was called, the id encoded in capitals, the token without padding."""
    link = continuation.write_link("http://h:1", "/p", "a/b æ$(,)", 37)
    assert link == "http://h:1/p/a%2Fb%20%C3%A6$(,)?token=Mzc"
