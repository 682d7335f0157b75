"""`import data` must cost nothing: the command line answers in half a second."""

import subprocess
import sys


def test_import_loads_nothing_heavy():
    code = "import data, sys; print([m for m in ('numpy', 'xarray', 'pandas', 'pint') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_modules_load_without_xarray():
    code = (
        "import data, sys; data.splits; data.batches; data.check; data.convert; data.open_sites;"
        "print([m for m in ('xarray', 'pandas', 'pint', 'jax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves():
    import data

    for name in data.__all__:
        assert getattr(data, name) is not None
    for name in data.synthetic.__all__:
        assert getattr(data.synthetic, name) is not None
