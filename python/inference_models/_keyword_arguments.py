"""Unknown keyword arguments are errors that name what was probably meant."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)


def suggests_keywords(function: Function) -> Function:
    """Makes a function suggest the nearest keyword in the TypeError for one that it does not have."""
    code = function.__code__
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def call(*arguments, **keywords):
        for name in keywords:
            if name not in known:
                raise TypeError(unexpected(function.__name__, name, known))
        return function(*arguments, **keywords)

    return call


def unexpected(function_name: str, name: str, known: tuple[str, ...]) -> str:
    import difflib  # only needed here, and slow to import

    near = [one for one in known if one.startswith(f"{name}_")] or difflib.get_close_matches(name, known, n=1)
    suggestion = f"; did you mean '{near[0]}'?" if near else ""
    return f"{function_name}() got an unexpected keyword argument '{name}'{suggestion}"
