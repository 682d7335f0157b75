"""Print a configuration whole: commented YAML, Markdown, or a JSON schema."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .config import default
from .configerrors import bounds
from .yamlfile import scalar

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+%^ -]*(?<! )\Z")


def to_yaml(config: BaseModel) -> str:
    """Return a configuration as YAML, each key's description and bounds as comments; it reads back equal."""
    title = (type(config).__doc__ or "").strip().splitlines()
    head = [f"# {title[0]}", ""] if title and title[0] else []
    return "\n".join([*head, *_model_lines(config, 0)]).rstrip() + "\n"


def to_markdown(model: type[BaseModel]) -> str:
    """Return a Markdown table of every key of a configuration: its default, bounds and description."""
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    for key, field, value in _leaves(default(model)):
        usual = _flow(_json(value))
        cells = [f"`{key}`", f"`{usual}`", _allowed(field), field.description or ""]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def to_schema(model: type[BaseModel]) -> str:
    """Return the JSON schema of a configuration."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def undocumented(model: type[BaseModel]) -> list[str]:
    """Return the keys without a description, those of nested models included."""
    found: list[str] = []
    seen: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for name, field in here.model_fields.items():
            if not field.description:
                found.append(f"{here.__name__}.{name}")
            waiting += _models(field.annotation)
    return sorted(found)


def _models(kind: Any) -> list[type[BaseModel]]:
    """Return the models inside a type, at any depth."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [inner for argument in get_args(kind) for inner in _models(argument)]


def _model_lines(config: BaseModel, indent: int) -> Iterator[str]:
    """Yield the YAML lines of a model."""
    pad = " " * indent
    fields = type(config).model_fields
    for index, (key, field) in enumerate(fields.items()):
        value = getattr(config, key)
        block = _is_block(value)
        if index and (block or indent == 0):
            yield ""
        yield from _comment(field, pad)
        yield from _entry(key, value, indent)


def _entry(key: str, value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of one key and its value."""
    pad = " " * indent
    if isinstance(value, BaseModel):
        yield f"{pad}{_text(key)}:"
        yield from _model_lines(value, indent + 2)
    elif _is_block(value):
        yield f"{pad}{_text(key)}:"
        for name, item in value.items():
            if isinstance(item, BaseModel):
                yield f"{pad}  {_text(str(name))}: {_flow(_json(item))}"
            else:
                yield from _entry(str(name), item, indent + 2)
    else:
        yield f"{pad}{_text(key)}: {_flow(_json(value))}"


def _is_block(value: Any) -> bool:
    """Tell whether a value is written on several lines."""
    if isinstance(value, BaseModel):
        return True
    return isinstance(value, Mapping) and any(
        isinstance(item, BaseModel | Mapping) for item in value.values()
    )


def _comment(field: FieldInfo, pad: str) -> Iterator[str]:
    """Yield comment lines: the description and what is allowed."""
    allowed = _allowed(field)
    text = " ".join((field.description or "").split())
    text = f"{text} [{allowed}]" if allowed else text
    for line in textwrap.wrap(text, WIDTH - len(pad) - 2):
        yield f"{pad}# {line}"


def _allowed(field: FieldInfo) -> str:
    """Return the choices or bounds of a field."""
    options = [field.annotation, *get_args(field.annotation)]
    choices = [str(choice) for kind in options if get_origin(kind) is Literal for choice in get_args(kind)]
    if len(choices) > 1:
        return " or ".join(choices)
    return bounds(field)


def _leaves(config: BaseModel, prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    """Yield the dotted key, field and value of every leaf."""
    for key, field in type(config).model_fields.items():
        value = getattr(config, key)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", field, value


def _json(value: Any) -> Any:
    """Return a JSON-like value."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _flow(value: Any) -> str:
    """Return a value on one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def _text(value: str) -> str:
    """Return text plain where YAML reads it back as the same text, and quoted elsewhere."""
    if _PLAIN.match(value) and isinstance(scalar(value), str):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
