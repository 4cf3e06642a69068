"""The bodies of the three POSTs, bound and checked as ASP.NET does.

System users contract §3.1 to §3.3, steps 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.characters import WHITE_SPACE
from reconciler.emulator.dotnet.json_reader import Malformed
from reconciler.emulator.dotnet.model_errors import require
from reconciler.emulator.dotnet.request_bodies import bind_json
from reconciler.emulator.register import model_validation
from reconciler.emulator.register.body_binding import Binder
from reconciler.emulator.register.model_validation import list_right_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.emulator.dotnet.json_reader import JsonReader
    from reconciler.emulator.dotnet.request_bodies import RequestBody
    from reconciler.emulator.register.documents import RequestedPackage, RequestedRight, Unknown

_MODELS = "Altinn.Platform.Authentication.Core.Models.SystemUsers"
_STANDARD, _AGENT = f"{_MODELS}.CreateRequestSystemUser", f"{_MODELS}.CreateAgentRequestSystemUser"
_CHANGE = f"{_MODELS}.ChangeRequestSystemUser"
"""The C# names that binding errors mention."""


@dataclass(slots=True)
class AskedAccess:
    """The body that asks for a system user; None is absent or null."""

    system_id: str | None = None
    org: str | None = None
    reference: str | None = None
    title: str | None = None
    redirect: str | None = None
    rights: list[RequestedRight | None] | None = None
    packages: list[RequestedPackage | None] | None = None
    unknown: Unknown = field(default_factory=dict)

    def trim(self) -> None:
        """Trim the texts of the top level, as the service's filter does."""
        self.system_id, self.org = _trim(self.system_id), _trim(self.org)
        self.reference, self.title = _trim(self.reference), _trim(self.title)
        self.redirect = _trim(self.redirect)


@dataclass(slots=True)
class AskedChange:
    """The body of a change request."""

    required_rights: list[RequestedRight | None] | None = field(default_factory=list)
    unwanted_rights: list[RequestedRight | None] | None = field(default_factory=list)
    required_packages: list[RequestedPackage | None] | None = field(default_factory=list)
    unwanted_packages: list[RequestedPackage | None] | None = field(default_factory=list)
    redirect: str | None = None
    unknown: Unknown = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Say whether nothing is asked for."""
        lists = (self.required_rights, self.unwanted_rights, self.required_packages, self.unwanted_packages)
        return not any(lists)


def bind_access(body: RequestBody, *, is_agent: bool) -> AskedAccess:
    """Bind the body of a request, trimmed; raises `ModelError`."""
    kind, parameter = (_AGENT, "createAgentRequest") if is_agent else (_STANDARD, "createRequest")
    asked = bind_json(body, parameter, {}, lambda reader: _Binder(reader).access(kind))
    model_validation.check(_list_access_faults(asked, is_agent=is_agent), {})
    asked.trim()
    return asked


def bind_change(body: RequestBody, found: Mapping[str, list[str]]) -> AskedChange:
    """Bind the body of a change request; `found` are the errors of the query. Raises `ModelError`."""
    asked = bind_json(body, "createRequest", found, lambda reader: _Binder(reader).change())
    model_validation.check(_list_change_faults(asked), found)
    asked.redirect = _trim(asked.redirect)
    return asked


def _trim(text: str | None) -> str | None:
    return None if text is None else text.strip(WHITE_SPACE)


def _list_access_faults(asked: AskedAccess, *, is_agent: bool) -> Iterator[tuple[str, str]]:
    for name, text in (("SystemId", asked.system_id), ("PartyOrgNo", asked.org)):
        if not (text or "").strip(WHITE_SPACE):
            yield name, require(name)
    if not is_agent:
        yield from list_right_faults(asked.rights or [], "Rights")
    elif asked.packages is None:
        yield "AccessPackages", require("AccessPackages")


def _list_change_faults(asked: AskedChange) -> Iterator[tuple[str, str]]:
    for name, rights in (
        ("RequiredRights", asked.required_rights),
        ("UnwantedRights", asked.unwanted_rights),
    ):
        if rights is None:
            yield name, require(name)
        yield from list_right_faults(rights or [], name)
    packages = {
        "RequiredAccessPackages": asked.required_packages,
        "UnwantedAccessPackages": asked.unwanted_packages,
    }
    for name, listed in packages.items():
        if listed is None:
            yield name, require(name)


class _Binder(Binder):
    """Reads one of the three bodies."""

    def __init__(self, reader: JsonReader) -> None:
        super().__init__(reader)
        access = {
            "systemid": ("system_id", self._text),
            "partyorgno": ("org", self._text),
            "externalref": ("reference", self._text),
            "integrationtitle": ("title", self._text),
            "redirecturl": ("redirect", self._text),
            "accesspackages": ("packages", self._packages),
        }
        self._members = {
            **self._members,
            _STANDARD: {**access, "rights": ("rights", self._rights)},
            _AGENT: access,
            _CHANGE: {
                "requiredrights": ("required_rights", self._rights),
                "unwantedrights": ("unwanted_rights", self._rights),
                "requiredaccesspackages": ("required_packages", self._packages),
                "unwantedaccesspackages": ("unwanted_packages", self._packages),
                "redirecturl": ("redirect", self._text),
            },
        }

    def access(self, kind: str) -> AskedAccess | None:
        """Read a request; the type of standard requests requires two members."""

        def bind(first: bytes) -> AskedAccess:
            asked = AskedAccess()
            bound = self._fill(asked, first, kind)
            required = {"systemid": "systemId", "partyorgno": "partyOrgNo"} if kind == _STANDARD else {}
            missing = [f"'{shown}'" for name, shown in required.items() if name not in bound]
            if missing:
                message = (
                    f"JSON deserialization for type '{kind}' was missing required properties including: "
                )
                raise Malformed(f"{message}{', '.join(missing)}.", self._reader.path())
            return asked

        return self._root(bind)

    def change(self) -> AskedChange | None:
        """Read a change request."""

        def bind(first: bytes) -> AskedChange:
            asked = AskedChange()
            self._fill(asked, first, _CHANGE)
            return asked

        return self._root(bind)
