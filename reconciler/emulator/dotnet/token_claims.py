"""The claims of a verified token, as the token library gives them to the service.

System Register contract §5 (`clientId`) and §6.1: claims become text, and of a list the first element counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.numbers import write_number

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a valid token; times are seconds since the epoch."""

    claims: Mapping[str, object]
    expires: float
    not_before: float = 0.0

    def find(self, name: str) -> str | None:
        """Give a claim as text, of a list its first element; None if absent."""
        if name not in self.claims:
            return None
        value = self.claims[name]
        if isinstance(value, list):
            return write_claim(value[0]) if value else None
        return write_claim(value)

    @property
    def scope(self) -> str:
        """The scope string of contract §6.2: the federation's claim before Maskinporten's."""
        scope = self.find("urn:altinn:scope")
        return (self.find("scope") or "") if scope is None else scope

    @property
    def client_id(self) -> str | None:
        """The Maskinporten client, for the change log."""
        return self.find("client_id")


def write_claim(value: object) -> str:
    """Write the value of a claim as the token library does (contract §5)."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, int | float):
        return write_number(str(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
