"""Two readings of the System Register contract §2.4, made apart: the client's and the emulator's.

They are compared on hosts of every kind and on everything that can follow one. Left out is text that no JSON can
hold, marks of writing direction, which both refuse, and a `%` that begins no escape before a character beyond
ASCII: `test_redirect_tables` holds what .NET itself makes of that.
"""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.emulator.dotnet import uris as redirects
from reconciler.model.redirect_url import canonicalise

SCHEMES = st.sampled_from(["https://", "HTTPS://", "http://", "  https://", "https:\\\\"])
LABELS = st.from_regex(r"\A[A-Za-z0-9æøåÆ日_-][A-Za-z0-9æøåÆ\u0308_-]{0,9}\Z") | st.sampled_from(
    ["a" * 63, "a" * 64]
)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
NUMBERS = st.from_regex(r"\A(0x[0-9a-fA-F]{1,4}|[0-9]{1,4})\Z", fullmatch=True)
ADDRESSES = st.lists(NUMBERS, min_size=1, max_size=5).map(".".join)
GROUPS = st.sampled_from(["0", "00", "1", "ffff", "FF9B", "64", "12345", "", ""])
TAILS6 = st.sampled_from(["", "", ":1.2.3.4", "::", "%eth0", "/64", "]x"])
ADDRESSES6 = st.tuples(st.lists(GROUPS, min_size=1, max_size=8).map(":".join), TAILS6).map(
    "[{0[0]}{0[1]}]".format
)
HOSTS = st.one_of(
    NAMES,
    ADDRESSES,
    ADDRESSES6,
    st.sampled_from(["VG.no", "vg.no.", "blåbær.no", "[::1]", "[FE80::A]"]),
)
PORTS = st.one_of(
    st.just(""), st.from_regex(r"\A:0{0,2}[0-9]{0,5}\Z"), st.sampled_from([":443", ":80", ":x"])
)
ESCAPES = st.one_of(
    st.binary(min_size=1, max_size=4).map(lambda octets: "".join(f"%{octet:02x}" for octet in octets)),
    st.text(min_size=1, max_size=2).map(
        lambda text: "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))
    ),
    st.sampled_from(["%", "%zz", "%2e", "%2E%2e", "%20", "%2F", "%5C", "%C2%A0"]),
)
JSON_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
PARTS = st.one_of(ESCAPES, JSON_TEXT, st.sampled_from(["/", "/..", "/./", "//", "\\", "?", "#", "a", "*"]))
TAILS = st.tuples(st.sampled_from(["", "/", "?", "#", "/x"]), st.lists(PARTS, max_size=8).map("".join))
STRAY = re.compile(r"%(?![0-9A-Fa-f]{2}).?[^\x00-\x24\x26-\x7f]", re.DOTALL)
FULL = re.compile(r"\[(?:[0-9A-Fa-f]*:){8,}/64\]")
"""A last colon behind a whole address and before a prefix, which the client refuses."""
URLS = st.tuples(SCHEMES, HOSTS, PORTS, TAILS.map("".join)).map("".join)


def _read_as_the_emulator(url: str) -> str | None:
    try:
        return redirects.read(url).stored
    except redirects.NotAUrl:
        return None


@given(URLS)
def test_both_readings_agree(url: str) -> None:
    """The client expects of a URL what the emulator makes of it."""
    assume(not STRAY.search(url) and not FULL.search(url))

    assert canonicalise(url) == _read_as_the_emulator(url)
