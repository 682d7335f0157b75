"""Command line, configuration, runs, reports, and a folder per experiment."""
