"""Rights in the format from before apps became resources, which P3 gives on request.

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
    """Rewrite the pairs of each right; a right without pairs is kept."""
    return [{**right, "resource": _write_pairs(right.get("resource"))} for right in rights]


def _write_pairs(resource: object) -> list[Json]:
    """Split `app_{org}_{app}` in two pairs; drop what cannot be split and what is no resource."""
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
