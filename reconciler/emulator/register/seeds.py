"""Seeds: the documents that a register holds before its first request.

A seed has the form of V2's answer, with `isDeleted`. It is bound, but not validated, since a register may hold
old documents that it would refuse today.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.request_bodies import RequestBody
from reconciler.emulator.register.body_binding import bind_document
from reconciler.emulator.register.store import Author
from reconciler.emulator.server.portions import finish

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
"""Members that an old row may lack, with the column and the value to bind instead.

Null in a seed makes such a row; the service names its first NULL column, in this order (contract Q25).
"""


def load_seeds(store: Store, seeds: Sequence[Mapping[str, object]], *, keep_unknown: bool) -> None:
    """Create the seeds whose id is not in the store; raises ValueError with all problems, and then creates none."""
    if not seeds:
        return
    problems: list[str] = []
    with store.transaction():
        for index, seed in enumerate(seeds):
            try:
                _load_seed(store, seed, keep_unknown=keep_unknown)
            except ModelError as error:
                texts = [text for messages in error.errors.values() for text in messages]
                problems.append(f"seed {index + 1} ({seed.get('id')}): {texts[0]}")
            except (ServiceFailure, TypeError, ValueError) as error:
                problems.append(f"seed {index + 1} ({seed.get('id')}): {error}")
        if problems:
            raise ValueError("\n".join(problems))


def _load_seed(store: Store, seed: Mapping[str, object], *, keep_unknown: bool) -> None:
    lacking = [name for name in _LEGACY if name in seed and seed[name] is None]
    whole = {**seed, **{name: _LEGACY[name][1] for name in lacking}}
    if whole.get("allowedRedirectUrls", ()) is None:
        # NOTE: NULL in this column can be read, and means none.
        whole["allowedRedirectUrls"] = []
    body = RequestBody("application/json", json.dumps(whole).encode(), is_there=True)
    document = bind_document(body, "seed", {}, keep_unknown=keep_unknown)
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
        store.make_unreadable(document.system_id, lacking, _LEGACY[lacking[0]][0])
