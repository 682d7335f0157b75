"""Turn a pydantic validation error into one sentence: the key, what is wrong, the nearest valid name."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from data.errors import ConfigError, nearest

_TYPES = {
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "finite_number": "a finite number",
    "none_required": "null",
}


def explain(
    error: ValidationError,
    model: type[BaseModel],
    raw: Mapping[str, Any],
    where: str,
    lines: Mapping[tuple[str | int, ...], int],
    given: Mapping[str, Any] | None = None,
) -> ConfigError:
    """Return a ConfigError for the first fault of `error`; the others are counted.

    `raw` is what was validated, `given` the part of it that the user wrote (faults there come first).
    """
    faults = error.errors(include_url=False)
    if given:
        faults.sort(key=lambda fault: not _reaches(given, _path(fault["loc"], raw)))
    fault = faults[0]
    path = _path(fault["loc"], raw)
    line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
    place = f"{where}, line {line}" if line else where
    what, remedy = _sentence(fault, path, model)
    if len(faults) > 1:
        more = len(faults) - 1
        remedy = f"{remedy} ({more} more fault{'s' if more > 1 else ''} after this one)"
    return ConfigError(what, place, remedy)


def valid_names(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that are valid at a location inside `model`; `loc` may hold tags of variants."""
    names: list[str] = []
    for kind in _walk(model, loc):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [name for name in kind.model_fields if name not in names]
    return names


def bounds(field: FieldInfo | None) -> str:
    """Return the declared bounds of a field as text (``>= 0 and <= 1``), or an empty text."""
    parts: list[str] = []
    for item in field.metadata if field is not None else ():
        for name, sign in (
            ("gt", ">"),
            ("ge", ">="),
            ("lt", "<"),
            ("le", "<="),
            ("multiple_of", "a multiple of"),
        ):
            limit = getattr(item, name, None)
            if limit is not None:
                parts.append(f"{sign} {limit}")
        for name, word in (("min_length", "at least"), ("max_length", "at most")):
            limit = getattr(item, name, None)
            if limit is not None:
                parts.append(f"{word} {limit} long")
    return " and ".join(parts)


def _sentence(fault: Any, path: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong and the remedy for one pydantic fault."""
    kind, loc, value = fault["type"], fault["loc"], fault.get("input")
    key, context = dotted(path), fault.get("ctx", {})
    if kind == "extra_forbidden":
        names = valid_names(model, loc[:-1])
        guess = nearest(str(path[-1]), names).strip()
        return f"unknown key '{key}'", guess or f"the keys here are {', '.join(names)}"
    if kind == "missing":
        return f"key '{key}' is missing", "give it a value"
    if kind in ("literal_error", "enum"):
        choices = _choices(model, loc)
        guess = nearest(str(value), choices).strip()
        options = ", ".join(choices) or str(context.get("expected", ""))
        return (
            f"'{key}' is {show(value)}",
            f"{guess} (one of {options})" if guess else f"choose one of {options}",
        )
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = str(context.get("discriminator", "")).strip("'")
        options = str(context.get("expected_tags", "")).replace("'", "")
        if kind == "union_tag_not_found":
            return f"'{key}' lacks its key '{tag}'", f"add {tag}{': one of ' + options if options else ''}"
        found = str(context.get("tag", ""))
        guess = nearest(found, options.split(", ")).strip()
        full = f"{key}.{tag}" if key else tag
        return (
            f"'{full}' is '{found}'",
            f"{guess} (one of {options})" if guess else f"choose one of {options}",
        )
    if kind in _TYPES:
        return f"'{key}' is {show(value)}", f"give {_TYPES[kind]}"
    field = _field(model, loc)
    limits = bounds(field)
    if limits and kind.startswith(("greater_than", "less_than", "multiple_of", "too_", "string_too")):
        return f"'{key}' is {show(value)}, which is out of bounds", f"give a value {limits}"
    message = str(fault["msg"])
    if kind in ("value_error", "assertion_error"):
        message = message.split(", ", 1)[-1]
        what, _, remedy = message.partition(": ")
        what = f"'{key}' is not valid, {what}" if key else what
        return what.rstrip("."), remedy.rstrip(".") or "mend the value"
    return f"'{key}' is {show(value)}", message[:1].lower() + message[1:]


def dotted(path: tuple[str | int, ...]) -> str:
    """Return ``a.b[0].c`` for a path."""
    text = ""
    for item in path:
        text += f"[{item}]" if isinstance(item, int) else f".{item}" if text else item
    return text


def show(value: Any) -> str:
    """Return a short printable form of a configuration value."""
    text = {True: "true", False: "false", None: "null"}.get(value) if _simple(value) else None
    text = text or repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _simple(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _path(loc: tuple[str | int, ...], raw: Any) -> tuple[str | int, ...]:
    """Return a pydantic location without the tags and type names that pydantic puts into it."""
    path: list[str | int] = []
    here: Any = raw
    for index, item in enumerate(loc):
        if isinstance(here, Mapping):
            if item in here:
                here = here[item]
            elif index < len(loc) - 1 or item == "[key]":
                continue
            path.append(item)
        elif isinstance(here, list) and isinstance(item, int):
            here = here[item] if item < len(here) else None
            path.append(item)
    return tuple(path)


def _reaches(given: Any, path: tuple[str | int, ...]) -> bool:
    """Tell whether the user's own values contain the first part of a path."""
    for item in path:
        if not isinstance(given, Mapping):
            return True
        if item not in given:
            return False
        given = given[item]
    return True


def _expand(kind: Any) -> list[Any]:
    """Return the alternatives of a type: Annotated and unions opened."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _expand(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [inner for option in get_args(kind) for inner in _expand(option)]
    if isinstance(kind, typing.TypeVar) or kind is None:
        return []
    return [kind]


def _walk(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[Any]:
    """Return the possible types at a location."""
    kinds: list[Any] = [model]
    for item in loc:
        following: list[Any] = []
        for kind in kinds:
            origin = get_origin(kind)
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                if item in kind.model_fields:
                    following += _expand(kind.model_fields[str(item)].annotation)
                elif isinstance(item, str) and (item in _tags(kind) or item == kind.__name__):
                    following.append(kind)
            elif origin in (dict, Mapping):
                following += _expand(get_args(kind)[1])
            elif origin in (list, tuple, set, frozenset):
                following += [inner for arg in get_args(kind) if arg is not ... for inner in _expand(arg)]
        kinds = following
    return kinds


def _tags(kind: type[BaseModel]) -> set[str]:
    """Return the values of the one-choice Literal fields of a model."""
    found = set()
    for field in kind.model_fields.values():
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if len(choices) == 1:
            found.add(str(choices[0]))
    return found


def _field(model: type[BaseModel], loc: tuple[str | int, ...]) -> FieldInfo | None:
    """Return the field at a location, where it is a plain field of a model."""
    for end in range(len(loc), 0, -1):
        for kind in _walk(model, loc[: end - 1]):
            if isinstance(kind, type) and issubclass(kind, BaseModel) and loc[end - 1] in kind.model_fields:
                return kind.model_fields[str(loc[end - 1])]
    return None


def _choices(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the Literal choices at a location."""
    found: list[str] = []
    for kind in _walk(model, loc):
        if get_origin(kind) is Literal:
            found += [str(choice) for choice in get_args(kind)]
    return found
