"""What PostgreSQL refuses, in the order in which it checks.

System Register contract §2.8, rows 1 and 3 to 9. `store` calls it before it writes, and
keeps ids and client ids unique itself.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import DatabaseFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.emulator.dotnet.uris import RedirectUri
    from reconciler.emulator.register.documents import RequestedRight, SystemRequest, Texts

_HALF = re.compile("[\ud800-\udfff]")
LANGUAGES = ("en", "nb", "nn")
"""The keys that the domain `translated_text` requires, in the order of its checks."""
LONGEST_ID = 255
"""Code points of a `varchar(255)`."""
_LONGEST_ENTRY, _LONGEST_TUPLE = 2704, 8191
"""Bytes of an index entry, and of an index tuple."""
_COMPRESSED_FROM, _WORTH_IT = 508, 0.75
"""From how many bytes a value in an index is compressed, and how small the result must be."""
_DETAIL = (
    "\n\nDETAIL: Detail redacted as it may contain sensitive data. Specify 'Include Error Detail' in the "
    "connection string to include this information."
)


def check_text(*texts: str | None) -> None:
    """Refuse a lone surrogate, which cannot be encoded, and NUL, which PostgreSQL's text cannot hold."""
    for text in texts:
        half = _HALF.search(text or "")
        if half is not None and text is not None:
            place = len(text[: half.start()].encode("utf-16-le")) // 2
            shown = f"\\\\u{ord(half[0]):04X} at index {place}"
            raise DatabaseFailure(f"Unable to translate Unicode character {shown} to specified code page.")
    if any(text is not None and "\0" in text for text in texts):
        raise DatabaseFailure('22021: invalid byte sequence for encoding "UTF8": 0x00')


def check_document(document: SystemRequest, org: str) -> None:
    """Check a row, except for uniqueness."""
    check_rights(document.rights or [])
    for texts in (document.name, document.description):
        check_text(*(texts or {}), *(texts or {}).values())
    redirects = [redirect for redirect in document.redirects or [] if redirect is not None]
    check_text(*(redirect.stored for redirect in redirects))
    check_text(org)
    if len(document.system_id) > LONGEST_ID or len(org) > LONGEST_ID:
        raise DatabaseFailure(f"22001: value too long for type character varying({LONGEST_ID})")
    for texts in (document.name, document.description):
        _check_languages(texts or {})
    _check_redirects(redirects)


def check_rights(rights: Sequence[RequestedRight | None]) -> None:
    """Check the texts that are stored as `jsonb`."""
    if any(right is not None and "\0" in (right.action or "") for right in rights):
        raise DatabaseFailure(f"22P05: unsupported Unicode escape sequence{_DETAIL}")


def check_client_id(client_id: str | None) -> str:
    """Check a client id before it is inserted, and give it."""
    if client_id is None:
        raise DatabaseFailure(
            "Parameter 'new_client_id' must have either its DbType, NpgsqlDbType, DataTypeName or its Value set."
        )
    data = client_id.encode("utf-8", "replace")
    length = len(data)
    if length > _COMPRESSED_FROM:
        compressed = len(zlib.compress(data, 1))
        length = compressed if compressed <= _WORTH_IT * length else length
    size = (length + 12 + 7) // 8 * 8
    if size > _LONGEST_TUPLE:
        raise DatabaseFailure(
            f"54000: index row requires {size} bytes, maximum size is {_LONGEST_TUPLE}{_DETAIL}"
        )
    if size > _LONGEST_ENTRY:
        raise DatabaseFailure(
            f"54000: index row size {size} exceeds btree version 4 maximum {_LONGEST_ENTRY} for index "
            f'"maskinporten_client_pkey"{_DETAIL}'
        )
    return client_id


def refuse_duplicate(constraint: str) -> DatabaseFailure:
    """Make the failure of a violated unique constraint."""
    return DatabaseFailure(f'23505: duplicate key value violates unique constraint "{constraint}"')


def _check_languages(texts: Texts) -> None:
    for language in LANGUAGES:
        if language not in texts:
            raise _violation("translated_text", f"translated_text_contains_{language}")


def _check_redirects(redirects: Iterable[RedirectUri]) -> None:
    for redirect in redirects:
        if not redirect.is_storable():
            raise _violation("uri", "uri_scheme_check")


def _violation(domain: str, constraint: str) -> DatabaseFailure:
    return DatabaseFailure(
        f'23514: value for domain business_application.{domain} violates check constraint "{constraint}"'
    )
