"""Redirect URLs as the register returns them: the measured table of the System Register contract §2.4."""

from __future__ import annotations

import pytest

from reconciler.model.redirect_url import canonicalise, is_steady, parse_redirect

ROWS = {
    "bare host": ("https://vg.no", "https://vg.no/"),
    "capitals": ("HTTPS://VG.NO", "https://vg.no/"),
    "blanks around": ("  https://vg.no  ", "https://vg.no/"),
    "tabs and line breaks around": ("\t\r\nhttps://vg.no/a\n", "https://vg.no/a"),
    "path keeps its case": ("https://VG.no/Path", "https://vg.no/Path"),
    "default port": ("https://vg.no:443/a", "https://vg.no/a"),
    "default port with a zero": ("https://vg.no:0443/a", "https://vg.no/a"),
    "default port with many zeros": ("https://vg.no:" + "0" * 5000 + "443/a", "https://vg.no/a"),
    "empty port": ("https://vg.no:/a", "https://vg.no/a"),
    "empty port, bare host": ("https://vg.no:", "https://vg.no/"),
    "another port": ("https://vg.no:8443", "https://vg.no:8443/"),
    "another port with a zero": ("https://vg.no:08443/a", "https://vg.no:8443/a"),
    "another scheme's port": ("https://vg.no:80/a", "https://vg.no:80/a"),
    "query after a bare host": ("https://vg.no?x=1", "https://vg.no/?x=1"),
    "fragment after a bare host": ("https://vg.no#f", "https://vg.no/#f"),
    "trailing slash": ("https://vg.no/path/", "https://vg.no/path/"),
    "empty query": ("https://vg.no/x?", "https://vg.no/x?"),
    "empty fragment": ("https://vg.no/x#", "https://vg.no/x#"),
    "double slash": ("https://vg.no//a", "https://vg.no//a"),
    "two dots": ("https://vg.no/a/../b", "https://vg.no/b"),
    "two dots at the end": ("https://vg.no/a/..", "https://vg.no/"),
    "escaped dots": ("https://vg.no/%2e%2e/b", "https://vg.no/b"),
    "escaped dots in capitals": ("https://vg.no/a/%2E%2E/b", "https://vg.no/b"),
    "one dot": ("https://vg.no/./b", "https://vg.no/b"),
    "dots in a query": ("https://vg.no/?a/../b", "https://vg.no/?a/../b"),
    "dots in a fragment": ("https://vg.no/#a/../b", "https://vg.no/#a/../b"),
    "dots in a name": ("https://vg.no/a..b/.c", "https://vg.no/a..b/.c"),
    "backslash": (r"https://vg.no/a\b", "https://vg.no/a/b"),
    "backslash and dots": (r"https://vg.no/a\..\b", "https://vg.no/b"),
    "backslash in a query": (r"https://vg.no/?a\b", r"https://vg.no/?a\b"),
    "backslash in a fragment": (r"https://vg.no/#a\b", r"https://vg.no/#a\b"),
    "escaped space": ("https://vg.no/a%20b", "https://vg.no/a b"),
    "escaped space in a query": ("https://vg.no/?a%20b", "https://vg.no/?a b"),
    "escaped space at the end": ("https://vg.no/x%20", "https://vg.no/x "),
    "escaped letter": ("https://vg.no/%C3%A6", "https://vg.no/æ"),
    "escaped letter, small digits": ("https://vg.no/%c3%a6", "https://vg.no/æ"),
    "letter": ("https://vg.no/æ", "https://vg.no/æ"),
    "unreserved characters": ("https://vg.no/%41%7E%2D%5F%2E", "https://vg.no/A~-_."),
    "marks": ("https://vg.no/%22%3C%3E%5E%7B%7D%60%7C", 'https://vg.no/"<>^{}`|'),
    "lone percent sign": ("https://vg.no/%", "https://vg.no/%25"),
    "percent sign and letters": ("https://vg.no/%zz", "https://vg.no/%25zz"),
    "percent sign and one digit": ("https://vg.no/%4", "https://vg.no/%254"),
    "hard space": ("https://vg.no/%C2%A0", "https://vg.no/\u00a0"),
    "hard space in the middle": ("https://vg.no/a%C2%A0b", "https://vg.no/a\u00a0b"),
    "euro": ("https://vg.no/%E2%82%AC", "https://vg.no/€"),
    "emoji": ("https://vg.no/%F0%9F%98%80", "https://vg.no/😀"),
    "direction mark": ("https://vg.no/%E2%80%8E", "https://vg.no/\u200e"),
    "punycode": ("https://xn--blbr-qoac.no/x", "https://xn--blbr-qoac.no/x"),
    "letters in the host": ("https://blåbær.no/x", "https://blåbær.no/x"),
    "user and password": ("https://user:pw@vg.no/", "https://user:pw@vg.no/"),
    "short address": ("https://1.2.3/x", "https://1.2.0.3/x"),
    "hexadecimal address": ("https://0x7f.1/", "https://127.0.0.1/"),
    "one number": ("https://1/", "https://0.0.0.1/"),
    "octal number": ("https://010.1/", "https://8.0.0.1/"),
    "too large a number": ("https://256.1/", "https://256.1/"),
    "five numbers": ("https://1.2.3.4.5/", "https://1.2.3.4.5/"),
    "full address": ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443/x"),
}
KEPT = (
    "%2F %3F %23 %26 %3D %2B %40 %3A %3B %2C %24 %21 %27 %28 %29 %2A %5B %5D %25 %5C "
    "%00 %01 %09 %0A %0D %1F %7F %C2%80 %C2%9F %EF%BF%BD %FF %C3 %ED%A0%80 "
    "%2f %3f %3d %5b %5c %0a %c2%80 %ed%a0%80 %fF %C3%28 %F5%80%80%80 %C0%AF"
)
"""Escapes that stay as they stand, the letter case of their digits included."""


@pytest.mark.parametrize(("sent", "returned"), ROWS.values(), ids=ROWS)
def test_row_of_the_table(sent: str, returned: str) -> None:
    """A URL comes back as the table says."""
    assert canonicalise(sent) == returned


@pytest.mark.parametrize("escape", KEPT.split())
@pytest.mark.parametrize("place", ["/a{}b", "/{}", "/?a{}b", "/#a{}b"])
def test_kept_escape(escape: str, place: str) -> None:
    """A reserved character, a control character and what is no UTF-8 stay escaped, in every part."""
    url = "https://vg.no" + place.format(escape)

    assert canonicalise(url) == url


@pytest.mark.parametrize(
    "url", ["vg.no", "/rel", "https:vg.no", "https:/vg.no", "", " ", "https", "https:", "//vg.no/a"]
)
def test_relative(url: str) -> None:
    """A text without scheme and host is relative, and so no redirect URL."""
    assert canonicalise(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///x",
        r"https://vg.no\x",
        "https://%76g.no/",
        "https://?x",
        "https://#x",
        "https://:443/",
        "https://.x",
        "https://a..b/",
        "https://vg.no:65536/",
        "https://vg.no:x/",
        "https://vg.no:-1/",
        "https://vg.no:٤٤٣/",
        "https://vg .no/",
        "https://vg*.no/",
        "https://[::1/",
        "https://[vg.no]/",
        r"https://[::1]\x",
        "https://[::1]:x/",
        "https://[1.2.3.4]/",
        "https://[:::1]/",
        "https://[12345::1]/",
        "https://[::/6]/",
        "https://[::1/128]/",
        f"{'x' * 1025}://vg.no/",
    ],
)
def test_unparsable(url: str) -> None:
    """A text whose host or port cannot be read is no URL at all."""
    assert canonicalise(url) is None


@pytest.mark.parametrize("sent", [row[1] for name, row in ROWS.items() if name != "escaped space at the end"])
def test_fixed_point(sent: str) -> None:
    """What the register returns, it returns unchanged when it is sent again."""
    assert canonicalise(sent) == sent


def test_a_trailing_space_does_not_settle() -> None:
    """A URL that ends in `%20` comes back with a space, and without it the time after."""
    once = canonicalise("https://vg.no/x%20")

    assert once == "https://vg.no/x "
    assert canonicalise(once) == "https://vg.no/x"


@pytest.mark.parametrize(
    ("url", "steady"),
    [
        ("https://vg.no/x", True),
        ("https://vg.no/%zz", True),
        ("https://vg.no/#a%23#b", True),
        ("https://vg.no/x%20", False),
        ("https://vg.no/%41 ", False),
        ("https://vg.no/%\ufdd0", True),
        ("https://vg.no/%\ufdd0a", False),
    ],
)
def test_what_needs_two_writings_is_known(url: str, *, steady: bool) -> None:
    """P10: a blank at the end and a broken escape before certain characters change at the next writing."""
    redirect = parse_redirect(url)

    assert redirect is not None
    assert is_steady(redirect) is steady


def test_half_a_character_is_no_url() -> None:
    """P10: a broken escape that leaves a lone surrogate cannot be stored."""
    assert parse_redirect("https://vg.no/%x😀") is None
    assert parse_redirect("https://vg.no/%x😀/../a") is not None


def test_a_redirect_is_taken_apart() -> None:
    """Scheme, user, host and fragment are told apart, the fragment with its sign."""
    redirect = parse_redirect("HTTPS://me:pw@VG.no:443/a?b#c")

    assert redirect is not None
    assert (redirect.scheme, redirect.user_info, redirect.host, redirect.fragment) == (
        "https",
        "me:pw",
        "vg.no",
        "#c",
    )
    assert redirect.canonical == "https://me:pw@vg.no/a?b#c"


@pytest.mark.parametrize("url", ["http://localhost:5001/x", "http://vg.no:80"])
def test_plain_http_is_read(url: str) -> None:
    """The scheme http is read like https, with a default port of its own; a rule refuses it."""
    redirect = parse_redirect(url)

    assert redirect is not None
    assert redirect.scheme == "http"
    assert ":80/" not in redirect.canonical


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("https://[2001:DB8::A]:443/x", "https://[2001:db8::a]/x"),
        ("https://[::1]:8443", "https://[::1]:8443/"),
        ("https://vg.no./x", "https://vg.no./x"),
        ("https://bla\u030abær.no/x", "https://bla\u030abær.no/x"),
        ("https://Loopback/x", "https://localhost/x"),
        (r"https:\\vg.no/a", "https://vg.no/a"),
        ("https://vg.no/\ue000?\ue000", "https://vg.no/%EE%80%80?\ue000"),
    ],
)
def test_what_the_table_leaves_open(sent: str, returned: str) -> None:
    """A host, a backslash or a private character is read as `System.Uri` reads it."""
    assert canonicalise(sent) == returned


@pytest.mark.parametrize(
    "url",
    [
        "https://a@b@vg.no/",
        "https://me@/",
        f"https://{'1' * 64}.no/",
        f"https://{'a' * 64}.æ\u0308/",
        f"https://{'a' * 257}/",
        "https://~/",
        "https://a.b._c/",
        "https://vg.\u200eno/",
    ],
)
def test_impossible_host(url: str) -> None:
    """A second `@`, a label that is too long in a name that allows none, and a mark make no host."""
    assert canonicalise(url) is None


@pytest.mark.parametrize(
    ("sent", "returned", "row"),
    [
        ("https://vg.no/#a%23#b", "https://vg.no/#a%23%23b", "P10"),
        ("https://vg.no/#a#b", "https://vg.no/#a#b", "P10"),
        ("https://%C3%A6@vg.no/", "https://æ@vg.no/", "P10"),
        ("https://vg.no/%41 ", "https://vg.no/A ", "P10"),
        ("https://vg.no/æ ", "https://vg.no/æ", "P10"),
        ("https://a._b.no/", "https://a._b.no/", "P11"),
        ("https://a.-b.no/", "https://a.-b.no/", "P11"),
        (f"https://{'a' * 64}.no/", f"https://{'a' * 64}.no/", "P11"),
        ("https://[fe80::1%eth0]/", "https://[fe80::1]/", "P11"),
        ("https://[2001:db8:0:0:0:0:0:1]/", "https://[2001:db8::1]/", "R8"),
        ("https://[2001:db8::0001]/", "https://[2001:db8::1]/", "R8"),
        ("https://[1:2:3:4:5:6:1.2.3.4]/", "https://[1:2:3:4:5:6:102:304]/", "R8"),
        ("https://[64:ff9b::1.2.3.4]/", "https://[64:ff9b::102:304]/", "R8"),
        ("https://[::1:2]/", "https://[::0.1.0.2]/", "R8"),
        ("https://[::5efe:0:0]/", "https://[::5efe:0.0.0.0]/", "R8"),
        ("https://[::1]x/p", "https://[::1]/x/p", "R8"),
        ("https://a\u0308.no/", "https://a\u0308.no/", "R18"),
    ],
)
def test_measured_at_the_running_service(sent: str, returned: str, row: str) -> None:
    """P10, P11, R8, R18: names, addresses, escapes and blanks are read as the service reads them."""
    assert canonicalise(sent) == returned, row


LABELS = ".".join(["abcdefghij"] * 30)


@pytest.mark.parametrize(
    "url",
    [
        f"https://{LABELS}/!",
        f"https://a.{LABELS}!",
        "https://vg.no/" + "../" * 20_000 + "!",
        "https://vg.no/" + "%C3" * 20_000,
        "https://vg.no/" + "a." * 20_000 + " x",
    ],
    ids=["labels", "labels and a mark", "dots", "escapes", "segment"],
)
def test_no_text_takes_long(url: str) -> None:
    """A text is read in one go: a pattern that tried every way through these would never end."""
    parsed = parse_redirect(url)

    assert canonicalise(url) == (parsed.canonical if parsed else None)


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://[0::0:/64]/", "https://[::]/"),
        ("https://[1:2::3:/64]/", "https://[1:2::3:0]/"),
        ("https://[1:2::3:]/", None),
        ("https://[1:2:3:4:5:6:7:/64]/", None),
        ("https://[::/64]/", None),
    ],
)
def test_a_last_colon_before_a_prefix_is_a_zero(url: str, stored: str | None) -> None:
    """R8, R17: .NET reads the nothing behind it as a group, where `::` stands in the address too."""
    assert canonicalise(url) == stored
