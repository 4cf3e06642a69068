"""Documents to begin with: what a register holds before its first request.

A seed has the shape that V2 answers, `isDeleted` included, and passes model binding but no
validation, since a register also holds what its own rules would refuse today.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.register import request_bodies
from reconciler.emulator.register.model_validation import ModelError
from reconciler.emulator.register.portions import finish
from reconciler.emulator.register.store import Author

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.emulator.register.store import Store


_TEXTS = {"en": "", "nb": "", "nn": ""}
_LEGACY: Mapping[str, tuple[str, object]] = {
    "clientId": ("client_id", []),
    "name": ("name", _TEXTS),
    "description": ("description", _TEXTS),
    "isDeleted": ("is_deleted", False),
    "isVisible": ("is_visible", False),
}
"""Members that a row from before today's constraints may lack, with the column and what is bound instead.

Null in a seed makes such a row; the service names the first of its columns, in this order (contract Q25).
"""


def plant(store: Store, seeds: Sequence[Mapping[str, object]], *, keep_unknown: bool) -> None:
    """Create every seed whose id the store does not know, or none: ValueError says all that cannot be."""
    if not seeds:
        return
    problems: list[str] = []
    with store.transaction():
        for index, seed in enumerate(seeds):
            try:
                _plant_one(store, seed, keep_unknown=keep_unknown)
            except ModelError as error:
                texts = [text for messages in error.errors.values() for text in messages]
                problems.append(f"seed {index + 1} ({seed.get('id')}): {texts[0]}")
            except (ServiceFailure, TypeError, ValueError) as error:
                problems.append(f"seed {index + 1} ({seed.get('id')}): {error}")
        if problems:
            raise ValueError("\n".join(problems))


def _plant_one(store: Store, seed: Mapping[str, object], *, keep_unknown: bool) -> None:
    lacking = [name for name in _LEGACY if name in seed and seed[name] is None]
    whole = {**seed, **{name: _LEGACY[name][1] for name in lacking}}
    if whole.get("allowedRedirectUrls", ()) is None:
        # NOTE: such a row reads well, as one without any.
        whole["allowedRedirectUrls"] = []
    body = request_bodies.RequestBody("application/json", json.dumps(whole).encode(), is_there=True)
    document = request_bodies.bind_document(body, "seed", {}, keep_unknown=keep_unknown)
    document.trim()
    prefix, _, org = document.vendor_id.partition(":")
    if prefix != "0192" or not org:
        raise ValueError(f"vendor.ID is 0192: and an organisation number, not {document.vendor_id!r}")
    if store.find(document.system_id) is not None:
        return
    author = Author(org, None)
    finish(store.create(document, org, author))
    stored = store.find(document.system_id)
    if seed.get("isDeleted") is True and stored is not None:
        finish(store.delete(stored, author))
    if lacking:
        store.spoil(document.system_id, lacking, _LEGACY[lacking[0]][0])
