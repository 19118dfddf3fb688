"""A raw HTTP/1.1 client: it sees every byte, keeps connections, pipelines and misbehaves."""
import itertools
import socket
import struct
from dataclasses import dataclass, field

TIMEOUT_S = 20.0
_READ = 256 * 1024


class Closed(ConnectionError):
    """The peer closed where an answer was still owed."""


@dataclass
class Answer:
    status: int
    reason: str
    headers: list  # (name as written, value)
    body: bytes = b""
    head: bytes = b""  # as received
    interim: list = field(default_factory=list)  # status codes of the 1xx before it

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def served_by(self):
        return self.header("x-served-by")


def address_of(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def socket_for(address):
    """A socket that is not connected, where it connects to, and what Host then says."""
    if isinstance(address, str) and address.startswith("unix:"):
        return socket.socket(socket.AF_UNIX), address[len("unix:"):], "test"
    host, port = address_of(address) if isinstance(address, str) else address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.socket(family), (host, port), f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Connection:
    """One connection. Not for several threads."""

    def __init__(self, address, timeout_s=TIMEOUT_S, receive_buffer=None):
        self.sock, to, self.authority = socket_for(address)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout_s)
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock.connect(to)
        except OSError:
            self.sock.close()
            raise
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def end_of_requests(self):
        self.sock.shutdown(socket.SHUT_WR)

    def request(self, method="GET", target="/", headers=(), body=None):
        self.send(request_bytes(method, target, headers, body, self.authority))
        return self.answer(method)

    def answer(self, method="GET", on_body=None):
        """The next final answer. With on_body, its bytes go there instead of into `body`."""
        interim = []
        while True:
            answer = self.answer_head()
            if answer.status >= 200 or answer.status == 101:
                break
            interim.append(answer.status)
        answer.interim = interim
        chunks = self._body_chunks(answer, method)
        if on_body is None:
            answer.body = b"".join(chunks)
        else:
            for chunk in chunks:
                on_body(chunk)
        return answer

    def answer_head(self):
        head = self._until(b"\r\n\r\n")
        lines = head[:-4].decode("latin-1").split("\r\n")
        version, status, reason = (lines[0].split(" ", 2) + ["", ""])[:3]
        assert version in ("HTTP/1.1", "HTTP/1.0"), f"not a status line: {lines[0]!r}"
        headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]
        return Answer(int(status), reason, headers, head=head)

    def _body_chunks(self, answer, method):
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            yield from self._chunked()
        elif answer.header("content-length") is not None:
            yield from self._exactly(int(answer.header("content-length")))
        else:
            yield from self._to_the_end()

    def _chunked(self):
        for _ in itertools.count():
            size = int(self._until(b"\r\n")[:-2].split(b";")[0], 16)
            if size == 0:
                while self._until(b"\r\n") != b"\r\n":
                    pass
                return
            yield from self._exactly(size)
            assert b"".join(self._exactly(2)) == b"\r\n", "a chunk without its CRLF"

    def _exactly(self, left):
        while left:
            if not self.pending:
                self._fill()
            piece, self.pending = self.pending[:left], self.pending[left:]
            left -= len(piece)
            yield piece

    def _to_the_end(self):
        while True:
            piece, self.pending = self.pending, b""
            if piece:
                yield piece
            data = self.sock.recv(_READ)
            if not data:
                return
            self.pending = data

    def _until(self, mark):
        while mark not in self.pending:
            self._fill()
        end = self.pending.index(mark) + len(mark)
        found, self.pending = self.pending[:end], self.pending[end:]
        return found

    def _fill(self):
        data = self.sock.recv(_READ)
        if not data:
            raise Closed(f"closed with {len(self.pending)} bytes pending")
        self.pending += data

    def everything(self):
        """All bytes until the peer closes, or resets."""
        data = self.pending
        while True:
            try:
                more = self.sock.recv(_READ)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def closed_by_peer(self):
        """Waits until the peer closes; bytes that come before are an error."""
        data = self.everything()
        assert data == b"", f"bytes before the close: {data[:200]!r}"
        return True


def reset(connection):
    """Its end, as a reset."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request_bytes(method, target, headers=(), body=None, authority="test"):
    lines = [f"{method} {target} HTTP/1.1"]
    names = {name.lower() for name, _ in headers}
    if "host" not in names:
        lines.append(f"Host: {authority}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def fetch(address, target="/", method="GET", headers=(), body=None):
    """One request on its own connection."""
    with Connection(address) as connection:
        return connection.request(method, target, headers, body)
