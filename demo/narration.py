"""What the demo says, and how it waits."""
import sys
import time

_started = time.monotonic()


class Failed(Exception):
    """The demo can not go on; the message says why."""


def chapter(text):
    print(f"\n== {text}", flush=True)


def say(text):
    print(f"[{time.monotonic() - _started:5.1f} s] {text}", flush=True)


def show(text, lines_max):
    """A part of some output, set off."""
    lines = text.rstrip().splitlines()
    for line in lines[:lines_max]:
        print(f"          | {line}")
    if len(lines) > lines_max:
        print(f"          | … {len(lines) - lines_max} more lines")
    sys.stdout.flush()


def elapsed():
    return time.monotonic() - _started


def wait_until(fact, what, timeout_s=30):
    """The first true value of fact()."""
    end = time.monotonic() + timeout_s
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
