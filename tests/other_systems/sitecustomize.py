"""Python imports this at every start of a process that has its folder on PYTHONPATH."""

import without_posix  # noqa: F401
