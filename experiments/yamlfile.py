"""Read YAML as JSON-like values with line numbers; duplicate keys and YAML's surprises are errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from data.errors import ConfigError

Lines = dict[tuple[str | int, ...], int]

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {
    ".inf": float("inf"),
    "+.inf": float("inf"),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def read(path: Path) -> tuple[dict[str, Any], Lines]:
    """Return the mapping in a YAML file and the line (from 1) of every key and item.

    Raises ConfigError where the file is missing, unreadable, not YAML, not a mapping, or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("no such configuration file", str(path), "give --config an existing file") from None
    except IsADirectoryError:
        raise ConfigError(
            "a folder where a configuration file is wanted", str(path), "name the YAML file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError("the configuration file is not UTF-8 text", str(path), "save it as UTF-8") from None
    value, lines = parse(text, str(path))
    if value is None:
        return {}, lines
    if not isinstance(value, dict):
        raise ConfigError(
            f"a configuration is a mapping of keys, not {_kind(value)}", str(path), "write 'key: value' lines"
        )
    return value, lines


def parse(text: str, where: str) -> tuple[Any, Lines]:
    """Parse YAML text into dict, list, str, int, float, bool and None, as YAML 1.2 reads scalars.

    Unlike YAML 1.1, ``1e-3`` is a number, ``no`` and ``on`` are words and dates stay text.
    Raises ConfigError with the line for bad syntax, repeated keys, keys that are not text, and aliases.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _fault("aliases (*name) are not read here", where, event, "write the value out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        place = f"{where}, line {mark.line + 1}" if mark is not None else where
        raise ConfigError(f"not valid YAML, {problem}", place, "mend the line") from None
    lines: Lines = {}
    value = None if node is None else _value(node, (), lines, where)
    return value, lines


def scalar(text: str) -> Any:
    """Return the value of a plain (unquoted) scalar: a number, true, false, null or the text itself."""
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    if lowered in _SPECIAL:
        return _SPECIAL[lowered]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text


def _value(node: yaml.Node, path: tuple[str | int, ...], lines: Lines, where: str) -> Any:
    """Build the value of one node, noting the line of each path."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return scalar(node.value) if node.style is None else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), lines, where) for index, item in enumerate(node.value)]
    assert isinstance(node, yaml.MappingNode)
    result: dict[str, Any] = {}
    for key_node, item in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _fault("a key must be text", where, key_node, "write 'key: value'")
        key = str(key_node.value)
        if key in result:
            first = lines[(*path, key)]
            raise _fault(
                f"key '{'.'.join(map(str, (*path, key)))}' is given twice, first on line {first}",
                where,
                key_node,
                "keep one",
            )
        lines[(*path, key)] = key_node.start_mark.line + 1
        result[key] = _value(item, (*path, key), lines, where)
    return result


def _fault(what: str, where: str, at: Any, remedy: str) -> ConfigError:
    """Return a ConfigError that names the line of a YAML node or event."""
    return ConfigError(what, f"{where}, line {at.start_mark.line + 1}", remedy)


def _kind(value: Any) -> str:
    """Return a plain word for the type of a YAML value."""
    names = {list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "a mapping")
