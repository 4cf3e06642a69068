"""Redirect URLs alone, by the tables of the contract (§2.4)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler.emulator.dotnet.uris import NotAUrl, read

DOTNET = json.loads(
    (Path(__file__).parents[2] / "model" / "redirects_dotnet.json").read_text(encoding="utf-8")
)
"""Texts that .NET itself was asked about: the text, what it prints, and what it prints of that if it differs."""
L63, L64 = "a" * 63, "a" * 64


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("https://a._b.no", "https://a._b.no/"),
        ("https://a.-", "https://a.-/"),
        ("https://-", "https://-/"),
        ("https://_.no", "https://_.no/"),
        ("https://a.-b.c.d.", "https://a.-b.c.d./"),
        (f"https://{L63}.no", f"https://{L63}.no/"),
        ("https://BLÅ.no", "https://blå.no/"),
        ("https://Å.no", "https://Å.no/"),
        ("https://МОЙ.РФ", "https://МОЙ.РФ/"),
        ("https://LOOPBACK", "https://localhost/"),
        ("https://a\u0308.no", "https://a\u0308.no/"),
        ("https://a。b", "https://a。b/"),
        ("https://256.1.1.1", "https://256.1.1.1/"),
        ("https://1.2.3", "https://1.2.0.3/"),
        ("https://vg.no:00443/", "https://vg.no/"),
        ("https://vg.no:", "https://vg.no/"),
        ("https://[::1/64]", "https://[::1]/"),
        ("https://[::1/00]:8443/x", "https://[::1]:8443/x"),
        ("https://[fe80::1%eth0]/", "https://[fe80::1]/"),
        ("https://[fe80::1%eth0/64]/", "https://[fe80::1]/"),
        ("https://[::1]x/p", "https://[::1]/x/p"),
        ("https://[::1]]/p", "https://[::1]/]/p"),
        ("https://[::1]../p", "https://[::1]/p"),
        ("https://[2001:DB8:0:0:0:0:0:1]/", "https://[2001:db8::1]/"),
        ("https://[2001:db8::0001]/", "https://[2001:db8::1]/"),
        ("https://[1:0:0:2:0:0:0:3]/", "https://[1:0:0:2::3]/"),
        ("https://[1:0:0:2:3:0:0:4]/", "https://[1::2:3:0:0:4]/"),
        ("https://[1:2:3:4:5:6:1.2.3.4]", "https://[1:2:3:4:5:6:102:304]/"),
        ("https://[64:ff9b::1.2.3.4]", "https://[64:ff9b::102:304]/"),
        ("https://[::1.2.3.04]", "https://[::1.2.3.4]/"),
        ("https://[::]", "https://[::]/"),
        ("https://[1::]", "https://[1::]/"),
        ("https://[::2]", "https://[::2]/"),
        ("https://[::1:2]", "https://[::0.1.0.2]/"),
        ("https://[::ffff:1]", "https://[::255.255.0.1]/"),
        ("https://[::ffff:1.2.3.4]", "https://[::ffff:1.2.3.4]/"),
        ("https://[::ffff:0:1.2.3.4]", "https://[::ffff:0:1.2.3.4]/"),
        ("https://[::ffff:0:0]", "https://[::ffff:0:0]/"),
        ("https://[::5efe:0:0]", "https://[::5efe:0.0.0.0]/"),
        ("https://[1:2:3:4:0:5efe:1.2.3.4]", "https://[1:2:3:4:0:5efe:1.2.3.4]/"),
    ],
)
def test_hosts(sent: str, stored: str) -> None:
    """E1, E7, E34, §2.4: domain names, network names, addresses; case and normal form."""
    assert read(sent).stored == stored


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            ".x",
            "a..b",
            "a.b._c",
            "a.b.-",
            "日.日._b",
            "€._b",
            f"{L64}.{'-' * 200}",
            "%76g.no",
            "a b",
            "a\u0085",
        ),
        *("vg.no:65536", "vg.no:8a", "vg.no:+1", "x@y@z", "vg.no\\x", "a\u200eb", "a\u202e.no"),
        *("[]", "[1.2.3.4]", "[:::1]", "[12345::1]", "[1:2:3:4:5:6:7]", "[1::2::3]", "[:1]", "[::1", "[x]"),
        *(
            "[::1/128]",
            "[::1/]",
            "[::/6]",
            "[::1.2.3]",
            "[::01.2.3.4]",
            "[::1.2.3.256]",
            "[1:2:3:4:5:6:7:1.2.3.4]",
        ),
        *("[::1]\\x", "[::1]:x"),
    ],
)
def test_hosts_that_are_none(host: str) -> None:
    """E1, E34, E35, §2.4: everything else is no URL."""
    with pytest.raises(NotAUrl):
        read(f"https://{host}/")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("\t https://x.no/a \r\n", "https://x.no/a"),
        ("https://x.no/%20 ", "https://x.no/ "),
        ("https://x.no/æ ", "https://x.no/æ"),
        ("https://x.no/æ%2F ", "https://x.no/æ%2F"),
        ("https://x.no/æ%zz ", "https://x.no/æ%25zz"),
        ("https://x.no/%C3%A6 ", "https://x.no/æ "),
        ("https://blå.no/%20æ ", "https://blå.no/ æ "),
        ("https://x.no/?%41 ", "https://x.no/?A "),
        ("https://u%41@x.no/ ", "https://uA@x.no/ "),
        ("https://x.no/%2e ", "https://x.no/. "),
        ("https://blå.no/x#%20 ", "https://blå.no/x#"),
        ("https://x.no/#a#b", "https://x.no/#a#b"),
        ("https://x.no/#%41%20%C3%A6#b", "https://x.no/#A æ#b"),
        ("https://x.no/#a%23#b", "https://x.no/#a%23%23b"),
    ],
)
def test_blanks_and_fragments(sent: str, stored: str) -> None:
    """E7, §2.4: blanks at the end stay only behind what reading has changed; a second `#`."""
    assert read(sent).stored == stored


def test_a_broken_escape_before_half_a_character() -> None:
    """E34, §2.4: a percent sign takes two UTF-16 units along, of which one may be a lone surrogate."""
    assert read("https://x.no/%😀a").stored == "https://x.no/%25😀a"
    assert "\ud83d" in read("https://vg.no/%x😀").stored


@pytest.mark.parametrize(
    "sent", ["a:b", "myapp://a b/", "tel://256.0xff.22.10 :1/", "ftp://", f"{'a' * 1025}:x"]
)
def test_other_texts_that_are_none(sent: str) -> None:
    """E34, E42, §2.4: the authority of every scheme is checked, and a scheme has a longest length."""
    with pytest.raises(NotAUrl):
        read(sent)


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [
        *(
            (text, None)
            for text in (
                "",
                " ",
                "vg.no",
                "/rel",
                "//vg.no",
                "https:vg.no",
                "https:",
                "x:",
                "c:/x",
                "\u00a0https://x",
            )
        ),
        ("myapp://callback", "myapp"),
        ("no.vg.app:/oauth", "no.vg.app"),
        ("file:///etc", "file"),
        ("mailto:a b", "mailto"),
        ("urn://%zz@a.no/", "urn"),
        (r"https:\\vg.no", "https"),
    ],
)
def test_schemes(sent: str, scheme: str | None) -> None:
    """§2.4: what is relative has no scheme; another scheme is read and never stored."""
    assert read(sent).scheme == scheme


def _read(sent: str) -> str | None:
    """Give what is stored of an `http` or `https` URL that can be stored at all."""
    try:
        redirect = read(sent)
    except NotAUrl:
        return None
    is_storable = redirect.scheme in {"http", "https"} and not re.search("[\ud800-\udfff]", redirect.stored)
    return redirect.stored if is_storable else None


def test_as_dotnet_reads() -> None:
    """E1, E7, E34: generated texts are read as .NET 10 reads them, the first and the second time."""
    wrong = [
        (sent, stored, _read(sent))
        for sent, stored, *again in DOTNET
        if _read(sent) != stored or (stored is not None and _read(stored) != [*again, stored][0])
    ]
    assert wrong == []
    assert len(DOTNET) > 1300
