"""Exceptions that the service does not catch, each with the text of .NET or PostgreSQL.

POST answers with the text in its 500; all other endpoints hide it (System Register contract §1.5, Q10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class ServiceFailure(Exception):
    """An exception inside the service, with the text that .NET gives it."""


class DatabaseFailure(ServiceFailure):
    """PostgreSQL refused a statement."""

    @property
    def is_duplicate(self) -> bool:
        """Say whether a unique constraint was violated; the service looks at the text too."""
        return "duplicate key value violates unique constraint" in str(self)


class NullReference(ServiceFailure):
    """The service dereferenced null."""

    def __init__(self) -> None:
        super().__init__("Object reference not set to an instance of an object.")


class InvalidConsumer(ServiceFailure):
    """The `consumer` claim is malformed (contract §6.3)."""


class UpstreamFailure(ServiceFailure):
    """A metadata API could not be reached, or its answer could not be read (contract Q18, Q19)."""


def demand(value: T | None) -> T:
    """Give `value`; raises `NullReference` for None, as C# does for null."""
    if value is None:
        raise NullReference
    return value


def demand_all(values: Iterable[T | None]) -> list[T]:
    """Give all `values`; raises `NullReference` if one is None."""
    return [demand(value) for value in values]
