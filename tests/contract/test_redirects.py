"""§2.4: redirect URLs come back as `System.Uri` prints them, and what it cannot read is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.target import is_server_error, list_codes

if TYPE_CHECKING:
    from tests.contract.target import Target

KEPT = (
    "%2F %3F %23 %26 %3D %2B %40 %3A %3B %2C %24 %21 %27 %28 %29 %2A %5B %5D %25 %5C "
    "%00 %01 %09 %0A %0D %1F %7F %C2%80 %C2%9F %EF%BF%BD %FF %C3 %ED%A0%80 "
    "%2f %3f %3d %5b %5c %0a %c2%80"
)
ROWS = [
    ("https://vg.no", "https://vg.no/"),
    ("HTTPS://VG.NO", "https://vg.no/"),
    ("  https://vg.no  ", "https://vg.no/"),
    ("https://VG.no/Path", "https://vg.no/Path"),
    ("https://vg.no:443/a", "https://vg.no/a"),
    ("https://vg.no:0443/a", "https://vg.no/a"),
    ("https://vg.no:/a", "https://vg.no/a"),
    ("https://vg.no:8443", "https://vg.no:8443/"),
    ("https://vg.no?x=1", "https://vg.no/?x=1"),
    ("https://vg.no#f", "https://vg.no/#f"),
    ("https://vg.no/path/", "https://vg.no/path/"),
    ("https://vg.no/x?", "https://vg.no/x?"),
    ("https://vg.no/x#", "https://vg.no/x#"),
    ("https://vg.no//a", "https://vg.no//a"),
    ("https://vg.no/a/../b", "https://vg.no/b"),
    ("https://vg.no/%2e%2e/b", "https://vg.no/b"),
    ("https://vg.no/./b", "https://vg.no/b"),
    ("https://vg.no/?a/../b", "https://vg.no/?a/../b"),
    (r"https://vg.no/a\b", "https://vg.no/a/b"),
    (r"https://vg.no/?a\b", r"https://vg.no/?a\b"),
    (r"https://vg.no/#a\b", r"https://vg.no/#a\b"),
    ("https://vg.no/a%20b", "https://vg.no/a b"),
    ("https://vg.no/%C3%A6", "https://vg.no/æ"),
    ("https://vg.no/%c3%a6", "https://vg.no/æ"),
    ("https://vg.no/æ", "https://vg.no/æ"),
    ("https://vg.no/%41%7E%2D%5F%2E", "https://vg.no/A~-_."),
    ("https://vg.no/%22%3C%3E%5E%7B%7D%60%7C", 'https://vg.no/"<>^{}`|'),
    ("https://vg.no/%", "https://vg.no/%25"),
    ("https://vg.no/%zz", "https://vg.no/%25zz"),
    ("https://vg.no/%C2%A0", "https://vg.no/\u00a0"),
    ("https://vg.no/%E2%82%AC", "https://vg.no/€"),
    ("https://vg.no/%F0%9F%98%80", "https://vg.no/😀"),
    ("https://vg.no/%E2%80%8E", "https://vg.no/\u200e"),
    ("https://xn--blbr-qoac.no/x", "https://xn--blbr-qoac.no/x"),
    ("https://blåbær.no/x", "https://blåbær.no/x"),
    ("https://user:pw@vg.no/", "https://user:pw@vg.no/"),
    ("https://1.2.3/x", "https://1.2.0.3/x"),
    ("https://0x7f.1/", "https://127.0.0.1/"),
    *((f"https://vg.no/a{escape}b", f"https://vg.no/a{escape}b") for escape in KEPT.split()),
]


@pytest.mark.parametrize(("sent", "stored"), ROWS, ids=[repr(sent) for sent, _ in ROWS])
def test_row(emulated: Target, sent: str, stored: str) -> None:
    """§2.4: each row of the table, sent by POST."""
    document = emulated.create(allowedRedirectUrls=[sent])
    assert emulated.get(str(document["id"])).json()["allowedRedirectUrls"] == [stored]


def test_rows_at_once(creator: Target) -> None:
    """§2.4: all rows in one document, sent by PUT."""
    document = creator.create()
    body = {**document, "allowedRedirectUrls": [sent for sent, _ in ROWS]}
    creator.put(str(document["id"]), body).raise_for_status()
    stored = creator.get(str(document["id"])).json()["allowedRedirectUrls"]
    assert stored == [stored for _, stored in ROWS]


def test_fixed_point(emulated: Target) -> None:
    """§2.4: what is returned is returned unchanged when it is sent, but for a blank at the end."""
    document = emulated.create(allowedRedirectUrls=[stored for _, stored in ROWS])
    stored = emulated.get(str(document["id"])).json()["allowedRedirectUrls"]
    assert stored == [stored for _, stored in ROWS]
    emulated.put(str(document["id"]), {**document, "allowedRedirectUrls": ["https://vg.no/x%20"]})
    (blank,) = emulated.get(str(document["id"])).json()["allowedRedirectUrls"]
    assert blank == "https://vg.no/x "
    emulated.put(str(document["id"]), {**document, "allowedRedirectUrls": [blank]})
    assert emulated.get(str(document["id"])).json()["allowedRedirectUrls"] == ["https://vg.no/x"]


@pytest.mark.parametrize("url", ["vg.no", "/rel", "https:vg.no", "https:/vg.no", ""])
def test_relative(creator: Target, url: str) -> None:
    """§2.4: what parses as relative is 00005 on POST and a database error on PUT."""
    document = creator.document(creator.make_id(), allowedRedirectUrls=[url])
    assert list_codes(creator.post(document)) == ["00005"]
    document = creator.create()
    assert is_server_error(creator.put(str(document["id"]), {**document, "allowedRedirectUrls": [url]}))


@pytest.mark.parametrize(
    "url", ["https://", "https:///x", r"https://vg.no\x", "https://%76g.no/", "https://.x"]
)
def test_not_a_url(target: Target, url: str) -> None:
    """§2.4 (inferred): what does not parse at all is refused by model binding."""
    answer = target.post(target.document("x", allowedRedirectUrls=[url]))
    assert (answer.status_code, "$.allowedRedirectUrls[0]" in answer.json()["errors"]) == (400, True)


@pytest.mark.parametrize("url", ["htts://vg.no/", "ftp://vg.no/", "mailto:a@b.no"])
def test_other_schemes(creator: Target, url: str) -> None:
    """§2.4: another scheme is 00005 on POST and a database error on PUT."""
    document = creator.document(creator.make_id(), allowedRedirectUrls=[url])
    assert list_codes(creator.post(document)) == ["00005"]
    document = creator.create()
    assert is_server_error(creator.put(str(document["id"]), {**document, "allowedRedirectUrls": [url]}))


def test_http_by_put(creator: Target) -> None:
    """§2.4: PUT stores `http`, POST does not (Q26)."""
    url = "http://localhost:5001/x"
    document = creator.document(creator.make_id(), allowedRedirectUrls=[url])
    assert list_codes(creator.post(document)) == ["00005"]
    document = creator.create()
    body = {**document, "allowedRedirectUrls": [url]}
    assert creator.put(str(document["id"]), body).status_code == 200
    assert creator.get(str(document["id"])).json()["allowedRedirectUrls"] == [url]
