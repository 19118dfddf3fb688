"""Users that keep asking, on kept connections, while something happens."""
import itertools
import threading
import time
from dataclasses import dataclass

from .http import Connection


@dataclass
class Asked:
    id: str
    user: str
    began: float  # time.monotonic() before the first byte was sent
    ended: float = 0.0
    status: int = 0
    served_by: str = ""
    problem: str = ""

    @property
    def failed(self):
        return bool(self.problem) or self.status != 200


class Load:
    """with Load(address, threads=4) as load: …  — every exchange is in load.asked afterwards."""

    def __init__(self, address, threads=4, target="/shop/item", users=64, pace_s=0.0,
                 connect=Connection, apart=False):
        self.address, self.target, self.users, self.pace_s = address, target, users, pace_s
        self.connect = connect
        self.asked = []
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        # `apart`: no two clients are near the same user at the same time.
        begin = users // threads if apart else 1
        self._threads = [threading.Thread(target=self._run, args=(i * begin,), daemon=True)
                         for i in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "an exchange under load does not end"

    def failures(self):
        return [asked for asked in list(self.asked) if asked.failed]

    def more(self, count):
        """A fact for eventually(): `count` more exchanges than now have ended."""
        goal = len(self.asked) + count
        return lambda: len(self.asked) >= goal

    def _run(self, seed):
        connection = None
        for turn in itertools.count(seed):
            if self._stop.wait(self.pace_s):
                break
            asked = Asked(str(next(self._numbers)), f"user-{turn % self.users}", time.monotonic())
            try:
                connection = connection or self.connect(self.address)
                answer = connection.request("GET", self.target, [
                    ("x-user-id", asked.user), ("x-request-number", asked.id)])
                asked.status, asked.served_by = answer.status, answer.served_by
                if (answer.header("connection") or "").lower() == "close":
                    connection.close()
                    connection = None
            except (OSError, AssertionError, ValueError) as error:
                asked.problem = repr(error)
                if connection:
                    connection.close()
                connection = None
            asked.ended = time.monotonic()
            self.asked.append(asked)
        if connection:
            connection.close()
