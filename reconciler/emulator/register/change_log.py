"""The change log as it is answered.

System Register contract §5. What is logged is written by `documents`, when a change is stored.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.emulator.register.store import Change


def write_change(change: Change) -> dict[str, object]:
    """Write one entry; what is null is left out."""
    written: dict[str, object] = {
        "systemInternalId": change.internal_id,
        "changedByOrgNumber": change.org,
        "changeType": change.change_type,
    }
    if change.changed_data is not None:
        written["changedData"] = json.loads(change.changed_data)
    if change.client_id is not None:
        written["clientId"] = change.client_id
    return written | {"created": write_time(change.created)}


def write_time(stored: str) -> str:
    """Write a time as System.Text.Json does: no zeros at the end of the fraction."""
    moment, offset = stored[:-6], stored[-6:]
    return moment.rstrip("0").rstrip(".") + offset if "." in moment else stored
