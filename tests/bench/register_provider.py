"""A provider for octoDNS that reads a zone as one system of the register: one request, one record a member.

It uses the standard library's HTTP client with one connection a thread, which costs less than any client library.
"""

from __future__ import annotations

import json
import logging
import threading
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from octodns.provider.base import BaseProvider
from octodns.record import Record

from tests.builders import VENDOR

if TYPE_CHECKING:
    from octodns.provider.plan import Plan
    from octodns.zone import Zone

_PREFIX = "/authentication/api/v1/systemregister/vendor"


class RegisterProvider(BaseProvider):  # type: ignore[misc]  # octoDNS has no types
    """Systems of the register as zones; it cannot write."""

    SUPPORTS = frozenset({"TXT"})
    SUPPORTS_GEO = False

    def __init__(self, id: str, base: str, token: str, **options: Any) -> None:  # noqa: A002, ANN401 - octoDNS's own
        self.log = logging.getLogger(f"RegisterProvider[{id}]")
        super().__init__(id, **options)
        self._address = urlsplit(base).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._own = threading.local()

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - octoDNS's own
        """Read the system of a zone."""
        del target
        document = self._read(f"{VENDOR}_{zone.name.partition('.')[0]}")
        if document is None:
            return False
        for name, values in _list_members(document):
            data = {"type": "TXT", "ttl": 3600, "values": values}
            zone.add_record(Record.new(zone, name, data, source=self, lenient=lenient), lenient=lenient)
        return True

    def _read(self, name: str) -> Any:  # noqa: ANN401 - JSON
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(self._address, timeout=60)
        connection.request("GET", f"{_PREFIX}/{name}", headers=self._headers)
        answer = connection.getresponse()
        content = answer.read()
        return json.loads(content) if answer.status == 200 else None

    def _apply(self, plan: Plan) -> None:
        raise NotImplementedError


def _list_members(document: Any) -> list[tuple[str, list[str]]]:  # noqa: ANN401 - JSON
    """List the records of a document: one for each member of a definition."""
    return [
        ("access", [each["urn"] for each in document["accessPackages"]]),
        ("client", document["clientId"]),
        ("description", sorted(document["description"].values())),
        ("name", sorted(document["name"].values())),
        ("redirect", document["allowedRedirectUrls"]),
        ("rights", [each["resource"][0]["value"] for each in document["rights"]]),
        ("vendor", [document["vendor"]["ID"].partition(":")[2]]),
        ("visible", [str(document["isVisible"]).lower()]),
    ]
