"""Waiting for facts, with a deadline, instead of sleeping."""
import time

POLL_S = 0.01


class Late(AssertionError):
    """What was waited for did not happen before the deadline."""


def eventually(fact, what, timeout_s=15.0):
    """Returns the first true value of fact(); AssertionErrors inside it count as "not yet"."""
    end = time.monotonic() + timeout_s
    while True:
        reason = None
        try:
            value = fact()
            if value:
                return value
        except AssertionError as error:
            reason = error
        if time.monotonic() > end:
            raise Late(f"not within {timeout_s:g} s: {what}") from reason
        time.sleep(POLL_S)
