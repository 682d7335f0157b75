"""What the JAX engine can do; told without loading it."""

from __future__ import annotations

from ..settings import Settings

METHODS = ("pcmci", "pcmci+")
TESTS = ("parcorr", "robust_parcorr")


def can(settings: Settings, missing: bool) -> str:
    """Return why this engine cannot do what is asked, or an empty string."""
    if settings.method not in METHODS:
        return f"the method '{settings.method}' is tigramite's"
    if settings.test not in TESTS:
        return f"the test '{settings.test}' is tigramite's"
    if settings.options:
        return "options of tigramite are given"
    if settings.test == "robust_parcorr" and (missing or set(settings.mask_type) != {"y"}):
        return "robust_parcorr ranks every test's own samples, which differ where values are missing"
    return ""
