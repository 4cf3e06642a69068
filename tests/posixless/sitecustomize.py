"""Python imports this when it starts with this folder in PYTHONPATH."""

import without_posix  # type: ignore[import-not-found]  # found in PYTHONPATH only

without_posix.remove_modules()
