"""Asking again after a while where a server is busy: the only file that imports tenacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

_Value = TypeVar("_Value")
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 4.0


def retried(
    do: Callable[[], _Value], is_worth_it: Callable[[BaseException], bool], attempts: int, seconds: float
) -> _Value:
    """What `do` gives, tried up to so many times within so many seconds, with growing waits between.

    Raises what the last try raised.
    """
    waiting = Retrying(
        retry=retry_if_exception(is_worth_it),
        stop=stop_after_attempt(attempts) | stop_before_delay(max(seconds, 0.01)),
        wait=wait_random_exponential(_FIRST_WAIT, _LONGEST_WAIT),
        reraise=True,
    )
    return waiting(do)
