"""Rules on `requests`: whether a customer can be asked for what a template names.

Each looks at the system as an environment sees it. A request that breaks one of them is refused by the service, or
leads to a system user that can do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.definition import REQUESTS
from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import quote
from reconciler.model.catalogue import PACKAGE_PREFIX
from reconciler.model.findings import Severity
from reconciler.model.redirect_url import parse_redirect
from reconciler.model.request_template import find_foreign, list_relations
from reconciler.model.suggest import NameIndex
from reconciler.rules.quota import MOST
from reconciler.rules.redirects import show_url
from reconciler.rules.registry import Fault, catalogue_rule, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.request_template import Template


def _place(template: Template, *path: str | int) -> Path:
    return ("requests", template.name, *path)


def _list_templates(subject: Resolved, *needed: str) -> Iterator[Template]:
    """Give the templates; none where a member that they are held against cannot be read."""
    if not subject.definition.broken & {"requests", *needed}:
        yield from subject.requests.values()


@system_rule("request-beyond-system")
def check_beyond(subject: Resolved) -> Iterator[Fault]:
    """A request asks for nothing that its system does not ask for.

    The service holds a request against what the register has of the system, once when it
    is made and again when the customer approves (System users contract §4). It refuses
    a right that is not there with AUTH-00001 and a package with AUTH-00063, and also more
    of them than the system has. A right's action plays no part.

    Fix: add it to the system's own `rights:` or `accessPackages:`, or remove it here. Where
    only one environment lacks it, add it there.

        rights:
          - ske-krav-og-betalinger
        requests:
          standard:
            rights:
              - ske-krav-og-betalinger
    """
    templates = tuple(_list_templates(subject, "rights", "accessPackages"))
    if not templates:  # as most files: nothing is worked out of the system then
        return
    near = _Names(subject)
    for template in templates:
        yield from _find_foreign_rights(template, subject, near)
        yield from _find_foreign_packages(template, subject, near)


class _Nearest:
    """Finds the name that was meant, of those that a system has.

    Only of as many as are shown of one rule: a file can name thousands, and each takes long.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._index = NameIndex(names)
        self._left = MOST

    def find(self, name: str) -> str:
        """Find the nearest name; empty where none is near."""
        self._left -= 1
        found = self._index.find(name) if self._left >= 0 else ()
        return found[0] if found else ""


class _Names:
    """What a system asks for, and what to do about other names."""

    def __init__(self, subject: Resolved) -> None:
        self.packages = dict.fromkeys(each.urn for each in subject.system.accessPackages)
        self._urns = {each.removeprefix(PACKAGE_PREFIX): each for each in self.packages}
        self._nearest_package = _Nearest(self._urns)
        self._nearest_right = _Nearest(each.label for each in subject.system.rights)

    def advise_right(self, label: str) -> str:
        """Say what to do about a right that the system does not ask for."""
        found = self._nearest_right.find(label)
        hint = "Add it to the system's `rights:`, or remove it here."
        return f"Did you mean {quote(found)}?" if found else hint

    def advise_package(self, urn: str) -> str:
        """Say what to do about such a package."""
        found = self._nearest_package.find(urn.removeprefix(PACKAGE_PREFIX))
        hint = "Add it to the system's `accessPackages:`, or remove it here."
        return f"Did you mean {quote(self._urns[found])}?" if found else hint


def _find_foreign_rights(template: Template, subject: Resolved, near: _Names) -> Iterator[Fault]:
    held, asked = subject.system.rights, template.rights
    if template.kind == "agent":  # they are not sent, which is a rule of its own
        return
    foreign = find_foreign(asked, held)
    for number in foreign:
        place = _place(template, "rights", number)
        label = asked[number].label
        if asked[number].resource:
            message = f"The system does not ask for the right {quote(label)}"
            yield Fault(place, message, near.advise_right(label))
        else:
            yield Fault(place, "The right names no resource", "Name one, or remove the right.")
    if not foreign and len(asked) > len(held):
        message = f"The request asks for {len(asked)} rights, and the system for {len(held)}"
        yield Fault(_place(template, "rights"), message, "Name each right once.")


def _find_foreign_packages(template: Template, subject: Resolved, near: _Names) -> Iterator[Fault]:
    held, asked = subject.system.accessPackages, template.packages
    foreign = [number for number, urn in enumerate(asked) if urn not in near.packages]
    for number in foreign:
        message = f"The system does not ask for the access package {quote(asked[number])}"
        place = _place(template, "accessPackages", number)
        yield Fault(place, message, near.advise_package(asked[number]))
    if not foreign and len(asked) > len(held):
        message = f"The request asks for {len(asked)} access packages, and the system for {len(held)}"
        yield Fault(_place(template, "accessPackages"), message, "Name each package once.")


@catalogue_rule("request-package-kind")
def check_kinds(subject: Resolved, catalogue: Catalogue) -> Iterator[Fault]:
    """A request names access packages that its type of system user can have.

    A `standard` one acts for the customer itself and can have packages whose isAssignable
    is true (AUTH-00064). An `agent` acts for the customer's clients, and takes those whose
    isDelegable is true (AUTH-00065): System users contract §4.2.

    Fix: write `type: agent` for packages that clients give, and keep the others in a
    template of their own.

        requests:
          accountant:
            type: agent
            accessPackages:
              - urn:altinn:accesspackage:regnskapsforer-lonn
    """
    for template in _list_templates(subject):
        for number, urn in enumerate(template.packages):
            found = catalogue.find_package(urn)
            if found is None or not (found.assignable or found.delegable):  # `package-…` rules say so
                continue
            place = _place(template, "accessPackages", number)
            if template.kind == "standard" and not found.assignable:
                message = f"{quote(urn)} has isAssignable false {catalogue.source}, which a standard system user needs"
                yield Fault(place, message, "Ask for it in a template of `type: agent`.")
            elif template.kind == "agent" and not found.delegable:
                message = f"{quote(urn)} has isDelegable false {catalogue.source}, which an agent needs"
                yield Fault(place, message, "Ask for it in a template of `type: standard`.")


@system_rule("request-agent-rights")
def check_agent_rights(subject: Resolved) -> Iterator[Fault]:
    """A request for an agent names no rights.

    An agent holds access packages only (System users contract §1). The service passes
    over a member `rights` in silence (§3.2): the customer approves, and the calls
    that need the right are refused later.

    Fix: ask for an access package that covers the resource, or for a standard system user.
    """
    for template in _list_templates(subject):
        if template.kind == "agent" and template.rights:
            message = "An agent can have no rights, and the service ignores them"
            yield Fault(_place(template, "rights"), message, "Remove them, or write `type: standard`.")


@system_rule("request-relations")
def check_relations(subject: Resolved) -> Iterator[Fault]:
    """A request for an agent names the packages of one client relation.

    A client can be added to an agent only if it has given the agent's organisation every
    package that the agent holds (AUTH-00080; System users contract §1). Packages
    come with a relation in Enhetsregisteret: `regnskapsforer-…` with the accountant,
    `ansvarlig-revisor` and `revisormedarbeider` with the auditor,
    `forretningsforer-eiendom` with the business manager. One organisation is hardly ever
    two of these for the same client.

    Fix: write a template for each relation.

        requests:
          accountant:
            type: agent
            accessPackages:
              - urn:altinn:accesspackage:regnskapsforer-lonn
          auditor:
            type: agent
            accessPackages:
              - urn:altinn:accesspackage:ansvarlig-revisor
    """
    for template in _list_templates(subject):
        relations = list_relations(template)
        if template.kind == "agent" and len(relations) > 1:
            parts = [f"{quote(urn)} ({relation})" for relation, urn in relations.items()]
            message = f"No client can give all of these: {', '.join(parts[:-1])} and {parts[-1]}"
            yield Fault(_place(template, "accessPackages"), message, "Write a template for each relation.")


@system_rule("request-redirect")
def check_redirect(subject: Resolved) -> Iterator[Fault]:
    """A request's redirect URL is one of the system's.

    The service compares scheme, host, port and path, and refuses the request if no URL
    of the system is the same (AUTH-00021, AUTH-00026 where it has none; System users
    contract §3.1). Letter case of the host, the port 443, the query and the fragment do not
    count; letter case of the path and a `/` at its end do.

    Fix: take one of `allowedRedirectUrls:`, or add the URL there.
    """
    templates = tuple(_list_templates(subject, "allowedRedirectUrls"))
    if not templates:
        return
    urls = subject.system.allowedRedirectUrls
    known = {_cut(url) for url in urls} - {""}
    shown = [url for url in urls if show_url(url) == quote(url)]
    near = _Nearest(shown)
    for template in templates:
        written = template.redirect.strip()
        if not written or _cut(written) in known:
            continue
        meant = near.find(written) or next(iter(shown), "")
        message = f"{show_url(written)} is not one of the system's redirect URLs"
        hint = f"Write {quote(meant)}, or add it to `allowedRedirectUrls:`." if meant else ""
        if not _cut(written):
            message = f"{show_url(written)} is not an absolute URL"
            hint = "Write it whole: `https://host.example/path`."
        elif not urls:
            message = f"The system has no redirect URL, and the request names {show_url(written)}"
        hint = hint or "Add it to `allowedRedirectUrls:`."
        yield Fault(_place(template, "redirectUrl"), message, hint)


def _cut(url: str) -> str:
    """Give what the service compares of a URL; empty where it is not absolute."""
    redirect = parse_redirect(url)
    return redirect.canonical.partition("#")[0].partition("?")[0] if redirect else ""


@system_rule("request-empty")
def check_empty(subject: Resolved) -> Iterator[Fault]:
    """A request asks for something.

    The service refuses one without rights and packages (AUTH-00001 and AUTH-00059, of an
    agent AUTH-00058; System users contract §3.1 and §3.2).

    Fix: name the rights or access packages, or remove the template.
    """
    for template in _list_templates(subject):
        asked = template.packages if template.kind == "agent" else (*template.rights, *template.packages)
        if not asked:
            what = "access package" if template.kind == "agent" else "right or access package"
            yield Fault(_place(template), f"The request asks for no {what}", f"Name at least one {what}.")


@system_rule("no-requests", severity=Severity.WARNING)
def check_customers(subject: Resolved) -> Iterator[Fault]:
    """A system that customers cannot find says what they are asked for.

    Customers can choose a system in Altinn's portal only if it is visible. A system that is
    visible nowhere gets its customers by requests (System users contract §1), and the
    templates of `requests:` are what this tool checks and what the product sends.

    Fix: write a template. Where the product makes its requests without this tool, say so
    with `allow:`.

        requests:
          standard:
            rights:
              - ske-krav-og-betalinger
    """
    system, definition = subject.system, subject.definition
    needed = {"requests", "isVisible", "rights", "accessPackages"}
    if (
        _has_templates(definition)
        or definition.broken & needed
        or not (system.rights or system.accessPackages)
    ):
        return
    if not _is_visible_somewhere(definition):
        message = "Customers cannot find the system in Altinn, and no template says how they are asked"
        yield Fault(("requests",), message, "Add `requests:`, or write `isVisible: true`.")


def _has_templates(definition: Definition) -> bool:
    """Say whether there are templates, at the top or for an environment."""
    return bool(definition.requests) or any(
        each.get(REQUESTS) for each in (definition.overlays or {}).values()
    )


def _is_visible_somewhere(definition: Definition) -> bool:
    """Say whether customers can find the system in an environment, or could if nothing differed in any."""
    places = [each for each in definition.overlays or () if each != "local"]
    if not places or "isVisible" in definition.members:
        places.append("")
    return any(resolve(definition, each).system.isVisible for each in places)
