"""What a file says one system should be, for all environments, and its shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from reconciler.definitions.member_reader import NotPlain, list_readers
from reconciler.definitions.yaml_document import print_path
from reconciler.model.catalogue import Asked
from reconciler.model.findings import Location
from reconciler.model.request_template import KINDS, RequestMembers
from reconciler.model.system import (
    RESOURCE,
    SENT,
    Attribute,
    Package,
    Part,
    Right,
    System,
    Text,
    Truth,
    Vendor,
    read_truth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.member_reader import Reader
    from reconciler.definitions.yaml_document import Document, Path
    from reconciler.model.canonical_json import Json
    from reconciler.model.request_template import Template


BLANK: Mapping[str, Json] = {"id": "", "vendor": "", "name": {}, "description": {}}
"""Stands in for a required member that is missing, so that the rules can look at the rest."""


Overlay: type[BaseModel] = create_model(
    "Overlay",
    __base__=Part,
    __module__=__name__,
    **{
        name: (
            Annotated[(member.annotation, *member.metadata)] if member.metadata else member.annotation,
            None,
        )
        for name, member in System.model_fields.items()
        if name in SENT
    },
    withdrawn=(Truth, None),
    isAssignable=(Truth, None),
)  # type: ignore[call-overload]  # the fields come from `System`, which mypy cannot follow
"""What an environment may say: every member that is sent, and two of our own."""


TOP_ONLY = frozenset({"environments", "allow"})
"""What only the top level of a file may say."""
REQUESTS = "requests"
"""What customers are asked for, which is no member of a system."""
TEMPLATE_NAMES: tuple[str, ...] = tuple(RequestMembers.model_fields)
"""The names that may stand in a template of `requests`, in their order."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "vendor": tuple(Vendor.model_fields),
    "rights": tuple(Right.model_fields),
    "resource": tuple(Attribute.model_fields),
    "accessPackages": tuple(Package.model_fields),
}
"""The names that may stand in a mapping, by the member that holds it."""
LISTS = frozenset({"rights", "resource", "accessPackages"})
"""The members of `PARTS` that are lists of such mappings."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a file says one system should be, for all environments.

    `members` and `overlays` hold what is written, under canonical names and as the values of a system.
    """

    document: Document
    members: Mapping[str, Json]
    overlays: Mapping[str, Mapping[str, Json]] | None = None
    """None where the file names no environment."""
    allow: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    """Members that a finding on shape is about already; empty in whatever reaches a plan."""
    requests: Mapping[str, Template] = field(default_factory=dict)
    """What customers may be asked for, by the name of each template; never sent to the register.

    An overlay that has templates of its own holds them, likewise, as its member `requests`.
    """
    plain: System | None = field(default=None, init=False, repr=False, compare=False)
    """The system where no overlay says otherwise; None until `resolve` was asked for it."""

    def keep_plain(self, system: System) -> System:
        """Keep what `resolve` worked out, since all environments without an overlay see the same."""
        object.__setattr__(self, "plain", system)
        return system

    def exists_in(self, environment: str) -> bool:
        """Say whether the system exists there: where it is named, else everywhere but in `prod`."""
        if environment == "local":
            return True
        if self.overlays is None:
            return environment != "prod"
        return environment in self.overlays

    def overlay(self, environment: str) -> Mapping[str, Json]:
        """Give what differs in an environment; empty where nothing does."""
        return (self.overlays or {}).get(environment, {})


class Resolved(NamedTuple):
    """A definition as one environment sees it: the system as written, and what the definition states of it there."""

    definition: Definition
    environment: str
    system: System
    stated: frozenset[str] = frozenset()
    """The members that the file states, rather than leaves to their defaults."""
    assignable: bool | None = None
    """What `isAssignable` asserts; None where it is not stated."""

    @property
    def requests(self) -> Mapping[str, Template]:
        """Give what customers may be asked for here, by the name of each template."""
        found: Mapping[str, Template] = self.definition.overlay(self.environment).get(
            REQUESTS, self.definition.requests
        )
        return found

    @property
    def withdrawn(self) -> bool:
        """Say whether the definition asks for the system to be deleted here."""
        return self.system.isDeleted

    def path(self, path: Path) -> Path:
        """Give the way through the file to a member as this environment sees it."""
        if path and path[0] in self.definition.overlay(self.environment):
            return ("environments", self.environment, *path)
        return path

    def list_asked(self) -> Iterator[tuple[Path, Asked]]:
        """List the resources and access packages that the system asks for, each with the path of its name."""
        for index, right in enumerate(self.system.rights):
            for number, pair in enumerate(right.resource):
                if pair.id == RESOURCE:
                    yield ("rights", index, "resource", number, "value"), Asked("resource", pair.value)
        for index, package in enumerate(self.system.accessPackages):
            yield ("accessPackages", index), Asked("package", package.urn)

    def locate(self, path: Path) -> Location:
        """Find the file, line and column where a member stands, as this environment sees it."""
        full = self.path(path)
        document = self.definition.document
        return Location(document.file, print_path(full), *document.locate(full))


FLAGS = frozenset({"withdrawn", "isAssignable"})
"""What a definition says of a system beside its document."""


def read_flag(name: str, value: Json) -> Json:
    """Read a flag as true or false; any other member's value is given back as it is."""
    return read_truth(value) if name in FLAGS else value


class ShapeError(NamedTuple):
    """A value of the wrong type, or a member that a part of the document lacks."""

    path: Path
    missing: bool
    found: object
    expected: str


_EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "literal_error": f"{' or '.join(f'`{each}`' for each in KINDS)}",
}


_SHARED = ("vendor", "rights", "accessPackages")
"""The members that are often the same in many definitions: those with parts, which take most of the memory."""
_MOST_SHARED = 10_000
_LONGEST_SHARED = 2_000
"""How many such values are known at a time, and the characters of one."""
_known: dict[tuple[str, str], Json] = {}
"""What such a member was read as, by what is written: the text of a value is another for every other value."""


def check_shape(
    members: Mapping[str, Json], *, top: bool
) -> tuple[tuple[ShapeError, ...], Mapping[str, Json]]:
    """Check written values against the declared types; `top` for a whole file, else an overlay.

    Gives what is wrong, and the values as they were read where nothing is wrong with what is sent.
    """
    problems: list[ShapeError] = []
    values: Mapping[str, Json] = {}
    try:
        values = read_shape(members)
    except ValidationError as error:
        problems += _list_problems((), error)
    for name, adapter in (("allow", _open_allow), (REQUESTS, _open_requests)):
        if name in members and (top or name not in TOP_ONLY):
            try:
                adapter().validate_python(members[name], strict=True)
            except ValidationError as error:
                problems += _list_problems((name,), error)
    return tuple(problems), values


def _list_problems(prefix: Path, error: ValidationError) -> Iterator[ShapeError]:
    for each in error.errors(include_url=False, include_context=False):
        path = (*prefix, *each["loc"])
        expected = _EXPECTED.get(each["type"], "something else")
        yield ShapeError(path, each["type"] == "missing", each["input"], expected)


def read_shape(members: Mapping[str, Json]) -> dict[str, Json]:
    """Read written values as those of a system, and two flags; raises `ValidationError`.

    Equal parts of many definitions are one object.
    """
    written = {name: value for name, value in members.items() if name not in TOP_ONLY and name != REQUESTS}
    keys = {name: (name, repr(written[name])) for name in _SHARED if name in written}
    known = {**written, **{name: _known[key] for name, key in keys.items() if key in _known}}
    readers = _list_readers()
    try:
        values = {name: readers[name](value) for name, value in known.items()}
    except (NotPlain, KeyError):
        read = Overlay.model_validate(known)
        values = {name: getattr(read, name) for name in written}
    for name, key in keys.items():
        if len(key[1]) <= _LONGEST_SHARED and len(_known) < _MOST_SHARED:
            values[name] = _known.setdefault(key, values[name])
    return values


@cache
def _list_readers() -> Mapping[str, Reader]:
    return list_readers(Overlay)


@cache
def _open_requests() -> TypeAdapter[dict[str, RequestMembers]]:
    return TypeAdapter(dict[Text, RequestMembers])


@cache
def _open_allow() -> TypeAdapter[dict[str, str | dict[str, str]]]:
    return TypeAdapter(dict[Text, Text | dict[Text, Text]])


def read_templates(written: Json) -> dict[str, Template]:
    """Read the templates of `requests`, which are sound, by their names."""
    return {
        name: each.name(name) for name, each in _open_requests().validate_python(written, strict=True).items()
    }
