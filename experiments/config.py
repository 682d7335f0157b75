"""Configuration of experiments: the strict base model, and reading it from defaults, YAML and --set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import ConfigError

from . import yamlfile
from .configerrors import explain

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of every configuration: no unknown keys, no silent conversion, no change after it is made.

    Give each field a description (``Field(description=...)`` or a docstring under the field) and bounds
    (``ge``, ``le``, ``Literal``): they are printed by ``terrax show-config`` and quoted in errors.
    Defaults that are easier to read as YAML stand in a file that ``defaults_file`` names.
    """

    defaults_file: ClassVar[Path | None] = None

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def load(model: type[Model], file: Path | None = None, sets: Sequence[str] = ()) -> Model:
    """Return the defaults of `model`, overlaid by a YAML file, overlaid by ``key.sub=value`` settings.

    Nested sections merge key by key; a free mapping (say, of parameter names) given in the file replaces
    the default mapping, while a dotted setting changes one entry of it. Giving a section another variant
    (another value of its tag, say ``split.by``) drops the keys of the variant before.
    Raises ConfigError for unknown keys (with the nearest valid name), bad values and bad YAML.
    """
    config = default(model)
    if file is not None:
        raw, lines = yamlfile.read(file)
        config = validate(model, overlay(config, raw, into_mappings=False), str(file), lines, given=raw)
    if sets:
        raw = parse_sets(sets)
        config = validate(model, overlay(config, raw, into_mappings=True), "--set", given=raw)
    return config


def default(model: type[Model]) -> Model:
    """Return the defaults of `model`: those of its fields, overlaid by its ``defaults_file``."""
    path = getattr(model, "defaults_file", None)
    if path is None:
        return validate(model, {})
    raw, lines = yamlfile.read(path)
    return validate(model, raw, path.name, lines)


def validate(
    model: type[Model],
    raw: Mapping[str, Any],
    where: str = "",
    lines: yamlfile.Lines | None = None,
    given: Mapping[str, Any] | None = None,
) -> Model:
    """Return `model` built from JSON-like values, or raise ConfigError with one sentence.

    `where` names the source in the sentence, `lines` its line numbers, `given` what the user wrote.
    """
    try:
        return model.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        raise explain(error, model, raw, where, lines or {}, given) from None


def parse_sets(sets: Sequence[str]) -> dict[str, Any]:
    """Return nested values from ``key.sub=value`` texts; values are read as YAML, later ones win."""
    result: dict[str, Any] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise ConfigError(f"'{text}' is not a setting", "--set", "write --set key=value or key.sub=value")
        if not value.strip():
            raise ConfigError(f"'{key.strip()}' is given no value", "--set", "write null to mean none")
        here = result
        for part in parts[:-1]:
            inner = here.get(part)
            if not isinstance(inner, dict):
                inner = here[part] = {}
            here = inner
        here[parts[-1]] = yamlfile.parse(value, f"--set {key.strip()}")[0]
    return result


def overlay(config: BaseModel, raw: Mapping[str, Any], *, into_mappings: bool) -> dict[str, Any]:
    """Return the JSON-like values of `config` with those of `raw` laid over them."""
    result = config.model_dump(mode="json")
    for key, value in raw.items():
        result[key] = _lay(getattr(config, key, None), value, into_mappings)
    return result


def _lay(current: Any, value: Any, into_mappings: bool) -> Any:
    """Return `value` laid over the `current` field value."""
    if not isinstance(value, Mapping):
        return value
    if isinstance(current, BaseModel) and not _other_variant(current, value):
        return overlay(current, value, into_mappings=into_mappings)
    if isinstance(current, Mapping) and into_mappings:
        merged = {key: _plain(item) for key, item in current.items()}
        merged.update({key: _lay(current.get(key), item, True) for key, item in value.items()})
        return merged
    return dict(value)


def _plain(item: Any) -> Any:
    """Return a JSON-like value of a model, or the value itself."""
    return item.model_dump(mode="json") if isinstance(item, BaseModel) else item


def _other_variant(current: BaseModel, value: Mapping[str, Any]) -> bool:
    """Tell whether `value` names another tag than `current` (a tag is a field with one Literal choice)."""
    for name, field in type(current).model_fields.items():
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if len(choices) == 1 and name in value and value[name] != choices[0]:
            return True
    return False


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> dict[str, tuple]:
    """Return dotted key -> (our value, their value) for every leaf where two configurations differ."""
    found: dict[str, tuple] = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        mine, other = ours.get(key), theirs.get(key)
        if isinstance(mine, Mapping) and isinstance(other, Mapping):
            found.update(differences(mine, other, f"{prefix}{key}."))
        elif mine != other:
            found[f"{prefix}{key}"] = (mine, other)
    return found
