"""A JSON object as a record of one of our types, member by member: what a crash or a disk made of it is no record.

Pure.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "Mapping[str, Json] | None": (dict, NoneType),
}
"""The types of the records' members, as their annotations name them."""

_Record = TypeVar("_Record", bound="DataclassInstance")


def make_record(kind: type[_Record], record: dict[str, Any]) -> _Record:
    """Make a record with a time `at`; raises `ValueError` where a member is not as it has to be."""
    for each in fields(kind):
        value = record.get(each.name, None if each.default is MISSING else each.default)
        if not isinstance(value, _TYPES[str(each.type)]) or isinstance(value, bool) != (each.type == "bool"):
            raise ValueError(f"{each.name} is missing, or of another type")
    if datetime.fromisoformat(record["at"]).tzinfo is None:
        raise ValueError("a time without its zone")
    try:
        return kind(**record)
    except TypeError as error:
        raise ValueError("a member is missing, or unknown") from error
