"""The counts of customers in a saved plan: printed and read back.

Pure. What is of no interest to an impact is left out, and so is what says nothing beside a known number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.customer_count import Count, CustomerCount

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan_file_v1 import SavedCount, SavedCustomers


def print_customers(counted: CustomerCount) -> dict[str, Json]:
    """Give what is known of the customers of an impact as JSON."""
    counts = {
        "lacking": counted.lacking,
        "anew": counted.anew,
        "requests": counted.requests,
        "change_requests": counted.changes,
    }
    return {
        **{name: _print_count(each) for name, each in counts.items() if each is not None},
        **({"portal": True} if counted.portal else {}),
        **({"fate": counted.fate.value} if counted.fate else {}),
    }


def read_customers(saved: SavedCustomers) -> CustomerCount:
    """Read what `print_customers` gave."""
    return CustomerCount(
        lacking=_read_count(saved.lacking),
        anew=_read_count(saved.anew),
        portal=saved.portal,
        fate=saved.fate,
        requests=_read_count(saved.requests),
        changes=_read_count(saved.change_requests),
    )


def _print_count(count: Count) -> dict[str, Json]:
    return {
        "number": count.number,
        **({"at_least": count.at_least} if count.at_least else {}),
        **({"reason": count.reason} if count.reason else {}),
    }


def _read_count(saved: SavedCount | None) -> Count | None:
    return None if saved is None else Count(saved.number, saved.at_least, saved.reason)
