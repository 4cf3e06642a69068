"""A program that asks customers by a plan and kills itself on the way, as `crash` does with a plan of apply."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.system_users import SystemUsers
from reconciler.execution.ask_journal import open_ask_journal, read_ask_journals
from reconciler.execution.ask_outcome import AskState
from reconciler.execution.asking import Pace, carry_out_asks
from reconciler.model.customers import READ, WRITE
from reconciler.model.environment import SCOPE, Environment
from reconciler.model.secret import Secret
from reconciler.planning.ask_plan import read_ask_plan
from tests.execution.crash import Fuse, Fused, serve

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_WRITE, _SYNC = os.write, os.fsync


def carry_out(job: dict[str, Json]) -> int:
    """Carry out a plan until the fuse has reached 0; gives the number of events.

    Writes who failed, with code and reason, beside the journal.
    """
    fuse = Fuse(job["at"])
    plan = read_ask_plan(Path(job["plan"]).read_bytes())
    folder = Path(job["journal"])
    environment = Environment("served", job["base"], f"{job['base']}/maskinporten/")
    tokens = {each: GivenToken(Secret(job["token"])) for each in (READ, WRITE, SCOPE)}
    with SystemUsers(environment, tokens, read_only=False, transport=Fused(fuse)) as service:
        os.write, os.fsync = fuse.write, fuse.sync  # type: ignore[assignment]  # they stand in for these
        records = read_ask_journals(folder, plan.register_)
        others = [each for each in records if each.start.digest != plan.digest]
        journal = open_ask_journal(folder, plan, "0.1.0")
        report = carry_out_asks(plan, service, journal, others, Pace(seconds=0))
        journal.close()
        os.write, os.fsync = _WRITE, _SYNC
    failed = [f"{each.code}: {each.reason}\n" for each in report.outcomes if each.asked is AskState.FAILED]
    (folder / "failed").write_text("".join(failed), encoding="utf-8")
    return fuse.count


if __name__ == "__main__":
    serve(carry_out)
