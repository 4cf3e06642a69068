"""The impacts that a change can have, each with an id, a weight and a page for `explain`.

Pure. A new impact is one more `_declare` here, and the place in `impact` that finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc

from reconciler.planning.change import Weight


@dataclass(frozen=True, slots=True)
class ImpactRule:
    """An impact's id, its weight and its page."""

    id: str
    weight: Weight
    page: str

    @property
    def summary(self) -> str:
        """The first sentence of the page."""
        return " ".join(self.page.partition("\n\n")[0].split())


IMPACTS: dict[str, ImpactRule] = {}
"""Every impact by its id."""


def _declare(rule: str, weight: Weight, page: str) -> ImpactRule:
    IMPACTS[rule] = ImpactRule(rule, weight, cleandoc(page))
    return IMPACTS[rule]


CLIENT_REMOVED = _declare(
    "client-id-removed",
    Weight.BREAKING,
    """A client id leaves a system.

    Maskinporten finds a system user by the client ids of its system, so from this moment it refuses every
    customer of this system who comes with that client (System Register contract §2.6). Where the client id
    moves to another system, its customers' system users do not move along.

    What to do: add the new client id first, have your program use it, and remove the old one when nothing comes with
    it any more. docs/howto/change-client-id.md has the steps.
    """,
)
CLIENT_RESPELT = _declare(
    "client-id-respelt",
    Weight.BREAKING,
    """A client id changes its letter case.

    Client ids are compared exactly, so for Maskinporten the old spelling leaves the system.

    What to do: write the client id as Maskinporten shows it. Keep the old spelling in the definition where customers
    get tokens with it today.
    """,
)
CLIENT_CLAIMED = _declare(
    "client-id-claimed",
    Weight.NOTABLE,
    """A client id comes from another system.

    It is released there first and claimed here afterwards; between the two requests it is on no system, and
    nobody gets a token with it. If the claim fails for certain, it is put back.

    What to do: choose a quiet hour, and look at the report: what became of the client id stands in it.
    """,
)
DELETED = _declare(
    "system-deleted",
    Weight.BREAKING,
    """A system is deleted, for ever.

    Its id can never be used again, and all tokens of its system users stop at once (contract §2.6). Requests
    under way can still be approved, and give a system user without a token.

    What to do: ask the customers to stop using it first, and let a second person accept the deletion.
    docs/howto/retire.md has the steps.
    """,
)
OVERWRITTEN = _declare(
    "outside-value-overwritten",
    Weight.BREAKING,
    """A value is overwritten that somebody outside put there.

    The change log says that a client which is not ours set it, and no committed revision of the definition
    states it. Perhaps it was right.

    What to do: ask those who wrote it. If it is right, put it into the definition with `reconciler drift --adopt` and
    commit that, or let it stand for a while with `reconciler accept`; if it is wrong, accept the plan.
    """,
)
SHOWN = _declare(
    "shown-to-users",
    Weight.NOTABLE,
    """A system becomes visible in the Altinn portal.

    End users can find it, and make system users for it themselves.

    What to do: see that its name, description and redirect URLs are those that customers should see, and that none
    of its access packages forbids it: a visible system may only have packages that are assignable.
    """,
)
HIDDEN = _declare(
    "hidden-from-users",
    Weight.NOTABLE,
    """A system is no longer shown in the Altinn portal.

    End users cannot make system users for it there any more. Requests by the vendor still work, and system
    users that exist stay.

    What to do: let your program send requests instead, and change the guides that send customers to the portal.
    """,
)
ASKED = _declare(
    "right-added",
    Weight.NOTABLE,
    """A system asks for one more right or access package.

    Existing system users do not get it. Each customer with a standard system user has to accept a change
    request. An agent system user holds access packages only, and has to be created again under another external
    reference. Whoever makes a system user in the portal now has to hold all that the system asks for.

    What to do: see in the plan how many lack it, and plan for them before your program needs the right: a change
    request for each standard system user, a new system user for each agent. Until then it has to work without.
    """,
)
DROPPED = _declare(
    "right-removed",
    Weight.NOTABLE,
    """A system no longer asks for a right or an access package.

    New requests for it are refused, and open requests that name it can no longer be approved. What customers
    have delegated already stays with them; a change request can take it away.

    What to do: see that no open request names it, which the plan counts where it can, and that your program no longer
    needs it.
    """,
)
REDIRECT_REMOVED = _declare(
    "redirect-removed",
    Weight.NOTABLE,
    """A redirect URL is removed.

    New requests for a system user that name it are refused. Those under way still lead there, so keep the
    page until they are answered.

    What to do: change the program that sends requests first, then this file.
    """,
)
TEXT_CHANGED = _declare(
    "text-changed",
    Weight.NOTE,
    """A name or description changes that customers read.

    They see it in the Altinn portal, where they approve. System users that exist keep the title that they were
    given.

    What to do: read the text in all three languages, as a customer would.
    """,
)
UNKNOWN_KEPT = _declare(
    "unknown-member-kept",
    Weight.NOTE,
    """The register holds a member that this tool does not know, and it is preserved.

    It goes back as it came, so that what Altinn adds tomorrow is not lost.

    What to do: nothing. A newer version of this tool may let the definition say it.
    """,
)
UNKNOWN_REMOVED = _declare(
    "unknown-member-removed",
    Weight.NOTABLE,
    """A member that this tool does not know goes away with the entry that holds it.

    The definition no longer asks for that right or access package.

    What to do: find out what the member is for, since putting the entry back later does not bring it back.
    """,
)
UNKNOWN_CHANGED = _declare(
    "unknown-member-changed",
    Weight.BREAKING,
    """A member that this tool does not know gets another value than the register holds.

    No definition can ask for that. Only a rollback to a document from before such a member was there can need
    it, or a plan file that somebody edited.

    What to do: find out what the member is for, and who set it, before you accept; make the plan again where it is
    not your own rollback.
    """,
)
MASS_CHANGE = _declare(
    "mass-change",
    Weight.BREAKING,
    """A plan changes many systems at once.

    More than three, and more than 30 % of those that are managed, are updated or deleted. That is often the
    sign of a wrong folder, a wrong vendor or a wrong environment.

    What to do: see that folder, vendor and environment are the right ones, then accept the plan; or divide the
    change, with `--only` or into several pull requests.
    """,
)
COUNTING = frozenset({CLIENT_REMOVED.id, CLIENT_RESPELT.id, DELETED.id})
"""The breaking impacts that say how many system users they touch."""
