"""The plan of change requests: whom to ask for what, saved as a file that people review and `ask` carries out.

Pure. Each request has an id that follows from what it asks, so that asking again is the same request (System users
contract §3.3). A plan file is a claim by whoever wrote it, so everything in it that can be worked out is.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.errors import Refused
from reconciler.model.canonical_json import SHORT, digest_json, print_canonical
from reconciler.model.untrusted_text import escape_json
from reconciler.planning.customers import PACKAGE, RIGHT, Holding, print_right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.planning.customers import Access, Customer

FORMAT_VERSION: Literal["1"] = "1"
MOST_BYTES = 64 << 20
"""Of a plan file: a hundred thousand customers."""
_NAMESPACE = uuid.UUID("6f0f2a0c-7f0b-5b7e-9c0e-3d1f8a4c2b71")
"""Of the ids of our change requests; any constant serves (RFC 9562 §5.5)."""
_UNCOUNTED = frozenset({"digest", "created", "tool_version"})
"""The members that the digest leaves out: the same asks made twice have the same digest."""
Digest = Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
"""SHA-256 in hex."""
Count = Annotated[int, Field(ge=1)]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Attributed(_Part):
    """One pair of a right."""

    id: str
    """Of the attribute, such as `urn:altinn:resource`."""
    value: str
    """The resource."""


class AskedRight(_Part):
    """A right, as the register's body has it."""

    resource: tuple[Attributed, ...]
    """Its pairs."""


class AskedPackage(_Part):
    """An access package, as the register's body has it."""

    urn: str
    """Its URN."""


class Body(_Part):
    """The body of one change request; at least one of the first and third lists is not empty."""

    requiredRights: tuple[AskedRight, ...]
    """What the customer is asked to give."""
    unwantedRights: Annotated[tuple[AskedRight, ...], Field(max_length=0)] = ()
    """Nothing: this verb takes nothing away."""
    requiredAccessPackages: tuple[AskedPackage, ...]
    """What the customer is asked to give."""
    unwantedAccessPackages: Annotated[tuple[AskedPackage, ...], Field(max_length=0)] = ()
    """Nothing likewise."""


class Ask(_Part):
    """One change request that is to be made."""

    org: str
    """The customer's organisation number; `(masked)` where the owner is no organisation."""
    reference: str
    """The external reference of the system user; empty for the default one."""
    system_user: Uuid
    """The id of the system user."""
    attempt: Count
    """1, or more where an earlier request of the same body was rejected or withdrawn and is to be made anew."""
    correlation_id: Uuid
    """The id of the change request: UUIDv5 over register, system user, body and attempt."""
    body: Body
    """What is sent."""


class LeftOut(_Part):
    """A system user that is not asked."""

    org: str
    """As above."""
    reference: str
    """As above."""
    system_user: Uuid
    """As above."""
    why: Literal["has", "pending", "unknown", "agent", "rejected", "asked before"]
    """`has`: nothing is lacking. `pending`: a change request waits for the customer. `unknown`: what it has cannot
    be known. `agent`: it cannot be changed. `rejected` and `asked before`: the customer was asked for the same, and
    `--again` was not given."""
    reason: str
    """More of it, in one sentence; may be empty."""


class AskPlan(_Part):
    """The whole file. No link and no personal number is in it."""

    format_version: Literal["1"] = FORMAT_VERSION
    """Of this description."""
    kind: Literal["change-requests"] = "change-requests"
    """What tells it from a plan for `apply`."""
    tool_version: str
    """The version that made it."""
    created: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When it was made."""
    environment: str
    """Its name."""
    register_: Annotated[str, Field(alias="register")]
    """The register's address; for `local` the name."""
    vendor: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9]{9}$"})]
    """The organisation number."""
    system: str
    """The system's id."""
    live_digest: Digest
    """Of the system's document; where it moved, nothing is asked."""
    rights: tuple[str, ...]
    """The rights that are asked for, by the labels of `customers`."""
    packages: tuple[str, ...]
    """The URNs that are asked for."""
    asks: tuple[Ask, ...]
    """Who is asked, in the order in which that is done; the first alone, and the others if that went well."""
    left_out: tuple[LeftOut, ...]
    """Who is not asked."""
    digest: Digest
    """Of all above but `created` and `tool_version`; `--accept` names it."""

    @property
    def short_digest(self) -> str:
        """The digest, as people read it."""
        return self.digest[:SHORT]


class AskOrigin(NamedTuple):
    """What a plan is made for: where, whose, by which version and when."""

    environment: str
    register: str
    vendor: str
    tool_version: str
    created: str


def make_correlation_id(register: str, system_user: str, body: Body, attempt: int) -> str:
    """Make the id of a change request; the same ask has the same id on every machine."""
    named = [register, system_user, body.model_dump(mode="json"), attempt]
    return str(uuid.uuid5(_NAMESPACE, print_canonical(named).decode()))


def make_ask(origin: AskOrigin, customer: Customer, body: Body, attempt: int = 1) -> Ask:
    """Make one change request of a plan."""
    key = make_correlation_id(origin.register, customer.user.id, body, attempt)
    return Ask(
        org=customer.org,
        reference=customer.reference,
        system_user=customer.user.id,
        attempt=attempt,
        correlation_id=key,
        body=body,
    )


def make_body(lacking: Sequence[Access]) -> Body:
    """Make the body that asks for some rights and packages."""
    rights = [print_right(each) for each in lacking if each.what == RIGHT]
    return Body.model_validate_json(
        json.dumps(
            {
                "requiredRights": rights,
                "requiredAccessPackages": [{"urn": each.label} for each in lacking if each.what == PACKAGE],
            }
        )
    )


def leave_out(customer: Customer, why: str, reason: str = "") -> LeftOut:
    """Say of a customer why nothing is asked."""
    return LeftOut.model_validate(
        {
            "org": customer.org,
            "reference": customer.reference,
            "system_user": customer.user.id,
            "why": why,
            "reason": reason,
        }
    )


def find_lacking(customer: Customer, access: Sequence[Access], wanted: Sequence[Access]) -> list[Access]:
    """List what a customer lacks of what is wanted."""
    held = dict(zip(access, customer.holdings, strict=True))
    return [each for each in wanted if held[each] is Holding.LACKS]


def find_obstacle(
    customer: Customer, access: Sequence[Access], wanted: Sequence[Access], *, again: bool
) -> tuple[str, str] | None:
    """Say why a customer is not to be asked; None where something is lacking and nothing speaks against it.

    With `again` that the customer rejected it does not.
    """
    held = dict(zip(access, customer.holdings, strict=True))
    found = {held[each] for each in wanted}
    if customer.user.kind != "standard":
        return "agent", f"A system user of type {customer.user.kind} has to be made anew."
    if Holding.UNKNOWN in found:
        return "unknown", customer.reason
    if found <= {Holding.HAS}:
        return "has", ""
    if customer.is_asked or Holding.PENDING in found:
        return "pending", "A change request waits for the customer."
    if not again and customer.rejected.intersection(each for each in wanted if held[each] is Holding.LACKS):
        return "rejected", "The customer rejected a change request for it."
    return None


def make_ask_plan(
    origin: AskOrigin,
    system: str,
    live_digest: str,
    wanted: Sequence[Access],
    *,
    asks: Sequence[Ask],
    left_out: Sequence[LeftOut],
) -> AskPlan:
    """Make a plan, and give it its digest."""
    members: dict[str, Json] = {
        "tool_version": origin.tool_version,
        "created": origin.created,
        "environment": origin.environment,
        "register": origin.register,
        "vendor": origin.vendor,
        "system": system,
        "live_digest": live_digest,
        "rights": tuple(each.label for each in wanted if each.what == RIGHT),
        "packages": tuple(each.label for each in wanted if each.what == PACKAGE),
        "asks": tuple(asks),
        "left_out": tuple(left_out),
        "digest": "",
    }
    draft = AskPlan.model_validate(members)
    return draft.model_copy(update={"digest": _digest(draft)})


def _digest(plan: AskPlan) -> str:
    members = to_json(plan)
    return digest_json({name: value for name, value in members.items() if name not in _UNCOUNTED})


def to_json(plan: AskPlan) -> dict[str, Json]:
    """Give the plan as JSON, shaped as the schema of the format says."""
    return plan.model_dump(mode="json", by_alias=True)


def print_ask_plan(plan: AskPlan) -> str:
    """Print a plan; the same plan is always the same text."""
    return escape_json(json.dumps(to_json(plan), indent=2, ensure_ascii=False)) + "\n"


def read_ask_plan(content: bytes) -> AskPlan:
    """Read a saved plan; raises `Refused` for what is none, or is not as it was written."""
    try:
        if len(content) > MOST_BYTES:
            raise Refused(f"A plan of change requests has at most {MOST_BYTES:,} bytes.")
        document = json.loads(content)
        version = document.get("format_version") if isinstance(document, dict) else None
        if isinstance(document, dict) and document.get("kind") == "change-requests" and version != "1":
            raise Refused(
                f"It is a plan of format {str(version)[:20]}, and this version reads {FORMAT_VERSION}.",
                hint="Use the version that made it, or make the plan again.",
            )
        plan = AskPlan.model_validate_json(content)
    except (ValueError, ValidationError, RecursionError):
        raise Refused(
            "It is no plan of change requests.", hint="`reconciler ask ID --out FILE` makes one."
        ) from None
    _check(plan, content)
    return plan


def _check(plan: AskPlan, content: bytes) -> None:
    """Raise `Refused` where something in a plan does not follow from the rest of it."""
    hint = "It was changed since it was made, or by hand. Make it again; nothing was asked."
    if plan.digest != _digest(plan) or print_ask_plan(plan).encode() != content:
        raise Refused("The plan of change requests is not as it was written.", hint=hint)
    users = set[str]()
    for ask in plan.asks:
        key = make_correlation_id(plan.register_, ask.system_user, ask.body, ask.attempt)
        named = bool(ask.body.requiredRights or ask.body.requiredAccessPackages)
        if not named or key != ask.correlation_id or ask.system_user in users:
            raise Refused(
                f"The ask of system user `{ask.system_user[:40]}` asks for nothing, has another id, or stands twice.",
                hint=hint,
            )
        users.add(ask.system_user)


def count_left_out(plan: AskPlan) -> Mapping[str, int]:
    """Count who is left out, by why, in the order of the schema."""
    order = ("has", "pending", "unknown", "agent", "rejected", "asked before")
    found = [each.why for each in plan.left_out]
    return {why: found.count(why) for why in order if why in found}
