"""Thousands of HTTP/2 streams at once: a client of many connections, and upstreams that hold what they
are asked for. Each side is one selector loop, since threads would be too many."""
import collections
import selectors
import socket
import struct
import threading

import hpack

from . import h2
from .http import address_of

LARGE = 16384  # bytes of the answer to /large
ACKS = {h2.SETTINGS: b"", h2.PING: None}


class Frames:
    """Whole frames out of a stream of bytes."""

    def __init__(self):
        self.buffer = b""

    def of(self, data):
        self.buffer += data
        at = 0
        while len(self.buffer) >= at + 9:
            size = int.from_bytes(self.buffer[at:at + 3], "big")
            if len(self.buffer) < at + 9 + size:
                break
            kind, flags, number = struct.unpack_from(">BBI", self.buffer, at + 3)
            yield kind, flags, number, self.buffer[at + 9:at + 9 + size]
            at += 9 + size
        self.buffer = self.buffer[at:]


class Peer:
    """A socket that is never waited for."""

    def __init__(self, loop, sock):
        self.loop, self.sock, self.unsent, self.closed = loop, sock, b"", False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.register(sock, selectors.EVENT_READ, self)

    def send(self, data):
        if self.closed:
            return
        self.unsent += data
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent):]
        except BlockingIOError:
            pass
        except OSError:
            return self.close()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.unsent else 0)
        if self.loop.get_key(self.sock).events != wanted:
            self.loop.modify(self.sock, wanted, self)

    def serve(self, events):
        if events & selectors.EVENT_WRITE:
            self.send(b"")
        if self.closed or not events & selectors.EVENT_READ:
            return
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self.close()
        self.take(data)

    def close(self):
        if not self.closed:
            self.closed = True
            self.loop.unregister(self.sock)
            self.sock.close()
            self.ended()

    def ended(self):
        pass


# ---- the client -------------------------------------------------------------------------------

class Asked:
    """What came of one stream."""
    __slots__ = ("status", "size", "ended", "reset")

    def __init__(self):
        self.status, self.size, self.ended, self.reset = None, 0, False, None


class _Connection(Peer):
    def __init__(self, loop, address, window):
        super().__init__(loop, socket.create_connection(address_of(address), timeout=30))
        self.frames, self.streams, self.goaways = Frames(), {}, []
        self.next = 1
        self.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 4, window)))

    def ask(self, method, path, flags=h2.END_STREAM, more=b""):
        """The number of the new stream; `more` is put behind its head, for frames(number)."""
        number, self.next = self.next, self.next + 2
        self.streams[number] = Asked()
        self.send(h2.headers(number, h2.request_fields(method, path), flags)
                  + (more(number) if callable(more) else more))
        return number

    def reset(self, number):
        self.send(h2.frame(h2.RST_STREAM, 0, number, struct.pack(">I", 8)))

    def open_window(self, number, by):
        self.send(h2.frame(h2.WINDOW_UPDATE, 0, number, struct.pack(">I", by)))

    def take(self, data):
        taken = 0
        for kind, flags, number, payload in self.frames.of(data):
            stream = self.streams.get(number)
            if kind in ACKS and not flags & h2.ACK:
                self.send(h2.frame(kind, h2.ACK, 0, payload if ACKS[kind] is None else b""))
            elif kind == h2.GOAWAY:
                self.goaways.append(struct.unpack(">II", payload[:8]))
            elif kind == h2.RST_STREAM and stream:
                stream.reset = struct.unpack(">I", payload)[0]
            elif kind == h2.HEADERS and stream:
                stream.status = h2._status(payload)
            elif kind == h2.DATA:
                taken += len(payload)
                if stream:
                    stream.size += len(payload)
            if kind in (h2.HEADERS, h2.DATA) and flags & h2.END_STREAM and stream:
                stream.ended = True
        if taken:
            self.open_window(0, taken)


class Clients:
    """with Clients(address, 100, window=1024) as clients: …; until() runs all of them."""

    def __init__(self, address, count, window):
        self.loop = selectors.DefaultSelector()
        self.connections = [_Connection(self.loop, address, window) for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.close()
        self.loop.close()

    def until(self, fact, what, timeout_s=120):
        give_up = threading.Event()
        timer = threading.Timer(timeout_s, give_up.set)
        timer.start()
        try:
            while not fact():
                for key, events in self.loop.select(0.02):
                    key.data.serve(events)
                gone = [c for c in self.connections if c.closed]
                assert not gone, f"{len(gone)} connections ended: {gone[0].goaways}, before {what}"
                assert not give_up.is_set(), f"not within {timeout_s} s: {what}"
        finally:
            timer.cancel()


# ---- upstreams --------------------------------------------------------------------------------

class Holding:
    """An upstream on a thread. /hold is never answered, /large with LARGE bytes, everything else with
    "ok" once the request is whole. seen: how many heads came, by path; open: requests under way."""

    def __init__(self):
        self.seen = collections.Counter()
        self.open = 0
        self.loop = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.loop.register(self.listener, selectors.EVENT_READ, None)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join(timeout=30)
        for key in list(self.loop.get_map().values()):
            key.fileobj.close()
        self.loop.close()

    def _run(self):
        while not self.stopped.is_set():
            for key, events in self.loop.select(0.05):
                if key.data is not None:
                    key.data.serve(events)
                else:
                    self._accept()

    def _accept(self):
        try:
            while True:
                self.peer(self, self.listener.accept()[0])
        except BlockingIOError:
            pass


class _Http1(Peer):
    def __init__(self, upstream, sock):
        super().__init__(upstream.loop, sock)
        self.upstream, self.buffer, self.path = upstream, b"", None

    def take(self, data):
        self.buffer += data
        if self.path is None:
            if b"\r\n\r\n" not in self.buffer:
                return
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            self.method, self.path = head.split(b" ", 2)[:2]
            self.upstream.seen[self.path.decode()] += 1
            self.upstream.open += 1
        if self.path == b"/hold" or self.method == b"POST" and not self.buffer.endswith(b"0\r\n\r\n"):
            return
        body = b"x" * LARGE if self.path == b"/large" else b"ok"
        self.over()
        self.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def over(self):
        if self.path is not None:
            self.upstream.open -= 1
        self.path, self.buffer = None, b""

    ended = over


class _Http2(Peer):
    def __init__(self, upstream, sock):
        super().__init__(upstream.loop, sock)
        self.upstream, self.frames, self.decoder = upstream, None, hpack.Decoder()
        self.first, self.paths, self.window, self.waiting = b"", {}, 65_535, collections.deque()
        self.send(h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 3, 100)))

    def take(self, data):
        if self.frames is None:
            self.first += data
            if len(self.first) < len(h2.PREFACE):
                return
            data, self.frames = self.first[len(h2.PREFACE):], Frames()
        for kind, flags, number, payload in self.frames.of(data):
            self.take_frame(kind, flags, number, payload)
        self.answer_what_fits()

    def take_frame(self, kind, flags, number, payload):
        if kind in ACKS and not flags & h2.ACK:
            self.send(h2.frame(kind, h2.ACK, 0, payload if ACKS[kind] is None else b""))
        elif kind == h2.WINDOW_UPDATE and number == 0:
            self.window += struct.unpack(">I", payload)[0]
        elif kind == h2.RST_STREAM:
            self.over(number)
        elif kind == h2.HEADERS:
            path = dict(self.decoder.decode(payload))[":path"]
            self.paths[number] = path
            self.upstream.seen[path] += 1
            self.upstream.open += 1
        elif kind == h2.DATA and payload:
            self.send(h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload))))
        if kind in (h2.HEADERS, h2.DATA) and flags & h2.END_STREAM:
            if self.paths.get(number, "/hold") != "/hold":
                self.waiting.append(number)

    def answer_what_fits(self):
        while self.waiting and self.window >= LARGE:
            number = self.waiting.popleft()
            if number not in self.paths:
                continue
            body = b"x" * LARGE if self.paths[number] == "/large" else b"ok"
            self.window -= len(body)
            self.over(number)
            self.send(h2.frame(h2.HEADERS, h2.END_HEADERS, number, b"\x88")
                      + h2.frame(h2.DATA, h2.END_STREAM, number, body))

    def over(self, number):
        if self.paths.pop(number, None) is not None:
            self.upstream.open -= 1

    def ended(self):
        for number in list(self.paths):
            self.over(number)


class HoldingHttp1(Holding):
    peer = _Http1


class HoldingHttp2(Holding):
    peer = _Http2
