from toyfixtures import finished, terrax  # noqa: F401
