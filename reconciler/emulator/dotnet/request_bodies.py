"""The body of a request as ASP.NET reads it: media type, charset, JSON.

System Register contract §1.5 step d, §1.8 and §0.3, in ASP.NET's order; forms have been parsed before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reconciler.emulator.dotnet import media_types
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.json_reader import JsonReader, Malformed
from reconciler.emulator.dotnet.media_types import EndsTooSoon
from reconciler.emulator.dotnet.model_errors import ModelError, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
BLOCK = 4096
"""Bytes of a block of Kestrel: a literal is quoted whole if the request fits into one (contract §2.7)."""
UTF_8 = frozenset(
    {"utf-8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8", "x-unicode-2-0-utf-8"}
)
UTF_16 = frozenset({"utf-16", "utf-16le", "ucs-2", "iso-10646-ucs-2", "unicode"})
"""The names of the two encodings that .NET reads (contract §1.8)."""
_MARK = b"\xef\xbb\xbf"


class UnsupportedMediaType(Exception):
    """No input formatter reads this content type: 415."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The raw body of a request, with what its headers say about it."""

    content_type: str
    """The non-empty lines of the header, joined by commas."""
    data: bytes
    is_there: bool
    """The request announces a body, even an empty one in chunks."""
    head_size: int = 0
    """Bytes of request line and headers."""


def bind_json(
    body: RequestBody,
    parameter: str,
    found: Mapping[str, list[str]],
    bind: Callable[[JsonReader], T | None],
) -> T:
    """Bind a JSON body; `found` holds the errors of path and query. Raises `ModelError`."""
    media = media_types.read(body.content_type)
    if (
        media is None
        or media.type not in {"application", "text"}
        or "json" not in {media.subtype, media.suffix}
    ):
        raise UnsupportedMediaType
    if not body.is_there:
        raise _missing_body(parameter, found)
    data = _transcode(body.data, _find_charset(body.content_type, media)).removeprefix(_MARK)
    is_long = body.head_size + len(body.data) > BLOCK
    try:
        bound = bind(JsonReader(data, cut_literals=is_long))
    except Malformed as error:
        raise ModelError({**found, error.path: [str(error)], parameter: [require(parameter)]}) from error
    if bound is None:
        raise _missing_body(parameter, found)
    return bound


def _missing_body(parameter: str, found: Mapping[str, list[str]]) -> ModelError:
    errors = {"": ["A non-empty request body is required."], parameter: [require(parameter)]}
    return ModelError({**found, **errors})


def _find_charset(content_type: str, media: media_types.MediaType) -> str:
    try:
        charset = media_types.find_parameter(content_type, media, "charset")
    except EndsTooSoon:
        raise ServiceFailure("Index was outside the bounds of the array.") from None
    if charset is None or charset.lower() in UTF_8:
        return "utf-8"
    if charset.lower() in UTF_16:
        return "utf-16"
    raise UnsupportedMediaType


def _transcode(data: bytes, charset: str) -> bytes:
    if charset == "utf-8":
        return data
    try:
        return data.decode("utf-16-le").encode()
    except UnicodeDecodeError:
        raise ServiceFailure("Unable to translate bytes from specified code page to Unicode.") from None
