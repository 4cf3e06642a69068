"""Model binding and model validation, as ASP.NET does them before the register's own code runs.

The order and the texts are those of System Register contract §0.3 and §2.1; whatever is refused
here becomes B-MODEL. It judges shapes only: what a value means is for `validation`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from reconciler.emulator import jsontext, redirects
from reconciler.emulator.documents import WHITE_SPACE, Document, Package, Pair, Right, Texts, Vendor
from reconciler.emulator.failures import NullReference
from reconciler.emulator.jsontext import Malformed, Node, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from reconciler.emulator.redirects import Redirect

    Bind: TypeAlias = Callable[[Node], object]

T = TypeVar("T")
_CORE = "Altinn.Platform.Authentication.Core"
_REQUEST = f"{_CORE}.SystemRegister.Models.RegisterSystemRequest"
_VENDOR = f"{_CORE}.Models.VendorInfo"
_RIGHT = f"{_CORE}.Models.Right"
_PAIR = f"{_CORE}.Models.AttributePair"
_PACKAGE = f"{_CORE}.Models.AccessPackage"
"""The C# names that binding errors mention (contract §0.3; all but the first are inferred)."""

_JSON = re.compile(r"(application|text)/json|application/[^/;]+\+json")
_TEXTS = "System.Collections.Generic.IDictionary`2[System.String,System.String]"
_NEVER_KEPT = frozenset({"isdeleted", "softdeleted", "authority", "systemvendororgnumber"})
"""Members that published examples send and that are no part of the document, today or tomorrow."""


class ModelError(Exception):
    """Binding or model validation refused the body: the B-MODEL `errors`, key by key."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(dict(errors))
        self.errors = dict(errors)


class UnsupportedMediaType(Exception):
    """No formatter takes a body of this content type (contract §0.3)."""


async def read_body(request: Request) -> bytes:
    """Read the body of a request that says it is JSON."""
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = re.search(r"charset=\"?([^\s;\"]*)", parameters)
    if not _JSON.fullmatch(media.strip()) or (charset is not None and charset[1] not in {"utf-8", "utf8"}):
        raise UnsupportedMediaType
    return await request.body()


def bind_document(body: bytes, parameter: str, *, keep_unknown: bool = False) -> Document:
    """Bind and check a whole document; `parameter` is the name of the action's parameter."""
    text, node = _read(body, parameter)
    try:
        document = _Binder(text, keep_unknown=keep_unknown).document(node)
    except Malformed as error:
        raise _refused(error, parameter) from error
    _check(_faults(document))
    return document


def bind_rights(body: bytes, *, keep_unknown: bool = False) -> list[Right | None]:
    """Bind and check the body of V5."""
    text, node = _read(body, "rights")
    try:
        rights = _Binder(text, keep_unknown=keep_unknown).rights(node)
    except Malformed as error:
        raise _refused(error, "rights") from error
    _check(_right_faults(rights, ""))
    return rights


def bind_packages(body: bytes, *, keep_unknown: bool = False) -> list[Package | None]:
    """Bind the body of V6; nothing in it can fail model validation."""
    text, node = _read(body, "accessPackages")
    try:
        return _Binder(text, keep_unknown=keep_unknown).packages(node)
    except Malformed as error:
        raise _refused(error, "accessPackages") from error


def _read(body: bytes, parameter: str) -> tuple[Text, Node]:
    if not body:
        raise _missing_body(parameter)
    try:
        text, node = jsontext.read(body)
    except Malformed as error:
        raise _refused(error, parameter) from error
    if node.kind == "null":
        raise _missing_body(parameter)
    return text, node


def _missing_body(parameter: str) -> ModelError:
    return ModelError({"": ["A non-empty request body is required."], parameter: [_required(parameter)]})


def _refused(error: Malformed, parameter: str) -> ModelError:
    return ModelError({error.path: [str(error)], parameter: [_required(parameter)]})


def _required(name: str) -> str:
    return f"The {name} field is required."


def _check(faults: Sequence[str]) -> None:
    if faults:
        raise ModelError({path: [_required(path.rpartition(".")[2])] for path in faults})


def _faults(document: Document) -> list[str]:
    """List the members that hold null, and may not, by their C# paths."""
    if document.vendor is None:
        # NOTE: a getter computed from the vendor is read while the model is validated (contract §2.2).
        raise NullReference
    faults = [] if document.id is not None else ["Id"]
    if document.vendor.id is None:
        faults += ["Vendor.ID", "SystemVendorOrgNumber"]
    if document.name is None:
        faults.append("Name")
    if document.description is None:
        faults.append("Description")
    faults += _right_faults(document.rights or [], "Rights")
    if document.client_ids is None:
        faults.append("ClientId")
    if document.redirects is None:
        faults.append("AllowedRedirectUrls")
    return faults


def _right_faults(rights: Sequence[Right | None], prefix: str) -> list[str]:
    faults: list[str] = []
    for index, right in enumerate(rights):
        if right is None:
            continue
        if right.resource is None:
            faults.append(f"{prefix}[{index}].Resource")
        for place, pair in enumerate(right.resource or []):
            if pair is not None:
                path = f"{prefix}[{index}].Resource[{place}]"
                faults += [f"{path}.Id"] if not (pair.id or "").strip(WHITE_SPACE) else []
                faults += [f"{path}.Value"] if not (pair.value or "").strip(WHITE_SPACE) else []
    return faults


class _Binder:
    """Turns the nodes of one JSON text into the model, raising at the first that does not fit.

    With `keep_unknown` the members that the service would drop are remembered, so that a register
    of tomorrow can be played.
    """

    def __init__(self, text: Text, *, keep_unknown: bool) -> None:
        self._text = text
        self._keep = keep_unknown

    def document(self, node: Node) -> Document:
        document = Document()
        bound = self._fill(
            document,
            node,
            _REQUEST,
            {
                "id": ("id", self._string),
                "vendor": ("vendor", _nullable(self._vendor)),
                "name": ("name", _nullable(self._texts)),
                "description": ("description", _nullable(self._texts)),
                "rights": ("rights", _nullable(self.rights)),
                "accessPackages": ("packages", _nullable(self.packages)),
                "clientId": ("client_ids", _nullable(self._strings)),
                "isVisible": ("is_visible", self._boolean),
                "allowedRedirectUrls": ("redirects", _nullable(self._redirects)),
            },
        )
        missing = [f"'{name}'" for name in ("id", "vendor", "name", "description") if name not in bound]
        if missing:
            raise _lacking(_REQUEST, missing, node.path)
        return document

    def rights(self, node: Node) -> list[Right | None]:
        return self._list(node, _RIGHT, self._right)

    def packages(self, node: Node) -> list[Package | None]:
        return self._list(node, _PACKAGE, self._package)

    def _right(self, node: Node) -> Right:
        right = Right()
        pairs = _nullable(lambda found: self._list(found, _PAIR, self._pair))
        self._fill(right, node, _RIGHT, {"action": ("action", self._string), "resource": ("resource", pairs)})
        return right

    def _pair(self, node: Node) -> Pair:
        pair = Pair()
        self._fill(pair, node, _PAIR, {"id": ("id", self._string), "value": ("value", self._string)})
        return pair

    def _package(self, node: Node) -> Package:
        package = Package()
        self._fill(package, node, _PACKAGE, {"urn": ("urn", self._string)})
        return package

    def _vendor(self, node: Node) -> Vendor:
        vendor = Vendor()
        if not self._fill(vendor, node, _VENDOR, {"ID": ("id", self._string)}):
            raise _lacking(_VENDOR, ["'ID'"], node.path)
        return vendor

    def _fill(
        self,
        target: Document | Right | Pair | Package | Vendor,
        node: Node,
        kind: str,
        fields: Mapping[str, tuple[str, Bind]],
    ) -> set[str]:
        """Set the attributes of `target` from the members of `node`; give the names that were there."""
        if node.kind != "object":
            raise self._unfit(node, kind)
        spelling = {fold(name): name for name in fields}
        bound: set[str] = set()
        for name, member in node.members():
            known = spelling.get(fold(name))
            if known is not None:
                attribute, bind = fields[known]
                setattr(target, attribute, bind(member))
                bound.add(known)
            elif self._keep and fold(name) not in _NEVER_KEPT:
                target.unknown[name] = member.plain()
        return bound

    def _string(self, node: Node) -> str | None:
        if node.value is None or isinstance(node.value, str):
            return node.value
        raise self._unfit(node, "System.String")

    def _boolean(self, node: Node) -> bool:
        if isinstance(node.value, bool):
            return node.value
        raise self._unfit(node, "System.Boolean")

    def _texts(self, node: Node) -> Texts:
        if node.kind != "object":
            raise self._unfit(node, _TEXTS)
        return {name: self._string(member) for name, member in node.members()}

    def _strings(self, node: Node) -> list[str | None]:
        return self._list(node, "System.String", self._string)

    def _redirects(self, node: Node) -> list[Redirect | None]:
        return self._list(node, "System.Uri", self._redirect)

    def _redirect(self, node: Node) -> Redirect:
        if isinstance(node.value, str):
            try:
                return redirects.read(node.value)
            except redirects.NotAUrl:
                raise self._unfit(node, "System.Uri") from None
        raise self._unfit(node, "System.Uri")

    def _list(self, node: Node, kind: str, bind: Callable[[Node], T | None]) -> list[T | None]:
        if node.kind != "array":
            raise self._unfit(node, f"System.Collections.Generic.List`1[{kind}]")
        return [None if element.kind == "null" else bind(element) for element in node.elements()]

    def _unfit(self, node: Node, kind: str) -> Malformed:
        return self._text.refuse(f"The JSON value could not be converted to {kind}.", node.path, node.at)


def _nullable(bind: Bind) -> Bind:
    return lambda node: None if node.kind == "null" else bind(node)


def _lacking(kind: str, names: Sequence[str], path: str) -> Malformed:
    message = f"JSON deserialization for type '{kind}' was missing required properties including: "
    return Malformed(f"{message}{', '.join(names)}.", path)


def fold(name: str) -> str:
    """Fold the case of a member name; only ASCII letters have another case to System.Text.Json's names."""
    return "".join(char.lower() if char.isascii() else char for char in name)
