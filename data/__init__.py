"""Cubes in and out: variables, units, readers, checks, splits, batches and synthetic worlds."""
