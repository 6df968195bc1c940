"""Python functions as tools of the model: their JSON schema, and how they are called.

A tool never ends the conversation. What goes wrong in it, or with what the model made up for it, becomes an output that
the model can read and mend: ``{"error": "argument 'days': Expected `int`, got `str`"}``.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from vlclient.errors import ConfigurationError
from vlclient.tool_signature import Parameter, Signature
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.wire import UNSET, JsonObject

__all__ = ["Tool", "Toolbox"]

TIMEOUT_S = 30.0
"""Nobody waits longer than that for somebody who has fallen silent."""

logger = logging.getLogger(__name__)


class _WrongArguments(Exception):
    """What the model sent does not fit."""


class Tool:
    """A function that the model may call. Made with ``Tool.of``."""

    def __init__(
        self,
        fn: Callable[..., Any],
        definition: FunctionTool,
        parameters: Iterable[Parameter],
        timeout_s: float | None,
    ) -> None:
        self.definition = definition
        """As ``session.update`` takes it."""
        self.timeout_s = timeout_s
        self._fn = fn
        self._is_async = inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
        self._parameters = {parameter.name: parameter for parameter in parameters}

    @classmethod
    def of(
        cls,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout_s: float | None = TIMEOUT_S,
    ) -> "Tool":
        """Make a tool of a function, a method, a ``functools.partial`` or an object that can be called.

        The schema comes from the annotations: plain types, lists, dicts, ``Literal``, ``Enum``, ``Optional``, unions,
        ``TypedDict``, dataclasses, msgspec structs. Descriptions come from the docstring (Google, NumPy or Sphinx
        style) or from ``Annotated[int, "how many"]``. ``timeout_s`` is how long a call may take, None for ever; a
        function that is not ``async`` runs in a thread, which goes on in vain after that.

        Raises ``ConfigurationError`` that names the parameter when a call could not be described to the model.
        """
        signature = Signature.of(fn, name=name)
        definition = FunctionTool(
            name=signature.name,
            description=description or signature.summary or UNSET,
            parameters=signature.schema(),
        )
        return cls(fn, definition, signature.parameters, timeout_s)

    @property
    def name(self) -> str:
        return self.definition.name

    async def run(self, arguments: str) -> str:
        """Call the function with the model's arguments, JSON text, and give its output as text.

        A string stays as it is, anything else becomes JSON, with ``str()`` for what JSON lacks. Whatever goes wrong
        becomes an output with an ``error``. Only a cancellation of the caller goes through.
        """
        limit = asyncio.timeout(self.timeout_s)
        try:
            given = self._convert(arguments)
            async with limit:
                return _text(await self._call(given))
        except _WrongArguments as error:
            return _error(str(error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._failed(error)  # the function's own: something that it waited for was cancelled
        except TimeoutError as error:
            if not limit.expired():
                return self._failed(error)
            logger.warning("tool %s took longer than %g s and was given up", self.name, self.timeout_s)
            return _error(f"no result within {self.timeout_s:g} s")
        except Exception as error:
            return self._failed(error)

    async def _call(self, given: JsonObject) -> Any:
        if self._is_async:
            return await self._fn(**given)
        result = await asyncio.to_thread(_call_in_thread, self._fn, given)
        return await result if inspect.isawaitable(result) else result

    def _failed(self, error: BaseException) -> str:
        logger.error("tool %s failed", self.name, exc_info=error)
        try:
            words = str(error)
        except Exception:
            words = ""
        return _error(f"{type(error).__name__}: {words}" if words else type(error).__name__)

    def _convert(self, arguments: str) -> JsonObject:
        """The model's arguments as the annotations want them. Raises ``_WrongArguments`` in words that it can use."""
        try:
            raw = msgspec.json.decode(arguments) if arguments.strip() else {}
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise _WrongArguments(f"the arguments are not valid JSON: {error}") from error
        if not isinstance(raw, dict):
            raise _WrongArguments("the arguments must be a JSON object")
        if unknown := [name for name in raw if name not in self._parameters]:
            raise _WrongArguments(f"unknown argument {unknown[0]!r}; known: {', '.join(self._parameters) or 'none'}")
        given = {}
        for parameter in self._parameters.values():
            if parameter.name not in raw or (
                raw[parameter.name] is None and not parameter.required and not parameter.nullable
            ):
                if parameter.required:
                    raise _WrongArguments(f"missing argument {parameter.name!r}")
                continue  # models send null for what they leave out
            given[parameter.name] = _converted(raw[parameter.name], parameter)
        return given


class Toolbox:
    """The tools of a session, by name."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> Tool:
        """One more. Raises ``ConfigurationError`` when there is one of that name."""
        if tool.name in self._tools:
            raise ConfigurationError(f"there is a tool {tool.name!r} already: give this one another name with name=")
        self._tools[tool.name] = tool
        return tool

    def definitions(self) -> list[FunctionTool]:
        """For ``session.update``, in the order in which they were added."""
        return [tool.definition for tool in self._tools.values()]

    async def answer(self, name: str, arguments: str) -> str:
        """The output of a call; one with an ``error`` when there is no such tool."""
        tool = self._tools.get(name)
        if tool is None:
            logger.warning("the model called %r, which is no tool of this session", name)
            return _error(f"there is no tool {name!r}; known: {', '.join(self._tools) or 'none'}")
        return await tool.run(arguments)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)


# ---- calling


def _call_in_thread(fn: Callable[..., Any], given: JsonObject) -> Any:
    try:
        return fn(**given)
    except StopIteration as error:  # a future cannot carry it, and would never be done
        raise RuntimeError("StopIteration") from error


def _converted(value: Any, parameter: Parameter) -> Any:
    """Strictly first, then as models are: ``"5"`` for 5. Not leniently at once, or ``int | str`` would lose its str."""
    try:
        return msgspec.convert(value, parameter.annotation, strict=True)
    except (msgspec.ValidationError, RecursionError):
        pass
    try:
        return msgspec.convert(value, parameter.annotation, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _WrongArguments(f"argument {parameter.name!r}: {error}") from error


def _text(result: Any) -> str:
    if isinstance(result, str):
        text = result
    else:
        try:
            text = msgspec.json.encode(result, enc_hook=str).decode()
        except (TypeError, ValueError, RecursionError):  # keys that JSON lacks, circles
            text = str(result)
    return text.encode(errors="replace").decode()  # half a surrogate pair would break the frame


def _error(message: str) -> str:
    return _text({"error": message.encode(errors="replace").decode()})
