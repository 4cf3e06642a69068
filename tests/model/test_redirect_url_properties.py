"""Whatever text stands for a redirect URL is read without an error, and settles at once."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.redirect_url import canonicalise, parse_redirect

PIECES = [
    *("https://", "http://", "HTTPS:", "//", "vg.no", "VG.no", "blåbær.no", "BLÅ.no", "1.2.3", "0x7f.1"),
    *("[::1]", "[", "]", ":443", ":80", ":0443", ":", "user:pw@", "@", "/", "\\", "?", "#", "..", "."),
    *("%2e", "%2E%2E", "%20", " ", "%41", "%C3%A6", "%c3", "%", "%zz", "%FF", "%ED%A0%80", "%EF%BF%BD"),
    *("%E2%80%8E", "%00", "%7F", "%C2%80", "%C2%A0", "%EE%80%80", "\u202e", "\t", "\n", "\x00", "\x1f"),
    *("\u00a0", "\u3000", "\u0130", "ß", "\ud800", "😀", "*", "a", "-", "_", "~"),
]
url_like = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=8).map("".join)
absolute = url_like.map("https://vg.no/".__add__)
BLANKS = " \t\r\n"
BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


@given(st.text() | url_like | absolute)
@example("https://[")
@example("https://" + "9" * 5000)
@example("https://vg.no:" + "9" * 5000)
@example("https://0x" + "f" * 5000)
@example("https://vg.no/" + "%" * 5000)
@example("https://vg.no/\ud800")
def test_no_text_makes_it_raise(text: str) -> None:
    """Any text is a URL or is not, and nothing is raised."""
    redirect = parse_redirect(text)

    assert canonicalise(text) == (redirect.canonical if redirect else None)


@given(url_like | absolute)
@example("https://vg.no/%C2%A0")
@example("https://vg.no/a%E3%80%80")
@example("https://vg.no/%2525")
@example("https://vg.no/%E0%A4%A")
@example("https://vg.no/%:\ue000")
@example("https://vg.no/%0\x80")
def test_what_is_returned_settles(text: str) -> None:
    """P10: the second writing changes only a blank at the end and what a broken escape left, the third nothing."""
    once = canonicalise(text)
    twice = canonicalise(once) if once is not None else None

    if once is not None and twice != once:
        assert once != once.rstrip(BLANKS) or BROKEN.search(text)
    if twice is not None:
        assert canonicalise(twice.rstrip(BLANKS)) == twice.rstrip(BLANKS)
