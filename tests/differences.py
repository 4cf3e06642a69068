"""Systems whose files and register differ in any way, and which of the differences somebody could let stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import DELETED, MISSING, Acceptance
from reconciler.planning.change import Blocked, Create, Delete
from tests.builders import VENDOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

TODAY = date(2026, 11, 21)
IDS = tuple(f"{VENDOR}_{letter}" for letter in "abc")
UNMANAGED = f"{VENDOR}_unmanaged"
_RESOURCES = ("ske-krav-og-betalinger", "kravogbetaling", "app_brg_aarsregnskap-vanlig-202406")
_PACKAGES = ("skattegrunnlag", "toll")
_CLIENTS = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(4))
_URLS = ("https://a.example/x", "https://b.example/?y=1", "https://c.example/")
_texts = st.fixed_dictionaries({name: st.sampled_from(["one", "two"]) for name in ("nb", "nn", "en")})
_systems = st.fixed_dictionaries(
    {
        "name": _texts,
        "description": _texts,
        "rights": st.lists(st.sampled_from(_RESOURCES), unique=True).map(
            lambda found: [{"resource": [{"id": "urn:altinn:resource", "value": each}]} for each in found]
        ),
        "accessPackages": st.lists(st.sampled_from(_PACKAGES), unique=True).map(
            lambda found: [{"urn": f"urn:altinn:accesspackage:{each}"} for each in found]
        ),
        "allowedRedirectUrls": st.lists(st.sampled_from(_URLS), unique=True),
        "isVisible": st.booleans(),
    }
)


@dataclass(frozen=True)
class Situation:
    """What some files ask for, and what the register holds, by id; each client id is on one system of a side."""

    desired: Mapping[str, dict[str, Json]]
    live: Mapping[str, dict[str, Json]]


@st.composite
def situations(draw: st.DrawFn, *, deletions: bool = True) -> Situation:
    """Draw three systems on either side, and one that only the register has."""
    asked = [draw(st.sampled_from([*IDS, ""])) for _ in _CLIENTS]
    held = [draw(st.sampled_from([*IDS, UNMANAGED, ""])) for _ in _CLIENTS]
    desired: dict[str, dict[str, Json]] = {}
    live: dict[str, dict[str, Json]] = {}
    for name in IDS:
        state = draw(st.sampled_from(["registered"] * 4 + ["missing"] + ["deleted", "withdrawn"] * deletions))
        clients = [client for client, owner in zip(_CLIENTS, asked, strict=True) if owner == name]
        desired[name] = {**draw(_systems), "clientId": clients}
        if state == "withdrawn":
            desired[name]["withdrawn"] = True
        if state != "missing":
            held_here = [client for client, owner in zip(_CLIENTS, held, strict=True) if owner == name]
            members = {} if state == "deleted" else {"clientId": held_here}
            live[name] = {**draw(_systems), "clientId": [], **members, "isDeleted": state == "deleted"}
    others = [client for client, owner in zip(_CLIENTS, held, strict=True) if owner == UNMANAGED]
    live[UNMANAGED] = {"clientId": others}
    return Situation(desired, live)


def list_acceptable(plan: Plan, environment: str) -> list[Acceptance]:
    """List everything in a plan that somebody could let stand, each until a day of its own."""
    found: list[tuple[str, str, Json]] = []
    for change in plan.changes:
        if isinstance(change, Create) or (isinstance(change, Blocked) and change.live is None):
            found.append((change.id, MISSING, None))
        elif isinstance(change, Blocked) and change.live and change.live.is_deleted:
            found.append((change.id, DELETED, None))
        elif not isinstance(change, Delete) and not (isinstance(change, Blocked) and _asks_deletion(change)):
            found += [(change.id, each.path, each.actual) for each in change.open_fields]
    return [
        Acceptance(environment, system, path, TODAY + timedelta(day), "a reason", digest_json(value))
        for day, (system, path, value) in enumerate(found)
    ]


def _asks_deletion(change: Blocked) -> bool:
    return any(each.path == "withdrawn" for each in change.open_fields)


def find_day_after(accepted: Sequence[Acceptance]) -> date:
    """Give the day on which none counts any more."""
    return max((each.until for each in accepted), default=TODAY) + timedelta(1)
