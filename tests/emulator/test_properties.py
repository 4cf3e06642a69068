"""What holds for every input: redirect URLs, JSON, and documents that go in and come out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reconciler.emulator.dotnet import uri_hosts, uris
from reconciler.emulator.dotnet.json_reader import MAX_DEPTH, JsonReader, Malformed
from reconciler.model.redirect_url import canonicalise
from tests.emulator.callers import VENDOR, make_document

if TYPE_CHECKING:
    import httpx

HOSTS = st.sampled_from(
    ["vg.no", "VG.no", "xn--blbr-qoac.no", "blåbær.no", "localhost", "1.2.3", "0x7f.1", "1.2.3.4.5", "017.1"]
)
PORTS = st.sampled_from(["", ":", ":443", ":0443", ":8443", ":80", ":0", ":65535"])
PIECES = st.sampled_from(
    [
        *("a", "B", "/", "/", ".", "..", "/./", "/../", "\\", "%", "%2", "%2e", "%2E", "%20", "%2f", "%2F"),
        *("%41", "%C3%A6", "%c3%a6", "%C3", "%FF", "%zz", "%25", "%00", "æ", "😀", "=", "&", "+", ";", "~"),
        *("%F0%9F%98%80", "%E2%80%8E", "%C2%80", "%EF%BF%BD", "'", "(", "[", "]", "@", ":", "|", '"', "%7C"),
    ]
)
PATHS = st.lists(PIECES, max_size=8).map("".join)
TAILS = st.tuples(PATHS, st.sampled_from(["", "?", "#"]), PATHS).map("".join)
URLS = st.builds("{}{}{}{}".format, st.sampled_from(["https://", "HTTPS://", "http://"]), HOSTS, PORTS, TAILS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def absolute(host: str, tail: str) -> str:
    """Join an authority and a tail so that the tail begins the path, the query or the fragment."""
    return f"{host}{tail}" if tail[:1] in {"", "/", "?", "#"} else f"{host}/{tail}"


@given(st.sampled_from(["https", "HTTP"]), HOSTS, PORTS, TAILS)
@example("https", "vg.no", "", "/%20")
def test_redirects_have_a_fixed_point(scheme: str, host: str, port: str, tail: str) -> None:
    """A URL that has been printed is printed unchanged, but for a blank at its end (§2.4)."""
    assume(not re.search("%(?![0-9a-fA-F]{2}).?[^\x00-\x24\x26-\x7f]", tail, re.DOTALL))
    once = uris.read(absolute(f"{scheme}://{host}{port}", tail)).stored
    again = uris.read(once).stored
    assert again == uris.read(once.rstrip(uris.BLANKS)).stored


@given(HOSTS, PORTS, TAILS)
def test_two_readings_of_the_table_agree(host: str, port: str, tail: str) -> None:
    """The emulator and the tool, which share no line, print the same URL.

    A percent sign that begins no escape before a character beyond ASCII is left out: .NET itself is asked of that.
    """
    url = absolute(f"https://{host}{port}", tail)
    assume(not re.search("%(?![0-9a-fA-F]{2}).?[^\x00-\x24\x26-\x7f]", url, re.DOTALL))
    assert canonicalise(url) == uris.read(url).stored


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is absolute, relative or no URL."""
    for url in (text, f"https://{text}", f"https://vg.no/{text}"):
        try:
            uris.read(url)
        except uri_hosts.NotAUrl:
            continue


@given(JSON, st.booleans())
def test_json_like_python(value: object, escaped: bool) -> None:  # noqa: FBT001 - what Hypothesis draws
    """E9: what Python writes is read over to its end, unless it is too deep (§2.7)."""
    text = json.dumps(value, ensure_ascii=escaped)
    assume("Infinity" not in text)
    assert (read_over(text.encode("utf-8", "surrogatepass")) is None) == (_depth(value) <= MAX_DEPTH)


@given(st.binary(max_size=40) | st.text('{}[]",:0.e-tfn \\u\n', max_size=30).map(str.encode))
@settings(max_examples=300)
def test_json_stricter_than_python(body: bytes) -> None:
    """E9: what is read is read by Python too; the rest is refused with a place (§2.7)."""
    refused = read_over(body)
    if refused is None:
        json.loads(body.decode("utf-8", "replace"))
    else:
        assert refused.path.startswith("$")
        assert re.search(r"LineNumber: \d+ \| BytePositionInLine: \d+\.$", str(refused), re.DOTALL)


def read_over(body: bytes) -> Malformed | None:
    """Read one JSON text and forget it; gives what is wrong with it."""
    reader = JsonReader(body)
    try:
        reader.skip_rest(reader.begin())
        reader.end()
    except Malformed as refused:
        return refused
    return None


@given(
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.lists(st.none() | TEXTS, max_size=3),
    st.lists(TEXTS.filter(bool), unique_by=str.upper, max_size=3),
    st.lists(URLS, max_size=3),
)
@settings(max_examples=100)
def test_documents_come_back(
    vendor: httpx.Client,
    names: dict[str, str],
    actions: list[str | None],
    client_ids: list[str],
    urls: list[str],
) -> None:
    """Whatever is put and accepted is answered: texts and lists as sent, URLs canonical, nulls left out."""
    pair = {"id": "urn:altinn:resource", "value": "kravogbetaling"}
    rights: list[dict[str, object]] = [
        {"action": action, "resource": [pair] * count} for count, action in enumerate(actions, 1)
    ]
    document: dict[str, object] = {
        **make_document("991825827_property"),
        "name": {"nb": "x", "nn": "x", "en": "x", **names},
        "rights": rights,
        "clientId": client_ids,
        "allowedRedirectUrls": urls,
    }
    path = f"{VENDOR}/991825827_property"
    if vendor.get(path).status_code == 404:
        vendor.post(VENDOR, json=make_document("991825827_property")).raise_for_status()
    assume(vendor.put(path, json=document).status_code == 200)
    answered = vendor.get(path).json()
    assert answered == {
        **document,
        "rights": [{name: value for name, value in right.items() if value is not None} for right in rights],
        "allowedRedirectUrls": [uris.read(url).stored for url in urls],
        "isDeleted": False,
    }
    assert vendor.put(path, json=answered).status_code == 200
    again = vendor.get(path).json()
    assert again == {**answered, "allowedRedirectUrls": again["allowedRedirectUrls"]}


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
