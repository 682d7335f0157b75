"""Time-series causal graphs from panels and cubes."""
