"""Form bodies, which ASP.NET parses before it binds anything.

System Register contract §1.8: a form that cannot be parsed is 400 B-MODEL with an empty key; the values of a
form are never used.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from reconciler.emulator.dotnet import media_types
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.media_types import EndsTooSoon
from reconciler.emulator.dotnet.model_errors import ModelError

MOST_VALUES = 1024
LONGEST_KEY, LONGEST_VALUE = 2048, 4 * 1024 * 1024
LONGEST_BOUNDARY = 128
LONGEST_HEADERS = 16 * 1024
"""The defaults of ASP.NET's `FormOptions`."""
_END_OF_STREAM = "Unexpected end of Stream, the content may have already been read by another component. "


class NotAForm(Exception):
    """The body cannot be parsed as a form."""


def check(content_type: str, body: bytes) -> None:
    """Parse the body if its content type is a form; raises `ModelError`."""
    media = media_types.read(content_type)
    if media is None or (media.end < len(content_type) and content_type[media.end] != ";"):
        return
    try:
        if (media.type, media.subtype) == ("multipart", "form-data"):
            _parse_parts(_find(content_type, media, "boundary"), body)
        elif (media.type, media.subtype) == ("application", "x-www-form-urlencoded"):
            if _find(content_type, media, "charset").lower() == "utf-7":
                raise ServiceFailure("Support for UTF-7 is disabled.")
            _parse_pairs(body)
    except NotAForm as error:
        raise ModelError({"": [f"Failed to read the request form. {error}"]}) from error


def _find(content_type: str, media: media_types.MediaType, name: str) -> str:
    try:
        return media_types.find_parameter(content_type, media, name) or ""
    except EndsTooSoon:
        return ""


def _parse_pairs(body: bytes) -> None:
    pairs = body.split(b"&") if body else []
    if any(len(pair) > LONGEST_KEY + LONGEST_VALUE for pair in pairs):
        raise NotAForm(f"Form key length limit {LONGEST_KEY} or value length limit {LONGEST_VALUE} exceeded.")
    for count, pair in enumerate(pairs, 1):
        key, _, value = pair.partition(b"=")
        if len(key) > LONGEST_KEY:
            raise NotAForm(f"Form key length limit {LONGEST_KEY} exceeded.")
        if len(value) > LONGEST_VALUE:
            raise NotAForm(f"Form value length limit {LONGEST_VALUE} exceeded.")
        if count > MOST_VALUES:
            raise NotAForm(f"Form value count limit {MOST_VALUES} exceeded.")
        _check_brackets(unquote_plus(key.decode("utf-8", "replace")))


def _check_brackets(key: str) -> None:
    """Check jQuery's brackets; an unclosed one is an unhandled exception."""
    opened = key.find("[")
    while opened >= 0:
        closed = key.find("]", opened)
        if closed < 0:
            raise ServiceFailure("The key is invalid JQuery syntax because it is missing a closing bracket.")
        opened = key.find("[", closed)


def _parse_parts(boundary: str, body: bytes) -> None:
    if not boundary:
        raise NotAForm("Missing content-type boundary.")
    if len(boundary) > LONGEST_BOUNDARY:
        raise NotAForm(f"Multipart boundary length limit {LONGEST_BOUNDARY} exceeded.")
    mark, at = b"--" + boundary.encode("latin-1", "replace"), 0
    while True:
        found = body.find(mark, at)
        if found < 0 or len(body) - found < len(mark) + 2:
            raise NotAForm(_END_OF_STREAM)
        line, at = _read_line(body, found + len(mark))
        if line.strip() == b"--":
            return
        at = _parse_headers(body, at)
        mark = b"\r\n" + mark.removeprefix(b"\r\n")


def _parse_headers(body: bytes, at: int) -> int:
    """Read the headers of a part, which must be `form-data`."""
    start, disposition = at, b""
    while True:
        line, at = _read_line(body, at)
        if not line:
            break
        name, colon, value = line.partition(b":")
        if not name or not colon:
            raise NotAForm(f"Invalid header line: {line.decode('utf-8', 'replace')}")
        if at - start > LONGEST_HEADERS:
            raise NotAForm(f"Multipart headers length limit {LONGEST_HEADERS} exceeded.")
        if name.strip().lower() == b"content-disposition":
            disposition = value.strip()
    if not disposition:
        raise NotAForm("Form section has invalid Content-Disposition value: ")
    if not disposition.lower().startswith(b"form-data"):
        text = disposition.decode("utf-8", "replace")
        raise NotAForm(f"Unrecognized content-disposition for form section: {text}")
    return at


def _read_line(body: bytes, at: int) -> tuple[bytes, int]:
    end = body.find(b"\r\n", at)
    return (body[at:], len(body)) if end < 0 else (body[at:end], end + 2)
