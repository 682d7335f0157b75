"""Configuration: overlaying, round trips and YAML as YAML 1.2 reads it."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from data.errors import ConfigError
from experiments import config, registry, showconfig, yamlfile
from experiments.config import Strict


class Fixed(Strict):
    """A fixed role."""

    role: Literal["fixed"] = Field("fixed", description="The role.")


class Dynamic(Strict):
    """A learned role."""

    role: Literal["dynamic"] = Field("dynamic", description="The role.")
    inputs: tuple[str, ...] = Field((), description="Inputs.")
    width: int = Field(8, ge=1, description="Width.")


Role = Annotated[Fixed | Dynamic, Field(discriminator="role")]


class Model(Strict):
    """A model with a mapping of variants."""

    roles: dict[str, Role] = Field(
        {"q10": Dynamic(inputs=("tas",), width=32), "lue": Fixed()}, description="Roles."
    )
    limit: float | None = Field(None, ge=0, description="A limit or none.")
    notes: str = Field("", description="Free text.")


def load(model=toy.Config, text="", sets=(), tmp_path=None):
    if not text:
        return config.load(model, None, sets)
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(model, path, sets)


def test_sections_merge_and_keep_defaults_of_the_instance(tmp_path):
    found = load(text="train: {rate: 0.5}", tmp_path=tmp_path)
    assert (found.train.rate, found.train.steps) == (0.5, 30)


def test_a_free_mapping_in_a_file_replaces_and_a_setting_changes_one_entry(tmp_path):
    assert load(text="weights: {et: 2.0}", tmp_path=tmp_path).weights == {"et": 2.0}
    assert load(sets=["weights.et=2.0"]).weights == {"gpp": 1.0, "et": 2.0}
    assert load(sets=["weights={et: 2.0}"]).weights == {"gpp": 1.0, "et": 2.0}


def test_another_variant_drops_the_keys_of_the_one_before():
    assert load(sets=["split.by=site"]).split == toy.BySite()
    assert load(sets=["split.folds=4", "split.by=site"]).split == toy.BySite(folds=4)
    assert load(sets=["split.train_years=4"]).split == toy.ByTime(train_years=4)


def test_variants_in_a_mapping():
    assert load(Model, sets=["roles.q10.width=16"]).roles["q10"] == Dynamic(inputs=("tas",), width=16)
    assert load(Model, sets=["roles.q10.role=fixed"]).roles["q10"] == Fixed()
    assert set(load(Model, sets=["roles.new={role: fixed}"]).roles) == {"q10", "lue", "new"}
    with pytest.raises(ConfigError, match=r"'roles.q10.widht'.*did you mean 'width'"):
        load(Model, sets=["roles.q10.widht=16"])
    with pytest.raises(ConfigError, match=r"'roles.q10.role' is 'dynamc'.*did you mean 'dynamic'"):
        load(Model, sets=["roles.q10.role=dynamc"])


def test_a_setting_wins_over_the_file_and_the_last_setting_wins(tmp_path):
    assert load(text="seed: 1", sets=["seed=2", "seed=3"], tmp_path=tmp_path).seed == 3


def test_an_empty_file_gives_the_defaults(tmp_path):
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing yet\n")
    assert config.load(toy.Config, path) == toy.Config()


def test_defaults_may_stand_in_a_file(tmp_path):
    class WithFile(Strict):
        """Defaults in YAML."""

        defaults_file = tmp_path / "defaults.yaml"
        roles: dict[str, Role] = Field(description="Roles.")
        limit: float = Field(1.0, description="Limit.")

    (tmp_path / "defaults.yaml").write_text("roles: {q10: {role: dynamic, width: 4}}\n")
    assert load(WithFile).roles == {"q10": Dynamic(width=4)}
    assert load(WithFile, sets=["roles.q10.width=5"]).roles == {"q10": Dynamic(width=5)}
    assert load(WithFile, text="limit: 2.0", tmp_path=tmp_path).roles == {"q10": Dynamic(width=4)}
    assert "`roles`" in showconfig.to_markdown(WithFile)


def test_a_configuration_does_not_change():
    with pytest.raises(ValidationError):
        toy.Config().seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1.", 1.0),
        ("010", 10),
        ("no", "no"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("2001-01-01", "2001-01-01"),
        ("TRUE", True),
        ("~", None),
        ("'1'", "1"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
    ],
)
def test_scalars_are_read_as_yaml_1_2(text, value):
    found, _ = yamlfile.parse(f"key: {text}", "here")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@settings(deadline=None, max_examples=150)
@given(
    names=st.lists(st.text(max_size=12), max_size=3),
    fault=st.none() | st.text(max_size=20),
    slope=st.floats(-10, 10),
    rate=st.floats(0, 1, exclude_min=True),
    weights=st.dictionaries(st.text(min_size=1, max_size=8), st.floats(-1e300, 1e300), max_size=3),
)
def test_what_is_printed_reads_back_equal(tmp_path_factory, names, fault, slope, rate, weights):
    written = toy.Config(
        names=tuple(names),
        fault=fault,
        slope=slope,
        weights=weights,
        train=toy.Train(rate=rate),
        split=toy.BySite(),
    )
    text = showconfig.to_yaml(written)
    raw, _ = yamlfile.parse(text, "printed")
    assert config.validate(toy.Config, raw) == written


def test_nested_variants_read_back_equal(tmp_path):
    text = showconfig.to_yaml(Model(notes="a: b # c", limit=1e-7))
    assert load(Model, text=text, tmp_path=tmp_path) == Model(notes="a: b # c", limit=1e-7)


def test_every_key_has_a_description():
    assert showconfig.undocumented(toy.Config) == []

    class Bare(Strict):
        key: int = 1

    assert showconfig.undocumented(Bare) == ["Bare.key"]


@pytest.mark.parametrize("name", [name for name, entry in registry.entries() if name != "toy"])
def test_every_key_of_the_experiments_has_a_description(name):
    module = pytest.importorskip(dict(registry.entries())[name].module)
    assert showconfig.undocumented(module.Config) == []
    defaults = config.default(module.Config)
    raw, _ = yamlfile.parse(showconfig.to_yaml(defaults), "printed")
    assert config.validate(module.Config, raw) == defaults


def test_differences_name_leaves():
    assert config.differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": 4}) == {
        "a.c": (2, 3),
        "d": (None, 4),
    }
