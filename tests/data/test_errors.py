from data.errors import ConfigError, DataError, TerraxError, counted, listing, nearest


def test_error_is_one_sentence():
    error = DataError("the unit is missing", "FR-Pue.nc, variable pr", "set units")
    assert str(error) == "the unit is missing (FR-Pue.nc, variable pr): set units."
    assert (error.what, error.where, error.remedy) == (
        "the unit is missing",
        "FR-Pue.nc, variable pr",
        "set units",
    )
    assert str(TerraxError("it broke")) == "it broke."
    assert str(ConfigError("no key 'a'", "", "did you mean 'b'?")).endswith("'b'?")


def test_error_survives_pickling():
    import pickle

    error = pickle.loads(pickle.dumps(DataError("a", "b", "c")))
    assert str(error) == "a (b): c."


def test_hints():
    assert nearest("tas_mni", ["tas_min", "pr"]) == " did you mean 'tas_min'?"
    assert nearest("zzz", ["tas_min", "pr"]) == ""
    assert listing("abc", 2) == "a, b and 1 more"
    assert (counted(1, "day"), counted(0, "day"), counted(2, "day")) == ("1 day", "0 days", "2 days")
