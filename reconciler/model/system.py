"""The nouns of the register's document, and the only place where a member of it is declared.

A member's name here is the register's response name (System Register
contract §1.3); a new member is one more line in `System`, and rules, diff and apply find it there.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from reconciler.errors import Unintelligible
from reconciler.model.canonical_json import digest_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json


PREFIX = "0192:"
"""The register knows organisations by ISO 6523 code 0192, Enhetsregisteret (contract §3, 00000)."""
RESOURCE = "urn:altinn:resource"
"""The one attribute that a right may name (contract §3, 00009)."""


LANGUAGES = ("nb", "nn", "en")
"""The register's database refuses a text without one of them (System Register contract §2.2)."""


class Plain(str):
    """A scalar that stands in the file without quotes, and so may mean true or false."""

    __slots__ = ()


_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
"""YAML 1.2 core schema §10.3.2; `yes` and `on` are texts."""


def _expand_vendor(value: object) -> object:
    if isinstance(value, str):
        return {"ID": value if ":" in value else PREFIX + value}
    return value


def _expand_right(value: object) -> object:
    if isinstance(value, str):
        return {"resource": ({"id": RESOURCE, "value": value},)}
    return value


def _expand_package(value: object) -> object:
    return {"urn": value} if isinstance(value, str) else value


def read_truth(value: object) -> object:
    """Read a scalar without quotes as true or false where it is one; anything else is given back as it is."""
    return _TRUTH.get(value, value) if isinstance(value, Plain) else value


def _read_text(value: object) -> object:
    return str(value) if isinstance(value, Plain) else value


class Part(BaseModel):
    """A part of the document: frozen, and without undeclared members."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
"""A text in JSON Schema: what stands without quotes is read as its source text, whatever YAML makes of it."""
Text: TypeAlias = Annotated[str, BeforeValidator(_read_text), WithJsonSchema(TEXT)]
Truth: TypeAlias = Annotated[bool, BeforeValidator(read_truth)]
Texts: TypeAlias = dict[Text, Text]
"""A text by language."""
LANGUAGES = ("nb", "nn", "en")
"""The register's database refuses a text without one of them (System Register contract §2.2)."""


_NAME = re.compile(r"[^+:,=]+")
"""Of a resource or an action: what has none of the signs that labels and keys put between names."""


def build_parts() -> None:
    """Make the validators of every part that is declared; two threads must not make the same one at once.

    They are made when they are first needed otherwise: most checks of a file need none.
    """
    waiting: list[type[Part]] = [Part]
    while waiting:
        part = waiting.pop()
        part.model_rebuild()
        waiting += part.__subclasses__()


class Attribute(Part):
    """One pair of a right's resource."""

    id: Text
    value: Text


class Right(Part):
    """A right that the system asks its customers for."""

    resource: tuple[Attribute, ...]
    action: Text | None = None

    @property
    def key(self) -> str:
        """The register's own notion of sameness: action and the attributes in order (contract §3, 00006)."""
        pairs = ",".join(f"{pair.id}:{pair.value}" for pair in self.resource)
        return f"{self.action or ''}:{pairs}"

    @property
    def label(self) -> str:
        """The shortest text that a person knows the right by, and that no other right has.

        Where a name holds a sign that stands between names, that is the key.
        """
        names = [pair.value for pair in self.resource if pair.id == RESOURCE]
        parts = [*names, self.action] if self.action else names
        if not names or len(names) < len(self.resource) or not all(map(_NAME.fullmatch, parts)):
            return self.key
        return ":".join(["+".join(names), *parts[len(names) :]])


class Package(Part):
    """An access package that the system asks its customers for."""

    urn: Text

    @property
    def key(self) -> str:
        """The register compares URNs exactly (contract §3, 00007)."""
        return self.urn

    @property
    def label(self) -> str:
        """The URN."""
        return self.urn


class Vendor(Part):
    """The organisation that owns the system."""

    ID: Text
    """`0192:` and nine digits."""

    @property
    def organisation(self) -> str:
        """The organisation number without its prefix."""
        return self.ID.removeprefix(PREFIX)


Rights: TypeAlias = tuple[
    Annotated[Right, BeforeValidator(_expand_right, json_schema_input_type=Text | Right)], ...
]
"""Rights, each in its short form or the register's."""
Packages: TypeAlias = tuple[
    Annotated[Package, BeforeValidator(_expand_package, json_schema_input_type=Text | Package)], ...
]
"""Access packages, likewise."""


READ_ONLY: Literal["read-only"] = "read-only"
"""Marks a member that the register gives and never takes."""


class System(Part):
    """One system's state; desired and live are the same type.

    As `resolve` and `read_registered` give it, it is as written; after `normalise` it is canonical, and
    two canonical systems are equal exactly when they mean the same.
    """

    id: Text
    vendor: Annotated[Vendor, BeforeValidator(_expand_vendor, json_schema_input_type=Text | Vendor)]
    name: Texts
    description: Texts
    rights: Rights = ()
    accessPackages: Packages = ()
    clientId: tuple[Text, ...] = ()
    allowedRedirectUrls: tuple[Text, ...] = ()
    isVisible: Truth = True
    isDeleted: Annotated[bool, READ_ONLY] = False
    """Live: deleted for ever. Desired: withdrawn."""


SENT: tuple[str, ...] = tuple(
    name for name, member in System.model_fields.items() if READ_ONLY not in member.metadata
)
"""The members that a definition manages and a request carries, in the register's order."""
READ_ONLY_NAMES: frozenset[str] = frozenset(System.model_fields) - frozenset(SENT)
"""What the register gives and never takes."""
REQUIRED: tuple[str, ...] = tuple(
    name for name, member in System.model_fields.items() if member.is_required()
)
IDENTITY: tuple[str, ...] = ("id", "vendor")
"""What a withdrawn definition still has to say."""
DEFAULTS: Mapping[str, Json] = {
    name: System.model_fields[name].default for name in SENT if name not in REQUIRED
}
NEVER_SENT: Mapping[str, str] = {
    "isDeleted": "only a DELETE sets it; write `withdrawn: true` to ask for one",
    "softDeleted": "the register has no such member",
    "systemVendorOrgNumber": "the register computes it from `vendor`",
}
"""Members that published examples show and the register ignores (contract §2.1)."""
NEVER_SENT_VENDOR: Mapping[str, str] = {"authority": "the register assumes `iso6523-actorid-upis` itself"}


class RegisteredSystem:
    """What the register answered, as it answered it, unknown members kept.

    It is kept as text, which takes a fifth of the memory, since a run holds every system of a vendor at once.
    """

    __slots__ = ("_text", "client_ids", "id", "is_deleted")

    def __init__(self, document: Mapping[str, Json]) -> None:
        """Keep an answer; `document` is what JSON can say."""
        self._text = json.dumps(document, separators=(",", ":")).encode()
        self.id = str(document.get("id", ""))
        self.is_deleted = bool(document.get("isDeleted"))
        """Whether the register has deleted it, which is for ever."""
        clients = document.get("clientId")
        self.client_ids: tuple[str, ...] = tuple(clients) if isinstance(clients, (list, tuple)) else ()
        """Its client ids, as it has them."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegisteredSystem) and self.document == other.document

    __hash__ = None  # type: ignore[assignment]  # a document is none either

    def __repr__(self) -> str:
        return f"RegisteredSystem({self.document!r})"

    @property
    def document(self) -> dict[str, Json]:
        """The answer; whoever asks gets one of their own."""
        document: dict[str, Json] = json.loads(self._text)
        return document

    @property
    def digest(self) -> str:
        """The SHA-256 of the answer, in hex: two answers that differ in anything have different ones."""
        return digest_json(self.document)

    def read(self) -> System:
        """Read the answer as a system; nulls are left out, and so are members that this tool does not know.

        Raises `Unintelligible` where the answer does not hold what the contract (§1.3) promises.
        """
        return _read_answer(self._text, self.id)


@lru_cache(maxsize=8)
def _read_answer(text: bytes, system: str) -> System:
    """Read an answer; what decides about a system reads it several times, one after another."""
    try:
        return System.model_validate(drop_nulls(json.loads(text)), strict=False, extra="ignore")
    except ValidationError as error:
        members = ", ".join(sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]}))
        raise Unintelligible(
            f"The register's answer for `{system}` cannot be read: {members or 'no document'}.",
            hint="Look at it with a plain GET; the register may have changed its format.",
        ) from error


def drop_nulls(value: Json) -> Json:
    """Leave out every null, at every depth."""
    if isinstance(value, dict):
        return {name: drop_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [drop_nulls(each) for each in value if each is not None]
    return value
