"""A recording upstream that reads by the letter of RFC 9112 and shares nothing with the proxy.

What it does not understand it writes down in `breaches`; what it does it answers with the target,
so that an answer to the wrong request is seen."""
import re
import socket
import threading

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP/1\.1\Z")
_CHUNK = re.compile(rb"[0-9a-f]{1,16}\Z")  # as the proxy writes them: no extension


class Breach(Exception):
    pass


class StrictUpstream:
    def __init__(self):
        self.seen = []      # (method, target, body)
        self.breaches = []  # (what, bytes)
        self.answer = None  # function of the target: bytes to answer before closing, or None
        self._lock = threading.Lock()
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        with self._lock:
            for sock in self._sockets:
                sock.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        reader = _StrictReader(sock)
        try:
            while reader.more():
                method, target, body = reader.request()
                with self._lock:
                    self.seen.append((method, target, body))
                special = self.answer(target) if self.answer else None
                sock.sendall(special or plain(target))
                if special:
                    break
        except Breach as breach:
            with self._lock:
                self.breaches.append((str(breach), reader.taken[-300:]))
        except OSError:
            pass  # the proxy gave up on it, or the test is over
        sock.close()


def plain(target):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(target), target)


class _StrictReader:
    def __init__(self, sock):
        self.sock, self.buffer, self.taken = sock, b"", b""

    def more(self):
        """False where the connection ends between two requests."""
        return bool(self.buffer) or self._fill()

    def request(self):
        match = _REQUEST_LINE.match(self._line())
        if not match:
            raise Breach("request line")
        fields = self._fields()
        if len(fields.get(b"host", [])) != 1:
            raise Breach("host")
        return match[1], match[2], self._body(fields)

    def _fields(self):
        fields = {}
        while line := self._line():
            name, colon, value = line.partition(b":")
            if not colon or not _TOKEN.match(name) or not _VALUE.match(value):
                raise Breach("field line")
            fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
        return fields

    def _body(self, fields):
        lengths = fields.get(b"content-length", [])
        codings = fields.get(b"transfer-encoding", [])
        if len(lengths) + len(codings) > 1:
            raise Breach("two framings")
        if codings:
            if codings != [b"chunked"]:
                raise Breach("coding")
            return self._chunks()
        if lengths:
            if not re.match(rb"[0-9]{1,18}\Z", lengths[0]):
                raise Breach("length")
            return self._exactly(int(lengths[0]))
        return b""

    def _chunks(self):
        body = b""
        while True:
            size = self._line()
            if not _CHUNK.match(size):
                raise Breach("chunk size")
            if int(size, 16) == 0:
                break
            body += self._exactly(int(size, 16))
            if self._exactly(2) != b"\r\n":
                raise Breach("end of a chunk")
        for name in self._fields():
            if name in (b"content-length", b"transfer-encoding", b"host"):
                raise Breach("trailer")
        return body

    def _line(self):
        while not (match := re.search(rb"[\r\n]", self.buffer)) or len(self.buffer) < match.end() + 1:
            self._need()
        at = match.start()
        if self.buffer[at:at + 2] != b"\r\n":
            raise Breach("a line without CRLF")
        return self._take(at, 2)

    def _exactly(self, size):
        while len(self.buffer) < size:
            self._need()
        return self._take(size)

    def _take(self, size, after=0):
        piece = self.buffer[:size]
        self.taken += self.buffer[:size + after]
        self.buffer = self.buffer[size + after:]
        return piece

    def _need(self):
        if not self._fill():
            raise ConnectionError("cut off, and seen to be")

    def _fill(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)
