"""A scriptable upstream: says who served, records every request, and fails in every way asked for.

    with Upstream("legacy") as legacy:
        legacy.behaviour = answer(body=b"hello")
        legacy.requests          # all that arrived so far

A behaviour is a function (Exchange) -> None that writes the answer; those below cover most.
Returning normally keeps the connection, raising Over closes it.
"""
import hashlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

KEPT_BODY_MAX = 1 << 20
PIECE = 64 * 1024


class Over(Exception):
    """The connection is done."""


@dataclass
class Request:
    method: str
    target: str
    headers: list
    connection: int
    at: float  # time.monotonic() when its head was complete
    body: bytes = b""  # the first KEPT_BODY_MAX bytes
    length: int = 0
    digest: str = ""
    head: bytes = b""
    trailers: list = field(default_factory=list)

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None


def _bound(host, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    return sock


class Upstream:
    def __init__(self, name, behaviour=None, host="127.0.0.1", port=0):
        self.name = name
        self.host = host
        self.behaviour = behaviour or answer()
        self.requests = []
        self.connections = 0
        self.read_bodies = True  # False: the behaviour reads, or does not
        self.stopping = threading.Event()
        self._open = {}
        self._lock = threading.Lock()
        # Holds the port as long as this upstream lives: while it refuses, no other server of a
        # test that runs beside this one must be found there.
        self._holder = _bound(host, port)
        self.port = self._holder.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self._listener = None
        self._listen()

    def _listen(self):
        self._listener = _bound(self.host, self.port)
        self._listener.listen(512)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.refuse()
        self._holder.close()

    def refuse(self):
        """Connections are refused from now on and the open ones are closed."""
        # shutdown() wakes the accepting thread; close() alone would leave the port listening.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.drop_connections()

    def recover(self):
        self._listen()

    def drop_connections(self):
        with self._lock:
            for sock in self._open.values():
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    def seen(self, **headers):
        """The requests that carry all these headers (underscores for dashes)."""
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        return [r for r in list(self.requests)
                if all(r.header(name) == value for name, value in wanted.items())]

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open[number] = sock
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.behaviour is RESET_ON_ACCEPT:
                reset(sock)
                raise Over
            reader = _Reader(sock)
            while True:
                request = reader.head(number)
                if request is None:
                    return
                with self._lock:
                    self.requests.append(request)
                exchange = Exchange(self, sock, reader, request)
                if self.read_bodies:
                    exchange.read_body()
                self.behaviour(exchange)
        except (Over, OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.pop(number, None)
            sock.close()


class Exchange:
    """One request at an upstream, for its behaviour."""

    def __init__(self, upstream, sock, reader, request):
        self.upstream, self.sock, self.reader, self.request = upstream, sock, reader, request

    def send(self, data):
        self.sock.sendall(data)

    def read_body(self, pause=None):
        self.reader.body(self.request, self.sock, pause)

    def wait_for_the_end(self):
        """Until this upstream stops or the peer has gone."""
        self.sock.settimeout(0.05)
        while not self.upstream.stopping.is_set():
            try:
                if not self.sock.recv(PIECE):
                    break
            except socket.timeout:
                continue
        raise Over


class _Reader:
    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def head(self, connection):
        while b"\r\n\r\n" not in self.buffer:
            data = self.sock.recv(PIECE)
            if not data:
                return None
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = (lines[0].split(" ", 2) + ["", ""])[:3]
        headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]
        return Request(method, target, headers, connection, time.monotonic(), head=head)

    def body(self, request, sock, pause):
        if (request.header("expect") or "").lower() == "100-continue":
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        digest = hashlib.sha256()
        for piece in self._pieces(request):
            digest.update(piece)
            request.length += len(piece)
            request.body += piece[:max(0, KEPT_BODY_MAX - len(request.body))]
            if pause:
                pause()
        request.digest = digest.hexdigest()

    def _pieces(self, request):
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            while True:
                size = int(self._line().split(b";")[0], 16)
                if size == 0:
                    break
                yield from self._exactly(size)
                self._line()
            while line := self._line():
                request.trailers.append(line.decode("latin-1"))
        else:
            yield from self._exactly(int(request.header("content-length") or 0))

    def _exactly(self, left):
        while left:
            if not self.buffer:
                self._fill()
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            yield piece

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _fill(self):
        data = self.sock.recv(PIECE)
        if not data:
            raise Over
        self.buffer += data


# Behaviours. DATE is fixed, so that answers are the same bytes every time.
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def head_of(exchange, status, headers, reason="Fine"):
    lines = [f"HTTP/1.1 {status} {reason}", f"Date: {DATE}",
             f"X-Served-By: {exchange.upstream.name}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def answer(status=200, headers=(), body=b"ok\n", content_type="text/plain"):
    """A whole answer with Content-Length. `body` may be a function of the Request."""
    def behave(exchange):
        data = body(exchange.request) if callable(body) else body
        fields = [("Content-Type", content_type), *headers]
        if status not in (204, 304):
            fields.append(("Content-Length", len(data)))
        out = head_of(exchange, status, fields)
        if exchange.request.method != "HEAD" and status not in (204, 304):
            out += data
        exchange.send(out)
    return behave


def chunked(pieces, headers=(), trailers=()):
    def behave(exchange):
        exchange.send(head_of(exchange, 200, [*headers, ("Transfer-Encoding", "chunked")]))
        for piece in pieces:
            exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        end = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        exchange.send(b"0\r\n" + end.encode("latin-1") + b"\r\n")
    return behave


def until_close(body):
    def behave(exchange):
        exchange.send(head_of(exchange, 200, [("Connection", "close")]) + body)
        raise Over
    return behave


def large(size, piece=PIECE):
    """`size` bytes of a pattern (see pattern_digest), with Content-Length."""
    def behave(exchange):
        exchange.send(head_of(exchange, 200, [("Content-Length", size)]))
        for data in pattern(size, piece):
            exchange.send(data)
    return behave


def pattern(size, piece=PIECE):
    block = bytes(i * 7 % 251 for i in range(piece))
    for _ in range(size // piece):
        yield block
    if size % piece:
        yield block[:size % piece]


def pattern_digest(size, piece=PIECE):
    digest = hashlib.sha256()
    for data in pattern(size, piece):
        digest.update(data)
    return digest.hexdigest()


def hang(exchange):
    """Never an answer, the connection stays."""
    exchange.wait_for_the_end()


def slow(seconds, then=None):
    """An answer after a pause: it stands for an upstream's own work."""
    def behave(exchange):
        exchange.upstream.stopping.wait(seconds)
        (then or answer())(exchange)
    return behave


def raw(data, then="close"):
    """These bytes; then `keep`, `close`, `reset` or `hang`."""
    def behave(exchange):
        exchange.send(data)
        if then == "hang":
            exchange.wait_for_the_end()
        if then == "reset":
            reset(exchange.sock)
        if then != "keep":
            raise Over
    return behave


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def RESET_ON_ACCEPT(_exchange):
    raise Over


GARBAGE = b"\x16\x03\x01 this is no HTTP\r\n\r\n"

# Every stage at which a peer can break, by name.
RESETS = {
    "on accept": RESET_ON_ACCEPT,
    "before the head": raw(b"", "reset"),
    "inside the head": raw(b"HTTP/1.1 200 OK\r\nContent-Le", "reset"),
    "after the head": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "reset"),
    "inside the body": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "reset"),
    "inside a chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf", "reset"),
}
