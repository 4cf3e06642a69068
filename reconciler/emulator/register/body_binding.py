"""Binding of JSON bodies as System.Text.Json does it: token by token, only the first error is reported.

System Register contract §0.3, §2.1 and §2.7: types, their names in errors, and what null,
repeated and unknown members become. `validations` checks the values.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from reconciler.emulator.dotnet import uris
from reconciler.emulator.dotnet.json_reader import Malformed, NotText, make_run, read_name
from reconciler.emulator.dotnet.request_bodies import bind_json
from reconciler.emulator.register import model_validation
from reconciler.emulator.register.documents import (
    AttributePair,
    RequestedPackage,
    RequestedRight,
    SystemRequest,
    Texts,
    VendorInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.emulator.dotnet.json_reader import JsonReader
    from reconciler.emulator.dotnet.request_bodies import RequestBody
    from reconciler.emulator.dotnet.uris import RedirectUri
    from reconciler.emulator.register.documents import Unknown

    Bind: TypeAlias = Callable[[bytes], object]

T = TypeVar("T")


class _HasUnknown(Protocol):
    """What a JSON object is bound to."""

    unknown: Unknown


_CORE = "Altinn.Platform.Authentication.Core"
_REQUEST = f"{_CORE}.SystemRegister.Models.RegisterSystemRequest"
_VENDOR = f"{_CORE}.Models.VendorInfo"
_RIGHT = f"{_CORE}.Models.Right"
_PAIR = f"{_CORE}.Models.AttributePair"
_PACKAGE = f"{_CORE}.Models.AccessPackages.AccessPackage"
_TEXT = "System.String"
_URI = "System.Uri"
_TEXTS = "System.Collections.Generic.IDictionary`2[System.String,System.String]"
"""The C# names that binding errors mention (contract §2.7)."""

REQUIRED = ("id", "vendor", "name", "description")
"""Required members, in the order in which missing ones are named (contract §0.3)."""
_RUNS = {
    _REQUEST: make_run(
        [*REQUIRED, "rights", "accesspackages", "clientid", "isvisible", "allowedredirecturls"]
    ),
    _VENDOR: make_run(("id",)),
    _RIGHT: make_run(("action", "resource")),
    _PAIR: make_run(("id", "value")),
    _PACKAGE: make_run(("urn",)),
}
"""The pattern of unknown members for each type, which are skipped in one match."""
_NEVER_KEPT = frozenset({"isdeleted", "softdeleted", "authority", "systemvendororgnumber"})
"""Members of published examples that are not part of the document; `keep_unknown` drops them too."""


def bind_document(
    body: RequestBody, parameter: str, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> SystemRequest:
    """Bind and check a whole document; `found` is what the binding of path and query has found."""
    document = bind_json(
        body, parameter, found, lambda reader: Binder(reader, keep_unknown=keep_unknown).document()
    )
    model_validation.check(model_validation.list_document_faults(document), found)
    return document


def bind_rights(
    body: RequestBody, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> list[RequestedRight | None]:
    """Bind and check the body of V5."""
    rights = bind_json(
        body, "rights", found, lambda reader: Binder(reader, keep_unknown=keep_unknown).rights()
    )
    model_validation.check(model_validation.list_right_faults(rights, ""), found)
    return rights


def bind_packages(
    body: RequestBody, found: Mapping[str, list[str]], *, keep_unknown: bool = False
) -> list[RequestedPackage | None]:
    """Bind the body of V6; nothing in it can fail model validation."""
    packages = bind_json(
        body, "accessPackages", found, lambda reader: Binder(reader, keep_unknown=keep_unknown).packages()
    )
    model_validation.check(iter(()), found)
    return packages


class Binder:
    """Reads one body into the model; raises `Malformed` at the first error.

    With `keep_unknown` the members that the service drops are kept, to emulate a future register.
    """

    def __init__(self, reader: JsonReader, *, keep_unknown: bool = False) -> None:
        self._reader = reader
        self._keep = keep_unknown
        self._members: Mapping[str, Mapping[str, tuple[str, Bind]]] = {
            _REQUEST: {
                "id": ("id", self._text),
                "vendor": ("vendor", self._vendor),
                "name": ("name", self._texts),
                "description": ("description", self._texts),
                "rights": ("rights", self._rights),
                "accesspackages": ("packages", self._packages),
                "clientid": ("client_ids", self._client_ids),
                "isvisible": ("is_visible", self._boolean),
                "allowedredirecturls": ("redirects", self._redirects),
            },
            _VENDOR: {"id": ("id", self._text)},
            _RIGHT: {"action": ("action", self._text), "resource": ("resource", self._pairs)},
            _PAIR: {"id": ("id", self._text), "value": ("value", self._text)},
            _PACKAGE: {"urn": ("urn", self._text)},
        }
        """How each member of each type is bound, by its name in lower case."""

    def document(self) -> SystemRequest | None:
        """Read the body of POST and PUT; None is the JSON null."""
        return self._root(self._document)

    def rights(self) -> list[RequestedRight | None] | None:
        """Read the body of V5."""
        return self._root(self._rights)

    def packages(self) -> list[RequestedPackage | None] | None:
        """Read the body of V6."""
        return self._root(self._packages)

    def _root(self, bind: Callable[[bytes], T]) -> T | None:
        first = self._reader.begin()
        bound = None if first == b"n" else bind(first)
        self._reader.end()
        return bound

    def _document(self, first: bytes) -> SystemRequest:
        document = SystemRequest()
        bound = self._fill(document, first, _REQUEST)
        missing = [f"'{name}'" for name in REQUIRED if name not in bound]
        if missing:
            message = (
                f"JSON deserialization for type '{_REQUEST}' was missing required properties including: "
            )
            raise Malformed(f"{message}{', '.join(missing)}.", self._reader.path())
        return document

    def _vendor(self, first: bytes) -> VendorInfo:
        vendor = VendorInfo()
        self._fill(vendor, first, _VENDOR)
        return vendor

    def _right(self, first: bytes) -> RequestedRight:
        right = RequestedRight()
        self._fill(right, first, _RIGHT)
        return right

    def _pair(self, first: bytes) -> AttributePair:
        pair = AttributePair()
        self._fill(pair, first, _PAIR)
        return pair

    def _package(self, first: bytes) -> RequestedPackage:
        package = RequestedPackage()
        self._fill(package, first, _PACKAGE)
        return package

    def _rights(self, first: bytes) -> list[RequestedRight | None]:
        return self._list(first, _RIGHT, self._right)

    def _packages(self, first: bytes) -> list[RequestedPackage | None]:
        return self._list(first, _PACKAGE, self._package)

    def _pairs(self, first: bytes) -> list[AttributePair | None]:
        return self._list(first, _PAIR, self._pair)

    def _client_ids(self, first: bytes) -> list[str | None]:
        return self._list(first, _TEXT, self._text)

    def _redirects(self, first: bytes) -> list[RedirectUri | None]:
        return self._list(first, _URI, self._redirect)

    def _fill(
        self,
        target: _HasUnknown,
        first: bytes,
        kind: str,
    ) -> set[str]:
        """Set the attributes of `target`; gives the names of its members, in lower case."""
        if first != b"{":
            raise self._unfit(kind)
        bound: set[str] = set()
        members, run = self._members[kind], None if self._keep else _RUNS.get(kind)
        for raw in self._reader.members(run):
            name = self._name(raw, kind)
            self._reader.step(name)
            folded = name.lower() if name.isascii() else name
            known = members.get(folded)
            if known is not None:
                attribute, bind = known
                token = self._reader.value()
                # NOTE: null is a type error for a boolean only.
                is_null = token == b"n" and attribute != "is_visible"
                setattr(target, attribute, None if is_null else bind(token))
                bound.add(folded)
            else:
                self._skip(target.unknown, name)
        return bound

    def _name(self, raw: bytes, kind: str) -> str:
        try:
            return read_name(raw)
        except NotText:
            raise self._unfit(kind) from None

    def _skip(self, unknown: Unknown, name: str) -> None:
        start = self._reader.at
        self._reader.skip()
        if self._keep and name.lower() not in _NEVER_KEPT:
            value = self._reader.data[start : self._reader.at]
            unknown[name] = json.loads(value.decode("utf-8", "replace"))

    def _text(self, first: bytes) -> str:
        if first != b'"':
            raise self._unfit(_TEXT)
        return self._read_text(_TEXT)

    def _read_text(self, kind: str) -> str:
        try:
            return self._reader.text()
        except NotText:
            raise self._unfit(kind) from None

    def _boolean(self, first: bytes) -> bool:
        if first not in {b"t", b"f"}:
            raise self._unfit("System.Boolean")
        return first == b"t"

    def _texts(self, first: bytes) -> Texts:
        if first != b"{":
            raise self._unfit(_TEXTS)
        texts: Texts = {}
        for raw in self._reader.members():
            try:
                name = read_name(raw)
                raw.decode()
            except (NotText, UnicodeDecodeError):
                raise self._unfit(_TEXT) from None
            self._reader.step(name)
            token = self._reader.value()
            texts[name] = None if token == b"n" else self._text(token)
        return texts

    def _redirect(self, first: bytes) -> RedirectUri:
        if first != b'"':
            raise self._unfit(_URI)
        text = self._read_text(_TEXT)
        try:
            return uris.read(text)
        except uris.NotAUrl:
            raise self._unfit(_URI) from None

    def _list(self, first: bytes, kind: str, bind: Callable[[bytes], T]) -> list[T | None]:
        if first != b"[":
            raise self._unfit(f"System.Collections.Generic.List`1[{kind}]")
        bound: list[T | None] = []
        for _ in self._reader.elements():
            token = self._reader.value()
            bound.append(None if token == b"n" else bind(token))
        return bound

    def _unfit(self, kind: str) -> Malformed:
        return self._reader.refuse(f"The JSON value could not be converted to {kind}.")
