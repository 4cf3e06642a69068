"""The full document that a request carries: what the definition manages, over what the register holds.

Pure. A PUT resets what it leaves out, so a body is always the live document with the managed members
replaced; what this tool does not know goes back as it came (System Register contract §4, Q6 and Q7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.normalise import fold_url, get_key
from reconciler.model.system import DEFAULTS, READ_ONLY_NAMES, SENT, Attribute, Package, Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem, System

URLS = "allowedRedirectUrls"
TEXTS = ("name", "description")


def build_body(desired: System, live: RegisteredSystem | None) -> dict[str, Json]:
    """Build the document of a POST (`live` is None) or a PUT.

    Every member that is sent is there, no list is null, and members that this tool does not know survive: at the
    top, in `vendor`, and in the entries of `rights` and `accessPackages` that stand on both sides.
    """
    body = keep_all(live.document) if live else {}
    wanted = desired.model_dump(mode="json", exclude_none=True, include=set(SENT))
    for name in SENT:
        body[name] = _merge(name, body.get(name), wanted[name])
    return body


def keep_all(live: Mapping[str, Json]) -> dict[str, Json]:
    """Build the body that asks for what the register holds already, so that a PUT of it changes nothing.

    Every known member is said, and a list is never null. The null of a language goes back as it came: the
    register demands the language and keeps the null (System Register contract §2.2).
    """
    defaults = {name: list(value) if isinstance(value, tuple) else value for name, value in DEFAULTS.items()}
    held = {
        name: value
        for name, value in live.items()
        if name not in READ_ONLY_NAMES and not (name in SENT and value is None)
    }
    body = {**held, **{name: value for name, value in defaults.items() if name not in held}}
    body[URLS] = [_keep_blanks(each) for each in body[URLS]]
    return body


def _keep_blanks(url: Json) -> Json:
    """Escape the blanks at the end of a stored URL, which it would lose when it is sent back (§2.4)."""
    if not isinstance(url, str):
        return url
    bare = url.rstrip(" ")
    return bare + "%20" * (len(url) - len(bare))


def find_dropped(body: Mapping[str, Json], held: Mapping[str, Json]) -> tuple[str, ...]:
    """Name what was sent as it was held, has no name here, and is not held so any more.

    Those are members that this tool does not know, at each place that a body keeps them in; the null of a language;
    and the blank at the end of a redirect URL.
    """
    found = _find_unlike(body, held, SENT)
    found += [f"vendor.{name}" for name in _find_unlike(body.get("vendor"), held.get("vendor"), ("ID",))]
    for name in TEXTS:
        texts = held.get(name) or {}
        found += [
            f"{name}.{key}" for key, text in body.get(name, {}).items() if text is None and key not in texts
        ]
    for name, known in (("rights", Right.model_fields), ("accessPackages", Package.model_fields)):
        entries = {get_key(name, each): each for each in held.get(name) or ()}
        for each in body.get(name) or ():
            kept = entries.get(get_key(name, each))
            if kept is not None:
                found += [f"{name}[].{member}" for member in _find_unlike(each, kept, tuple(known))]
                pairs = zip(each.get("resource", ()), kept.get("resource", ()), strict=True)
                found += [
                    f"{name}[].resource[].{member}"
                    for sent, stored in pairs
                    for member in _find_unlike(sent, stored, tuple(Attribute.model_fields))
                ]
    urls = {fold_url(each): each for each in held.get(URLS) or ()}
    found += [
        f"the blank at the end of {each}"
        for each in body.get(URLS) or ()
        if each.endswith("%20") and not urls.get(fold_url(each), " ").endswith(" ")
    ]
    return tuple(dict.fromkeys(found))


def _find_unlike(sent: Json, held: Json, known: tuple[str, ...]) -> list[str]:
    """Name the members beyond the known ones that were sent and are not held as they were."""
    there = held or {}
    return [name for name, value in (sent or {}).items() if name not in known and there.get(name) != value]


def _merge(name: str, held: Json, wanted: Json) -> Json:
    """Lay a managed member over the live one; entries on both sides keep the live order.

    The null of a language that is asked nothing of stays: the register demands the language (§2.2).
    A redirect URL that the register holds several times stays so; no other list may hold an entry twice (§3).
    """
    if name == "vendor":
        return {**(held or {}), **wanted}
    if name in TEXTS:
        unsaid = {key: None for key, text in (held or {}).items() if text is None and key not in wanted}
        return {**unsaid, **wanted}
    if not isinstance(held, list) or not isinstance(wanted, list):
        return wanted
    left = {get_key(name, entry): entry for entry in wanted}
    merged, seen = [], set[str]()
    for entry in held:
        key = get_key(name, entry)
        if key in left and (name == URLS or key not in seen):
            seen.add(key)
            merged.append(_overlay(entry, left[key]) if isinstance(entry, dict) else entry)
    return [*merged, *(entry for key, entry in left.items() if key not in seen)]


def _overlay(held: Mapping[str, Json], wanted: Mapping[str, Json]) -> Json:
    """Lay one entry over another; the pairs of a right's resource stand in the same order on both sides.

    Two rights can have one key and another number of pairs: for the register `a,urn:altinn:resource:b` is the
    same as `a` and `b` (System Register contract §3, 00006).
    """
    merged = {**held, **wanted}
    if "resource" in wanted and len(held["resource"]) == len(wanted["resource"]):
        pairs = zip(held["resource"], wanted["resource"], strict=True)
        merged["resource"] = [{**old, **new} for old, new in pairs]
    return merged
