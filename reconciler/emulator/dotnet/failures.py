"""What the service does not catch, each with the words that .NET or PostgreSQL would print.

POST prints those words in its 500; every other endpoint hides them (System Register contract §1.5, Q10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class ServiceFailure(Exception):
    """An exception inside the service; its text is the text that .NET would give it."""


class DatabaseFailure(ServiceFailure):
    """What PostgreSQL refused."""

    @property
    def is_duplicate(self) -> bool:
        """Say whether a unique constraint was violated, as the service does: by the text."""
        return "duplicate key value violates unique constraint" in str(self)


class NullReference(ServiceFailure):
    """The service dereferenced null."""

    def __init__(self) -> None:
        super().__init__("Object reference not set to an instance of an object.")


class InvalidConsumer(ServiceFailure):
    """The `consumer` claim is there and is not what it should be (contract §6.3)."""


class UpstreamFailure(ServiceFailure):
    """A metadata API could not be reached, or its answer could not be read (contract Q18, Q19)."""


def demand(value: T | None) -> T:
    """Give `value`, or fail as C# does on null."""
    if value is None:
        raise NullReference
    return value


def demand_all(values: Iterable[T | None]) -> list[T]:
    """Give every one of `values`, or fail as C# does on a null among them."""
    return [demand(value) for value in values]
