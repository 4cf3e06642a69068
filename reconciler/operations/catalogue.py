"""Takes an environment's list of packages and resources anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.catalogue import read_list
from reconciler.errors import Unintelligible
from reconciler.model.catalogue_list import compare_lists

if TYPE_CHECKING:
    from datetime import date

    from reconciler.clients.register import HttpRegister
    from reconciler.model.catalogue_list import CatalogueList, Renewed
    from reconciler.model.environment import Environment

LEAST = 0.5
"""The part of the last list that has to be in the new one: with less, the answer is taken for one that is not whole."""


def renew_list(
    environment: Environment, register: HttpRegister, today: date, last: CatalogueList | None
) -> Renewed:
    """Take the list anew, and compare it; raises `Unintelligible` where the answer is not believable."""
    made = compare_lists(last, read_list(environment, register, today))
    for what, found in (("access packages", made.packages), ("resources", made.resources)):
        kept = found.before - len(found.removed)
        if kept < found.before * LEAST:
            raise Unintelligible(
                f"Of the {found.before:,} {what} of the last list {environment.name} lists only {kept:,} any more, "
                "so its answer is not believed.",
                hint=f"Delete systems/.catalogue.{environment.name}.json if it is right.",
            )
    return made
