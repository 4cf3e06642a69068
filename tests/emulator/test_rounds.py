"""Random rounds of clients that write one vendor's systems at once, some cut off: what is left agrees."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from reconciler.emulator import start
from tests.emulator.callers import VENDOR, connect, control, fetch_token, make_document
from tests.emulator.raw_connections import split

if TYPE_CHECKING:
    import httpx

    from reconciler.emulator import Emulator

    Json = dict[str, object]

MOST_CLIENTS = 16
LEAST_STORED, MOST_STORED = 3, 11
"""Of sixteen PUTs at once: the fewest and the most that the service has stored (contract §9.4)."""
TYPES = {"PUT": "update", "rights": "rightsupdate", "accesspackages": "accesspackageupdate"}
RIGHTS = ("ske-krav-og-betalinger", "kravogbetaling")


@dataclass
class Sent:
    """One write, and what became of it; no status is none that the client waited for."""

    client: str
    system: str
    kind: str
    ids: list[str]
    status: int | None = None
    began: float = 0.0
    ended: float = 0.0

    def may_fail_by(self, other: Sent) -> bool:
        """Say whether the other write may have won a race against this one."""
        overlaps = self.began <= other.ended and other.began <= self.ended
        return overlaps and (self.system == other.system or not {*self.ids}.isdisjoint(other.ids))


@dataclass
class Round:
    """Some systems of one vendor, some client ids that they fight for, and everybody who writes."""

    emulator: Emulator
    dice: random.Random
    tokens: list[tuple[str, str]]
    """Maskinporten's client and its token, for each writer."""
    systems: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    """Those of the systems that exist before the round."""
    is_struck: bool = False
    """Whether one of the writes is committed and not acknowledged."""
    wanted: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    async def run(self) -> None:
        """Write from all clients at once."""
        self.systems = [str(make_document()["id"]) for _ in range(self.dice.randint(1, 3))]
        self.wanted = [str(uuid.uuid4()) for _ in range(3)]
        self.there = self.systems[: self.dice.randint(1, len(self.systems))]
        control(self.emulator, "POST", "systems", [make_document(one, clientId=[]) for one in self.there])
        control(self.emulator, "PUT", "transactions", {"seconds": self.dice.choice((0.002, 0.005, 0.01))})
        self.is_struck = self.dice.random() < 0.3
        if self.is_struck:
            lost = {"fault": "unacknowledged", "path": "*/vendor*", "skip": self.dice.randrange(10)}
            control(self.emulator, "POST", "faults", lost)
        many = self.dice.randint(2, MOST_CLIENTS)
        await asyncio.gather(*(self.write(*token) for token in self.tokens[:many]))
        control(self.emulator, "DELETE", "faults")

    async def write(self, client: str, token: str) -> None:
        """Send some writes of one client, one after another."""
        for _ in range(self.dice.randint(1, 3)):
            system = self.dice.choice(self.systems)
            kind = self.dice.choice(("PUT", "PUT", "POST", "POST", "rights", "accesspackages", "DELETE"))
            ids = self.choose_ids()
            sent = Sent(client, system, kind, ids if kind in {"PUT", "POST"} else [])
            self.sent.append(sent)
            cut = self.dice.uniform(0, 0.03) if self.dice.random() < 0.2 else None
            sent.began = time.monotonic()
            sent.status = await self.send(self.compose(system, kind, token, ids), cut)
            sent.ended = time.monotonic()

    def choose_ids(self) -> list[str]:
        """Choose some of the client ids that everybody wants."""
        ids = self.dice.sample(self.wanted, self.dice.randint(0, 2))
        if self.dice.random() < 0.98:
            ids.sort()  # any other order may deadlock, which takes a second
        return ids

    def compose(self, system: str, kind: str, token: str, ids: list[str]) -> bytes:
        """Write a request."""
        names = {"nb": uuid.uuid4().hex, "nn": "x", "en": "x"}
        document = make_document(system, name=names, clientId=ids, isVisible=False)
        value = self.dice.choice(RIGHTS)
        path, method = f"{VENDOR}/{system}", kind
        body: object = None
        if kind in {"PUT", "POST"}:
            body, path = document, path if kind == "PUT" else VENDOR
        elif kind == "rights":
            method, path = "PUT", f"{path}/rights"
            body = [{"resource": [{"id": "urn:altinn:resource", "value": value}]}]
        elif kind == "accesspackages":
            method, path, body = "PUT", f"{path}/accesspackages", []
        text = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
        )
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text

    async def send(self, data: bytes, cut: float | None) -> int | None:
        """Send a request and wait for its answer, or for so long."""
        address = urlsplit(self.emulator.base)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(data)
            async with asyncio.timeout(10 if cut is None else cut):
                data = await reader.read()
        except TimeoutError:
            if cut is None:
                raise
            return None
        finally:
            writer.transport.abort()
        (answer,) = split(data)
        return answer.status

    def check(self, witness: httpx.Client) -> Counter[int | None]:
        """Compare rows, client ids and log with the answers; gives how many answers there were of each."""
        holders: dict[str, str] = {}
        entries: list[Json] = []
        for system in self.systems:
            log = witness.get(f"{VENDOR}/{system}/changelog")
            changes = log.json()[::-1] if log.status_code == 200 else []
            entries += [{**change, "system": system} for change in changes]
            self.check_row(witness, system, changes)
            self.check_answers(system, changes)
        for entry in sorted(entries, key=lambda one: str(one["created"])):
            _account(holders, entry)
        for client_id in self.wanted:
            probe = make_document(clientId=[client_id], allowedRedirectUrls=["http://refused.example"])
            assert ("AUTH.VLD-00004" in witness.post(VENDOR, json=probe).text) is (client_id in holders)
        self.check_losers()
        return Counter(sent.status for sent in self.sent)

    def check_losers(self) -> None:
        """Nobody loses a race unless a write that overlaps it is stored, or may be."""
        if any(sent.ids != sorted(sent.ids) for sent in self.sent):
            return  # of those in a deadlock the one that goes on may lose to a third
        stored = {200, None, 500 if self.is_struck else 200}
        winners = [
            sent
            for sent in self.sent
            if sent.status in stored or (sent.kind, sent.status) == ("DELETE", 400)  # done, and none freed
        ]
        losers = [sent for sent in self.sent if sent.status in {409, 500}]
        unexplained = [
            sent
            for sent in losers
            if (sent.system in self.there or sent.kind in {"PUT", "POST"})
            and not any(sent.may_fail_by(other) for other in winners if other is not sent)
        ]
        assert len(unexplained) <= self.is_struck, unexplained

    def check_row(self, witness: httpx.Client, system: str, changes: list[Json]) -> None:
        """A row is what its log says, change by change."""
        expected: Json = {}
        for change in changes:
            data = change.get("changedData")
            if change["changeType"] in {"create", "update"} and isinstance(data, dict):
                expected |= {
                    "name": data["Name"],
                    "clientId": data["ClientId"],
                    "rights": len(data["Rights"]),
                }
            elif change["changeType"] == "rightsupdate" and isinstance(data, list):
                expected["rights"] = [pair["value"] for right in data for pair in right["Resource"]]
            elif change["changeType"] == "delete":
                expected["isDeleted"] = True
        row = witness.get(f"{VENDOR}/{system}")
        if not changes:
            assert row.status_code == 404
            return
        stored = row.json()
        if isinstance(expected["rights"], int):
            expected["rights"] = [RIGHTS[0]] * expected["rights"]
        rights = [pair["value"] for right in stored["rights"] for pair in right["resource"]]
        shown = {**stored, "rights": rights}
        assert {name: shown[name] for name in expected} == expected

    def check_answers(self, system: str, changes: list[Json]) -> None:
        """Every success has its entry; no other answer has one, but for one that was not acknowledged."""
        log = control(self.emulator, "GET", "log").json()
        struck = Counter(
            (entry["client_id"], entry["path"])
            for entry in log
            if entry["status"] == 500 and "unacknowledged before" in entry["faults"]
        )
        logged = Counter((change.get("clientId"), change["changeType"]) for change in changes)
        for client, _ in self.tokens:
            for kind in ("PUT", "POST", "rights", "accesspackages", "DELETE"):
                mine = [
                    one for one in self.sent if (one.client, one.system, one.kind) == (client, system, kind)
                ]
                type_ = TYPES.get(kind, {"POST": "create", "DELETE": "delete"}.get(kind, ""))
                done = sum(one.status == 200 for one in mine)
                maybe = sum(one.status is None for one in mine)
                if kind == "DELETE":
                    maybe += sum(one.status == 400 for one in mine)
                path = {"POST": VENDOR, "PUT": f"{VENDOR}/{system}", "DELETE": f"{VENDOR}/{system}"}.get(
                    kind, f"{VENDOR}/{system}/{kind}"
                )
                if struck[(client, path)]:
                    maybe += sum(one.status == 500 for one in mine)
                assert done <= logged[(client, type_)] <= done + maybe, (client, kind)


def _account(holders: dict[str, str], entry: Json) -> None:
    """Follow who holds which client id through one change."""
    system, data = str(entry["system"]), entry.get("changedData")
    if entry["changeType"] in {"create", "update", "delete"}:
        for client_id in [one for one, holder in holders.items() if holder == system]:
            del holders[client_id]
    if isinstance(data, dict):
        for client_id in data["ClientId"]:
            assert client_id not in holders, "a client id has one holder"
            holders[client_id] = system


def run_rounds(seed: int, many: int) -> Counter[int | None]:
    """Run so many rounds on one emulator."""
    dice = random.Random(seed)  # noqa: S311 - chooses cases
    total: Counter[int | None] = Counter()
    with start() as emulator, connect(emulator) as witness:
        names = [str(uuid.uuid4()) for _ in range(MOST_CLIENTS)]
        tokens = [(name, fetch_token(emulator, client_id=name)) for name in names]
        for _ in range(many):
            one = Round(emulator, dice, tokens)
            asyncio.run(one.run())
            total += one.check(witness)
            control(emulator, "DELETE", "log")
    assert set(total) <= {200, 400, 404, 409, 500, None}
    return total


def test_some_rounds() -> None:
    """§9.3, §9.4: rows, client ids and log agree after every round."""
    total = run_rounds(1, 4)
    assert total[200] > 0


@pytest.mark.thorough
def test_many_rounds() -> None:
    """§9.3, §9.4: 300 rounds of two to sixteen clients; there are all kinds of answers."""
    total = run_rounds(2, 300)
    assert min(total[status] for status in (200, 400, 409, 500, None)) > 0


def test_bursts() -> None:
    """§9.4: of sixteen PUTs at once on one system three to eleven are stored; the others are 500 and are not."""
    with start() as emulator, connect(emulator) as witness:
        one = Round(emulator, random.Random(3), [])  # noqa: S311 - chooses cases
        token = fetch_token(emulator)
        total: Counter[int | None] = Counter()

        async def burst(system: str) -> list[int | None]:
            requests = [one.compose(system, "rights", token, []) for _ in range(MOST_CLIENTS)]
            return list(await asyncio.gather(*(one.send(data, None) for data in requests)))

        bursts = 10
        for _ in range(bursts):
            document = make_document()
            control(emulator, "POST", "systems", document)
            statuses = Counter(asyncio.run(burst(str(document["id"]))))
            assert set(statuses) <= {200, 500}
            log = witness.get(f"{VENDOR}/{document['id']}/changelog").json()
            assert len(log) == 1 + statuses[200] > 1
            total += statuses
        assert LEAST_STORED * bursts <= total[200] <= MOST_STORED * bursts
