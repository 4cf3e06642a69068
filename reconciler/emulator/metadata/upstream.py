"""The register's calls to the two metadata APIs and to the issuer's keys, with faults applied.

System Register contract §3, §8 and §9.5: only what the service uses of an answer is emulated: the
status, the resource type and two flags.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from reconciler.emulator.catalogue import KnownPackage
from reconciler.emulator.dotnet.failures import UpstreamFailure
from reconciler.emulator.metadata.access_packages import PACKAGES
from reconciler.emulator.metadata.resource_registry import RESOURCES

if TYPE_CHECKING:
    from reconciler.emulator.catalogue import MetadataCatalogue
    from reconciler.emulator.control.fault_rules import FaultRules
    from reconciler.emulator.server.server import Network

UPSTREAM_SECONDS = 30.0
"""The timeout of a call to a metadata API (contract Q18)."""
KEYS = "/maskinporten/jwk"
USUAL = object()
"""No fault replaces the answer, which comes from the catalogue."""
NO_TOKENS = (
    "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, "
    "when isFinalBlock is true."
)
_OTHER_ROUTES = frozenset({"resourcelist", "export", "search"})
"""Resource ids that name another route of the registry, whose answer cannot be read (contract Q19)."""
_OBJECTS = frozenset({"orgs", "updated", "changes"})
"""Resource ids that name a route whose answer reads as a resource without a type (contract §8.1)."""
_LOST = frozenset(" /\0")
"""Characters of ids that are never found: a blank is sent as a plus, a slash stays encoded, NUL is refused."""


@dataclass(frozen=True, slots=True)
class SimulatedUpstream:
    """The metadata APIs and the issuer's keys as the register sees them."""

    catalogue: MetadataCatalogue
    faults: FaultRules
    network: Network

    async def resource_type(self, value: str) -> str | None:
        """Ask for a resource's type; None is any status but 200."""
        answer = await self._strike(f"{RESOURCES}/{quote_plus(value)}")
        if answer is not USUAL:
            kind = answer.get("resourceType") if isinstance(answer, dict) else None
            return None if answer is None else str(kind or "Default")
        if value.lower() in _OTHER_ROUTES:
            raise UpstreamFailure(
                "The JSON value could not be converted to Altinn.Platform.Authentication.Core.Models."
                "ResourceRegistry.ServiceResource. Path: $ | LineNumber: 0 | BytePositionInLine: 1."
            )
        if value.lower() in _OBJECTS:
            return "Default"
        kind = None if _LOST.intersection(value) else self.catalogue.find_resource(value)
        return "Default" if kind == "" else kind

    async def package(self, urn: str) -> KnownPackage | None:
        """Ask for a package by its whole URN; None is any status but 200."""
        answer = await self._strike(f"{PACKAGES}/package/urn/{quote_plus(urn)}")
        if isinstance(answer, dict):
            is_delegable, is_assignable = (
                answer.get(name) is True for name in ("isDelegable", "isAssignable")
            )
            return KnownPackage(urn, "", is_delegable, is_assignable, "")
        if answer is not USUAL:
            return None
        return None if _LOST.intersection(urn) else self.catalogue.find_package(urn)

    async def has_keys(self) -> bool:
        """Say whether the issuer's keys can be fetched."""
        try:
            return await self._strike(KEYS) is USUAL
        except UpstreamFailure:
            return False

    async def _strike(self, path: str) -> object:
        """Apply faults to a call: gives `USUAL`, an object instead of the answer, or None for "not found" (§9.5).

        Raises `UpstreamFailure` if there is no answer, or one that cannot be read.
        """
        # NOTE: each is a call of its own; meanwhile other requests are served and the client may disconnect.
        await asyncio.sleep(0)
        for fault in self.faults.take("register", "GET", path) if self.faults.faults else ():
            if fault.kind == "latency":
                await self.network.pause(fault.seconds)
            elif fault.kind == "status":
                return None if fault.status != 200 else _read_body(fault.body or "")
            elif fault.kind in {"reset", "refuse"}:
                raise UpstreamFailure("Connection refused (platform.altinn.no:443)")
            elif fault.kind == "truncate":
                raise UpstreamFailure("The response ended prematurely. (ResponseEnded)")
            elif fault.kind == "timeout":
                await self.network.pause(min(fault.seconds, UPSTREAM_SECONDS))
                raise UpstreamFailure(
                    "The operation didn't complete within the allowed timeout of '00:00:30'."
                )
        return USUAL


def _read_body(text: str) -> object:
    """Read an object or null; raises `UpstreamFailure` for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        first = f"'{text[:1]}' is an invalid start of a value." if text.strip() else NO_TOKENS
        raise UpstreamFailure(f"{first} Path: $ | LineNumber: 0 | BytePositionInLine: 0.") from None
    if value is not None and not isinstance(value, dict):
        raise UpstreamFailure(
            "The JSON value could not be converted. Path: $ | LineNumber: 0 | BytePositionInLine: 1."
        )
    return value
