"""The benches: one module each, with ``rows(data, quick)``."""
