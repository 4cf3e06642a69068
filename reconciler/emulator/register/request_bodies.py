"""From the bytes of a request to a bound body: media type, charset, JSON, model validation.

System Register contract §1.5 step d, §1.8 and §0.3, in the order in which ASP.NET goes through them; forms
have been looked at before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reconciler.emulator.dotnet import media_types
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.json_reader import JsonReader, Malformed
from reconciler.emulator.dotnet.media_types import EndsTooSoon
from reconciler.emulator.register import model_validation
from reconciler.emulator.register.body_binding import Binder
from reconciler.emulator.register.model_validation import ModelError, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.emulator.register.documents import Document, Package, Right

T = TypeVar("T")
BLOCK = 4096
"""Bytes of Kestrel's blocks: a request in one block is quoted at greater length (contract §2.7)."""
UTF_8 = frozenset(
    {"utf-8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8", "x-unicode-2-0-utf-8"}
)
UTF_16 = frozenset({"utf-16", "utf-16le", "ucs-2", "iso-10646-ucs-2", "unicode"})
"""The names that .NET has for the two encodings that are read (contract §1.8)."""
_MARK = b"\xef\xbb\xbf"


class UnsupportedMediaType(Exception):
    """No formatter takes a body of this content type."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What a request carries, nothing about it read yet."""

    content_type: str
    """Every line that is not empty, joined by commas."""
    data: bytes
    is_there: bool
    """The request announces a body, be it an empty one in chunks."""
    head_size: int = 0
    """Bytes before the body."""


def bind_document(
    body: RequestBody, parameter: str, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> Document:
    """Bind and check a whole document; `found` is what the binding of path and query has found."""
    document = _bind(
        body, parameter, found, lambda reader: Binder(reader, keep_unknown=keep_unknown).document()
    )
    _check(model_validation.list_document_faults(document), found)
    return document


def bind_rights(
    body: RequestBody, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> list[Right | None]:
    """Bind and check the body of V5."""
    rights = _bind(body, "rights", found, lambda reader: Binder(reader, keep_unknown=keep_unknown).rights())
    _check(model_validation.list_right_faults(rights, ""), found)
    return rights


def bind_packages(
    body: RequestBody, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> list[Package | None]:
    """Bind the body of V6; nothing in it can fail model validation."""
    packages = _bind(
        body, "accessPackages", found, lambda reader: Binder(reader, keep_unknown=keep_unknown).packages()
    )
    _check(iter(()), found)
    return packages


def _bind(
    body: RequestBody,
    parameter: str,
    found: Mapping[str, list[str]],
    bind: Callable[[JsonReader], T | None],
) -> T:
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


def _check(faults: Iterator[tuple[str, str]], found: Mapping[str, list[str]]) -> None:
    model_validation.check(faults, found)


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
