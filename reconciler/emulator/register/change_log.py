"""The change log as V8 answers it.

System Register contract §5. `documents` writes the data when a change is stored.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.emulator.register.store import LoggedChange


def write_change(change: LoggedChange) -> dict[str, object]:
    """Write one entry without its null members."""
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
    """Write a time as System.Text.Json does, without trailing zeros in the fraction."""
    moment, offset = stored[:-6], stored[-6:]
    return moment.rstrip("0").rstrip(".") + offset if "." in moment else stored
