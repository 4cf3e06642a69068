"""Reads values that are well formed as those of a system, by the types that the model declares.

It reads what pydantic reads, and leaves everything else to it: what is wrong with a value, and where, is pydantic's to
say. Its validators take longer to make than ten definitions take to check, and most runs find nothing wrong.
"""

from __future__ import annotations

from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reconciler.model.canonical_json import Json

    Reader: TypeAlias = Callable[[Json], Json]
    """Gives a value as it is read; raises `NotPlain` where that is not certain."""


class NotPlain(ReconcilerError):
    """The value is wrong, or of a kind that only pydantic reads."""


def make_reader(annotation: object, metadata: Iterable[object] = ()) -> Reader:
    """Make the reader of a declared type; of `metadata`, what a value goes through before counts."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return make_reader(arguments[0], (*annotation.__metadata__, *metadata))  # type: ignore[attr-defined]  # `get_origin` said so
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        read: Reader = partial(_read_part, annotation, list_readers(annotation), set(annotation.model_fields))
    elif origin is tuple and arguments[1:] == (...,):
        read = partial(_read_items, make_reader(arguments[0]))
    elif origin is dict:
        read = partial(_read_mapping, make_reader(arguments[0]), make_reader(arguments[1]))
    elif origin in {UnionType, Union} and len(arguments) == 2 and arguments[1] is NoneType:
        read = partial(_read_optional, make_reader(arguments[0]))
    elif annotation in {str, bool}:
        read = partial(_read_exact, annotation)
    else:
        read = _refuse
    for each in metadata:
        if isinstance(each, BeforeValidator):
            read = partial(_read_after, each.func, read)  # type: ignore[arg-type]  # none of ours asks for more
    return read


def list_readers(model: type[BaseModel]) -> Mapping[str, Reader]:
    """Make the readers of a model's members, by their names."""
    return {name: make_reader(each.annotation, each.metadata) for name, each in model.model_fields.items()}


def _read_exact(kind: object, value: Json) -> Json:
    if type(value) is not kind:
        raise NotPlain("It is not plain.")
    return value


def _refuse(_: Json) -> Json:
    raise NotPlain("It is not plain.")


def _read_after(before: Reader, read: Reader, value: Json) -> Json:
    return read(before(value))


def _read_optional(read: Reader, value: Json) -> Json:
    return None if value is None else read(value)


def _read_items(read: Reader, value: Json) -> Json:
    if type(value) is not tuple:
        raise NotPlain("It is not plain.")
    return tuple([read(each) for each in value])


def _read_mapping(read_name: Reader, read: Reader, value: Json) -> Json:
    if type(value) is not dict:
        raise NotPlain("It is not plain.")
    return {read_name(name): read(each) for name, each in value.items()}


def _read_part(model: type[BaseModel], readers: Mapping[str, Reader], names: set[str], value: Json) -> Json:
    if isinstance(value, model):
        return value
    if type(value) is not dict or not value.keys() <= names:
        raise NotPlain("It is not plain.")
    read = {name: readers[name](each) for name, each in value.items()}
    if any(each.is_required() and name not in read for name, each in model.model_fields.items()):
        raise NotPlain("It is not plain.")
    return model.model_construct(names, **read)
