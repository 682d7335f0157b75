"""Integration of pools in time."""
