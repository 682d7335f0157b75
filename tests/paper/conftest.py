"""Fixtures of finished runs."""

from paper_runs import all_runs, run_by_time

__all__ = ["all_runs", "run_by_time"]
