"""Takes from Linux what Windows does not have, and forbids what it forbids: a stand-in, from its import on.

Modules that only POSIX has are gone for mmexplore alone, as libraries have their own ways on each system; so are
sessions and groups of processes. A file that any process has mapped into memory can be neither replaced, deleted nor
cut, nor can a folder that holds one be moved.
"""

import builtins
import errno
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "select", "syslog", "termios", "tty"}
CALLS = ("getpgid", "getpgrp", "killpg", "sched_getaffinity", "sched_setaffinity", "setpgid", "setsid")
NEVER_MAPPED = {".json", ".jsonl", ".py", ".pyc", ".txt"}  # looking at every process's maps takes its time
GARBAGE = "/garbage-"  # former sessions' folders, thousands of files, which pytest deletes in passing

_import = builtins.__import__
_start = subprocess.Popen.__init__


def _imported(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    if name in MODULES and str((globals or {}).get("__package__") or "").partition(".")[0] == "mmexplore":
        raise ModuleNotFoundError(f"no module named {name!r} on other systems", name=name)
    return _import(name, globals, locals, fromlist, level)


def _started(process: "subprocess.Popen[Any]", *arguments: Any, **options: Any) -> None:
    """Windows passes these over, and refuses ``preexec_fn``."""
    for only in ("start_new_session", "process_group", "user", "group", "umask"):
        options.pop(only, None)
    if options.get("preexec_fn") is not None:
        raise ValueError("preexec_fn is not supported on other systems")
    _start(process, *arguments, **options)


def is_mapped(path: str) -> bool:
    """Whether any process has a file, or one of a folder, mapped into its memory."""
    end = f" {path}/" if os.path.isdir(path) else f" {path}\n"
    for process in os.listdir("/proc"):
        if process.isdigit():
            try:
                with open(f"/proc/{process}/maps", encoding="utf-8", errors="surrogateescape") as maps:
                    if end in maps.read():
                        return True
            except OSError:
                continue
    return False


def _whole(path: Any, folder: int | None) -> str:
    if not isinstance(path, str | os.PathLike):
        return ""
    place = os.getcwd() if folder is None else os.readlink(f"/proc/self/fd/{folder}")
    return os.path.realpath(os.path.join(place, path))


def _check(could_be: bool, whole: str) -> None:
    if could_be and GARBAGE not in whole and is_mapped(whole):
        raise PermissionError(errno.EACCES, "a process has it mapped into memory", whole)


def _guarded(act: Callable[..., Any], which: int) -> Callable[..., Any]:
    def acting(*arguments: Any, **options: Any) -> Any:
        path = arguments[which] if len(arguments) > which else options.get(("path", "dst")[which])
        whole = _whole(path, options.get("dst_dir_fd" if which else "dir_fd"))
        _check(os.path.isfile(whole) and Path(whole).suffix not in NEVER_MAPPED, whole)
        if which:
            whole = _whole(arguments[0] if arguments else options.get("src"), options.get("src_dir_fd"))
            _check(os.path.isdir(whole), whole)
        return act(*arguments, **options)

    return acting


builtins.__import__ = _imported
subprocess.Popen.__init__ = _started  # type: ignore[method-assign]
for call in CALLS:
    if hasattr(os, call):
        delattr(os, call)
for call in ("unlink", "remove", "truncate"):
    setattr(os, call, _guarded(getattr(os, call), 0))
for call in ("replace", "rename"):
    setattr(os, call, _guarded(getattr(os, call), 1))
