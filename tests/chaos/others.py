"""Whoever else writes to the register while the program runs, and the account of what they wrote."""

from __future__ import annotations

import copy
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.scenario import UNKNOWN, Author, a_right, a_vendor

if TYPE_CHECKING:
    from random import Random

    from tests.chaos.proxy import Exchange
    from tests.chaos.register import Register
    from tests.chaos.scenario import Document, Scenario
    from tests.chaos.trouble import Strike


@dataclass
class Written:
    """One write of somebody else that the register carried out."""

    run: int
    """The number of the command that was under way."""
    exchange: int
    """The number of the request at which it came."""
    phase: str
    system: str
    what: str
    client: str
    marker: str
    """A text that is in nothing else; empty where the write has none."""
    created: str
    """The time of its entry in the change log."""
    own_client: bool = False

    @property
    def signs(self) -> tuple[str, ...]:
        """The texts by which a report of it can be known."""
        clients = () if self.own_client else (self.client,)
        return tuple(filter(None, (*clients, self.marker, self.created)))

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"run {self.run}, {self.phase} request {self.exchange}: {self.what} {self.system} "
            f"by {self.client} ({self.marker}) at {self.created}"
        )


@dataclass
class Claimed:
    """A client id that somebody else took to a system of theirs."""

    client_id: str
    holder: str
    org: str
    by: str
    wanted_by: str


@dataclass
class Others:
    """The other writers of a round."""

    register: Register
    scenario: Scenario
    dice: Random
    own_client: str
    """The program's."""
    written: list[Written] = field(default_factory=list)
    claimed: list[Claimed] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0

    def write(self, strike: Strike, exchange: Exchange, run: int) -> bool:
        """Write at this moment; says whether there was something to write."""
        with self.lock:
            self.number += 1
            client = self.own_client if strike.own_client else str(Author(self.dice, "").a_client())
            if strike.writes == "claim":
                return self._claim(exchange, client)
            target = self._choose(strike, exchange)
            if not target:
                return False
            how = "create" if strike.toward and self.scenario.systems[target].live is None else strike.writes
            marker = f"rival{self.number}x{self.dice.randrange(10**6)}"
            done = getattr(self, f"_{how}")(target, client, marker)
            if not done:
                return False
            _, log = self.register.ask_as(self.scenario.vendor, "witness", "GET", f"/{target}/changelog")
            said = "" if how == "delete" else marker
            created = log[0]["created"] if log else ""
            where = (exchange.number, strike.phase, target, how)
            self.written.append(Written(run, *where, client, said, created, strike.own_client))
            exchange.notes.append(f"wrote {target} as {client}")
            return True

    def _choose(self, strike: Strike, exchange: Exchange) -> str:
        """Choose whom to write to: the system of the request, or another one of the round."""
        if strike.toward:
            one = exchange.system if strike.toward == "next" else exchange.previous
            return one if one in self.scenario.systems else ""
        systems = self.scenario.systems.values()
        known = [each.id for each in systems if (each.live is None) is (strike.writes == "create")]
        if not strike.elsewhere and exchange.system in known:
            return exchange.system
        return self.dice.choice(known) if known else ""

    def read(self, name: str) -> Document | None:
        """Read a system; None where there is none, or it is deleted."""
        status, document = self.register.ask_as(self.scenario.vendor, "witness", "GET", f"/{name}")
        return document if status == 200 and not document["isDeleted"] else None

    def _put(self, name: str, client: str, marker: str) -> bool:
        """Change one thing or another in a document, and leave the rest as it is."""
        document = self.read(name)
        if document is None:
            return False
        body = copy.deepcopy(document)
        change = self.dice.randrange(4)
        if change == 0:
            body["name"]["en"] = marker
        elif change == 1:
            body["description"]["nb"] = marker
            body["isVisible"] = not body["isVisible"]
        elif change == 2:
            body["allowedRedirectUrls"] = [*body["allowedRedirectUrls"], f"https://{marker}.example/back"]
        else:
            body["name"]["nn"] = marker
            body[UNKNOWN] = f"{marker}@b.no"
        status, _ = self.register.ask_as(self.scenario.vendor, client, "PUT", f"/{name}", body)
        return status == 200

    def _delete(self, name: str, client: str, marker: str) -> bool:
        del marker
        if self.read(name) is None:
            return False
        self.register.ask_as(self.scenario.vendor, client, "DELETE", f"/{name}")
        return self.read(name) is None

    def _create(self, name: str, client: str, marker: str) -> bool:
        body = self._make(name, self.scenario.vendor, marker)
        status, _ = self.register.ask_as(self.scenario.vendor, client, "POST", "", body)
        return status == 200

    def _make(self, name: str, org: str, marker: str) -> Document:
        texts = dict.fromkeys(("en", "nb", "nn"), marker)
        return {
            "id": name,
            "vendor": {"ID": f"0192:{org}"},
            "name": texts,
            "description": texts,
            "rights": [a_right("ske-krav-og-betalinger")],
            "accessPackages": [],
            "clientId": [],
            "isVisible": False,
            "allowedRedirectUrls": [],
        }

    def _claim(self, exchange: Exchange, client: str) -> bool:
        """Take a client id that a write is about to claim, with a system of ours or of another vendor."""
        try:
            wanted = json.loads(exchange.body).get("clientId") or []
        except ValueError:
            return False
        held = (self.read(exchange.system) or {}).get("clientId", ())
        org = self.scenario.vendor if self.dice.random() < 0.5 else a_vendor(900_000)
        for client_id in wanted:
            if client_id in held:
                continue
            name = f"{org}_thief{self.scenario.vendor}{self.number}"
            body = {**self._make(name, org, f"thief{self.number}"), "clientId": [client_id]}
            status, _ = self.register.ask_as(org, client, "POST", "", body)
            if status == 200:
                self.claimed.append(Claimed(client_id, name, org, client, exchange.system))
                exchange.notes.append(f"{name} took {client_id}")
                return True
        return False

    def let_go(self) -> None:
        """Give up every client id that was taken."""
        for each in self.claimed:
            body = self._make(each.holder, each.org, "let go")
            status, answer = self.register.ask_as(each.org, each.by, "PUT", f"/{each.holder}", body)
            assert status == 200, answer
        self.claimed.clear()
