"""A Python file whose public functions are the model's tools."""

import inspect
import sys
import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from vlclient.errors import ConfigurationError
from vlclient.tools import Tool

__all__ = ["tools_in"]

_MODULE = "vlclient_tools"
"""What the file is called while it runs; its own name may be that of another module."""


def tools_in(path: Path) -> list[Callable[..., Any]]:
    """The functions that a file defines and that do not begin with an underscore, or those that its ``__all__`` names.

    Its neighbours can be imported by it, as if it were run. Raises ConfigurationError with file and line when there is
    no such file, when it does not run, or when a function cannot be a tool.
    """
    module = _run(path)
    functions = _public(module, path)
    if not functions:
        raise ConfigurationError(f"{path} defines no function without an underscore: there is nothing to call in it")
    for function in functions:
        try:
            Tool.of(function)
        except ConfigurationError as error:
            raise ConfigurationError(f"{_place(function, path)}: {error}") from None
    return functions


def _run(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path} with tools")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"the file with tools {path} is no Python file: its name must end with .py")
    module = module_from_spec(spec)
    sys.modules[_MODULE] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ConfigurationError(f"{error.filename or path}:{error.lineno or 1}: {error.msg}") from error
    except OSError as error:
        raise ConfigurationError(f"{_where(error, path)}: {error.strerror or error}") from error
    except (Exception, SystemExit) as error:  # it is somebody else's code, and may do anything
        raise ConfigurationError(f"{_where(error, path)}: {type(error).__name__}: {error}") from error
    return module


def _where(error: BaseException, path: Path) -> str:
    """The deepest line of the file itself on the way to the error."""
    lines = [line for file, line in _frames(error) if Path(file) == path or Path(file) == path.resolve()]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _frames(error: BaseException) -> list[tuple[str, int]]:
    return [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)]


def _public(module: ModuleType, path: Path) -> list[Callable[..., Any]]:
    names = getattr(module, "__all__", None)
    if names is None:
        return [
            value
            for name, value in vars(module).items()
            if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == _MODULE
        ]
    for name in names:
        if not callable(getattr(module, name, None)):
            raise ConfigurationError(f"{path}: __all__ names {name!r}, which is no function of it")
    return [getattr(module, name) for name in names]


def _place(function: Any, path: Path) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return str(path) if code is None else f"{path}:{code.co_firstlineno}"
