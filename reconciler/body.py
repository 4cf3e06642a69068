"""The full document that a request carries: what the definition manages, over what the register holds.

Pure. A PUT resets what it leaves out, so a body is always the live document with the managed members
replaced; what nobody here knows goes back as it came (System Register contract §4, Q6 and Q7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import READ_ONLY_NAMES, SENT, Package, Right, drop_nulls
from reconciler.redirect import canonicalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json, RegisteredSystem, System


def build_body(desired: System, live: RegisteredSystem | None) -> dict[str, Json]:
    """Build the document of a POST (`live` is None) or a PUT.

    Every member that is sent is there, nothing is null, and members that nobody here knows survive: at the
    top, in `vendor`, and in the entries of `rights` and `accessPackages` that stand on both sides.
    """
    held = live.document if live else {}
    body: dict[str, Json] = drop_nulls({n: value for n, value in held.items() if n not in READ_ONLY_NAMES})
    wanted = desired.model_dump(mode="json", exclude_none=True, include=set(SENT))
    for name in SENT:
        body[name] = _merge(name, body.get(name), wanted[name])
    return body


def _merge(name: str, held: Json, wanted: Json) -> Json:
    """Lay a managed member over the live one; entries on both sides keep the live order."""
    if name == "vendor":
        return {**(held or {}), **wanted}
    if not isinstance(held, list) or not isinstance(wanted, list):
        return wanted
    left = {_key(name, entry): entry for entry in wanted}
    merged = []
    for entry in held:
        found = left.pop(_key(name, entry), None)
        if found is not None:
            merged.append(_overlay(entry, found) if isinstance(entry, dict) else entry)
    return [*merged, *left.values()]


def _key(name: str, entry: Json) -> str:
    """Tell which entries are the same one: by attributes, by URN, or by the text itself."""
    if name == "rights":
        return Right.model_validate(entry, strict=False, extra="ignore").key
    if name == "accessPackages":
        return Package.model_validate(entry, strict=False, extra="ignore").key
    return (canonicalise(entry) or entry) if name == "allowedRedirectUrls" else str(entry)


def _overlay(held: Mapping[str, Json], wanted: Mapping[str, Json]) -> Json:
    """Lay one entry over another; the pairs of a right's resource stand in the same order on both sides."""
    merged = {**held, **wanted}
    if "resource" in wanted:
        pairs = zip(held["resource"], wanted["resource"], strict=True)
        merged["resource"] = [{**old, **new} for old, new in pairs]
    return merged
