"""A bench of fixed numbers for tests."""

from experiments.bench import Row


def rows(data, quick):
    """One row that reaches its target and, unless quick, one that misses it."""
    found = [
        Row("speed", 2e6, "d s-1", peer="other", peer_value=1e6, target=1e6),
        Row("told", 3.0, "1"),
        Row("compile", 4.0, "s", target=10.0, at_most=True),
    ]
    if not quick:
        found.append(Row("error", float("nan"), "1", target=1e-3, at_most=True))
    return found
