"""Rights in the format of before apps were resources, which two portal routes still give on request.

System Register contract §1.2, P3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.emulator.register.documents import Json

_RESOURCE = "urn:altinn:resource"
_APP = "app_"


def write_rights(rights: Sequence[Json]) -> list[Json]:
    """Rewrite the pairs of every right; a right stays, whatever is left in it."""
    return [{**right, "resource": _write_pairs(right.get("resource"))} for right in rights]


def _write_pairs(resource: object) -> list[Json]:
    """Cut `app_{org}_{app}` in two; what cannot be cut is dropped, and so is all that is no resource."""
    pairs: list[Json] = []
    for pair in resource if isinstance(resource, list) else []:
        if pair["id"] != _RESOURCE:
            continue
        if not pair["value"].startswith(_APP):
            pairs.append(pair)
            continue
        org, _, app = pair["value"].removeprefix(_APP).partition("_")
        if org and app:
            pairs += [{"id": "urn:altinn:org", "value": org}, {"id": "urn:altinn:app", "value": app}]
    return pairs
