"""The two metadata APIs as the register asks them, through whatever faults strike its calls.

System Register contract §3, §8 and §9.5: it sees only what the service uses of an answer, which is the
status, the resource type and two flags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from reconciler.emulator.access_packages import PACKAGES
from reconciler.emulator.failures import UpstreamFailure
from reconciler.emulator.resource_registry import RESOURCES

if TYPE_CHECKING:
    from reconciler.emulator.catalogue import Catalogue, Package
    from reconciler.emulator.faults import Faults
    from reconciler.emulator.server import Network

UPSTREAM_SECONDS = 30.0
"""When the register gives a metadata API up (contract Q18)."""
KEYS = "/maskinporten/jwk"
_OTHER_ROUTES = frozenset({"resourcelist", "export", "search"})
"""Resource ids that hit another route of the registry, whose answer cannot be read (contract Q19)."""
_OBJECTS = frozenset({"orgs", "updated", "changes"})
"""Resource ids that hit a route whose answer is read as a resource without a type (contract §8.1)."""
_LOST = frozenset(" /\0")
"""A blank is asked for as a plus, which is none in a path; a slash stays escaped; zero is refused."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The two APIs as the register sees them, through whatever faults strike its calls."""

    catalogue: Catalogue
    faults: Faults
    network: Network

    async def resource_type(self, value: str) -> str | None:
        """Ask for a resource's type; None is any status but 200."""
        if await self._is_out(f"{RESOURCES}/{quote_plus(value)}"):
            return None
        if value.lower() in _OTHER_ROUTES:
            raise UpstreamFailure(
                "The JSON value could not be converted to Altinn.Platform.Authentication.Core.Models."
                "ResourceRegistry.ServiceResource. Path: $ | LineNumber: 0 | BytePositionInLine: 1."
            )
        if value.lower() in _OBJECTS:
            return "Default"
        kind = None if _LOST.intersection(value) else self.catalogue.find_resource(value)
        return "Default" if kind == "" else kind

    async def package(self, urn: str) -> Package | None:
        """Ask for a package by its whole URN; None is any status but 200."""
        if await self._is_out(f"{PACKAGES}/package/urn/{quote_plus(urn)}"):
            return None
        return None if _LOST.intersection(urn) else self.catalogue.find_package(urn)

    async def has_keys(self) -> bool:
        """Say whether the issuer's keys can be fetched, which every check of a token may need."""
        try:
            return not await self._is_out(KEYS)
        except UpstreamFailure:
            return False

    async def _is_out(self, path: str) -> bool:
        """Say whether a fault answers for the API; raises `UpstreamFailure` where nobody answers."""
        for fault in self.faults.take("register", "GET", path) if self.faults.faults else ():
            if fault.kind == "latency":
                await self.network.pause(fault.seconds)
            elif fault.kind == "status" and fault.status != 200:
                return True
            elif fault.kind in {"reset", "refuse"}:
                raise UpstreamFailure("Connection refused (platform.altinn.no:443)")
            elif fault.kind == "timeout":
                await self.network.pause(min(fault.seconds, UPSTREAM_SECONDS))
                raise UpstreamFailure(
                    "The operation didn't complete within the allowed timeout of '00:00:30'."
                )
        return False
