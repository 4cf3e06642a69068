"""What a vendor asks a customer for: the templates under `requests:` in a definition, and the bodies made of them.

Pure. Nothing here is sent to the register: the body goes to the route of requests for system users (System users
contract §3.1 and §3.2), by the vendor's own product or by a verb that is about customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from reconciler.model.catalogue import PACKAGE_PREFIX
from reconciler.model.system import Packages, Part, Right, Rights, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import Attribute

Kind: TypeAlias = Literal["standard", "agent"]
"""For the customer itself, or for the customer's clients (System users contract §1)."""
KINDS: tuple[Kind, ...] = ("standard", "agent")
_RELATIONS: dict[str, tuple[str, ...]] = {
    "accountant": ("regnskapsforer-",),
    "auditor": ("ansvarlig-revisor", "revisormedarbeider"),
    "business-manager": ("forretningsforer-eiendom",),
}
"""How the packages begin that clients give in one relation (System users contract §1).

In Enhetsregisteret the relations are REGN, REVI and FFØR.
"""


def _read_kind(value: object) -> object:
    return str(value) if isinstance(value, str) else value


class RequestMembers(Part):
    """One template as a file writes it."""

    type: Annotated[
        Kind, BeforeValidator(_read_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})
    ] = "standard"
    rights: Rights = ()
    accessPackages: Packages = ()
    redirectUrl: Text = ""

    def name(self, name: str) -> Template:
        """Give the template by its name."""
        packages = tuple(each.urn for each in self.accessPackages)
        return Template(name, self.type, self.rights, packages, self.redirectUrl)


class Template(NamedTuple):
    """What a request for a system user asks a customer for."""

    name: str
    kind: Kind = "standard"
    rights: tuple[Right, ...] = ()
    packages: tuple[str, ...] = ()
    """The URNs of the access packages, as they are written."""
    redirect: str = ""
    """Where the customer's browser is sent after the answer; empty for nowhere."""


def build_body(
    template: Template, system: str, org: str, reference: str = "", *, title: str = ""
) -> dict[str, Json]:
    """Make the body of a request for a system user, for the route of the template's kind.

    `org` is the customer's organisation number. `reference` is left out where it is empty or the number itself: the
    service would take the number, and an empty text would let it store a second request of the same customer
    (System users contract §5.6). `title` is the name that the customer sees; without one it is the system's.
    """
    body: dict[str, Json] = {"systemId": system, "partyOrgNo": org}
    if reference.strip() not in {"", org}:
        body["externalRef"] = reference
    if title:
        body["integrationTitle"] = title
    if template.kind == "standard" and template.rights:
        body["rights"] = [_write_right(each) for each in template.rights]
    if template.packages:
        body["accessPackages"] = [{"urn": each} for each in template.packages]
    if template.redirect:
        body["redirectUrl"] = template.redirect
    return body


def find_template(templates: Mapping[str, Template], name: str) -> Template | None:
    """Find a template by its name; without a name, the only one there is."""
    if not name and len(templates) == 1:
        return next(iter(templates.values()))
    return templates.get(name)


def _write_right(right: Right) -> dict[str, Json]:
    pairs: list[Json] = [{"id": pair.id, "value": pair.value} for pair in right.resource]
    return {"resource": pairs, **({"action": right.action} if right.action else {})}


def find_foreign(rights: Sequence[Right], held: Iterable[Right]) -> list[int]:
    """Find the rights that a system's rights do not cover, by their places, as the service compares them.

    The pairs have to be those of one right, in any order; the action plays no part (System users contract §4.1).
    """
    by_pair: dict[Attribute, list[Right]] = {}
    for each in held:
        for pair in each.resource:
            by_pair.setdefault(pair, []).append(each)
    return [number for number, right in enumerate(rights) if not _is_among(right, by_pair)]


def _is_among(right: Right, by_pair: Mapping[Attribute, Sequence[Right]]) -> bool:
    wanted = right.resource
    likely = by_pair.get(wanted[0], ()) if wanted else ()
    return any(
        len(each.resource) == len(wanted) and all(pair in each.resource for pair in wanted) for each in likely
    )


def find_relation(urn: str) -> str:
    """Name the client relation that an access package belongs to; empty for one that every organisation can give."""
    name = urn.lower().removeprefix(PACKAGE_PREFIX)
    return next((relation for relation, names in _RELATIONS.items() if name.startswith(names)), "")


def list_relations(template: Template) -> dict[str, str]:
    """Give the client relations that a template's packages belong to, each with its first package.

    A client of an agent has to have given the agent's organisation every package (System users contract §1), and
    gives those of one relation only.
    """
    found: dict[str, str] = {}
    for urn in template.packages:
        found.setdefault(find_relation(urn), urn)
    return {relation: urn for relation, urn in found.items() if relation}
