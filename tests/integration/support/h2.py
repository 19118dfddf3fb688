"""HTTP/2 by hand (RFC 9113): frames put together byte by byte, so that anything can be said."""
import socket
import struct

from .http import address_of

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4

# RFC 7541: entries 8 to 14 of the static table, and the Huffman codes of digits.
_STATIC_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
_HUFFMAN = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4",
            "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9"}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text):
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, out = len(text) - 127, b"\x7f"
    while rest >= 128:
        out += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return out + bytes([rest]) + text


def fields(pairs):
    """Literals without an index; `pairs` of bytes or text."""
    def raw(text):
        return text if isinstance(text, bytes) else text.encode("latin-1")
    return b"".join(b"\0" + _text(raw(name)) + _text(raw(value)) for name, value in pairs)


def never_indexed(name, value):
    return b"\x10" + _text(name.encode()) + _text(value.encode())


def request_fields(method="GET", path="/shop/a", more=()):
    return [(":method", method), (":scheme", "http"), (":authority", "x"), (":path", path), *more]


def headers(stream, pairs, flags=END_STREAM):
    return frame(HEADERS, flags | END_HEADERS, stream, fields(pairs))


def _status(block):
    while block[0] >> 5 == 1:  # the size of the table
        block = block[1:]
    if block[0] & 0x80:
        return _STATIC_STATUS[block[0] & 0x7F]
    huffman, size = block[1] & 0x80, block[1] & 0x7F
    value = block[2:2 + size]
    if not huffman:
        return int(value)
    bits, digits, code = "".join(f"{byte:08b}" for byte in value), "", ""
    for bit in bits:
        code += bit
        if code in _HUFFMAN:
            digits, code = digits + _HUFFMAN[code], ""
    return int(digits)


class Stream:
    def __init__(self):
        self.status, self.body, self.ended, self.reset = None, b"", False, None
        self.heads = 0
        self.blocks = []  # as they came

    @property
    def over(self):
        return self.ended or self.reset is not None


class Client:
    """One connection; it acknowledges SETTINGS and PING, and opens no window by itself."""

    def __init__(self, address, window=65_535, start=True, timeout_s=15):
        self.sock = socket.create_connection(address_of(address), timeout=timeout_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.streams, self.buffer, self.goaways, self.closed = {}, b"", [], False
        self.credit = {0: 65_535}  # what may be sent, beyond initial_window on streams
        self.initial_window = 65_535
        if start:
            self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, window)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def stream(self, number):
        return self.streams.setdefault(number, Stream())

    def request(self, number, method="GET", path="/shop/a", more=(), body=None):
        self.stream(number)
        self.send(headers(number, request_fields(method, path, more),
                          END_STREAM if body is None else 0))
        if body is not None:
            self.send(frame(DATA, END_STREAM, number, body))

    def open_window(self, number, by):
        self.send(frame(WINDOW_UPDATE, 0, number, struct.pack(">I", by)))

    def _room(self, number):
        return min(self.credit[0], self.initial_window + self.credit.get(number, 0))

    def upload(self, number, pieces, on_sent, path="/shop/a"):
        """A whole POST, as the windows allow it; on_sent(bytes) after each frame."""
        self.send(headers(number, request_fields("POST", path), 0))
        for piece in pieces:
            while piece:
                self.until(lambda: self._room(number) > 0, "a window")
                part = piece[:min(self._room(number), 16_384)]
                self.send(frame(DATA, 0, number, part))
                self.credit[0] -= len(part)
                self.credit[number] = self.credit.get(number, 0) - len(part)
                piece = piece[len(part):]
                on_sent(len(part))
        self.send(frame(DATA, END_STREAM, number))

    def until(self, fact, what="the answer"):
        """Reads frames until `fact()`; fails where the connection ends or is silent before."""
        while not fact():
            assert not self.closed, f"closed before {what}"
            self._read()

    def answer(self, number):
        stream = self.stream(number)
        self.until(lambda: stream.over or self.closed, f"the end of stream {number}")
        return stream

    def everything(self):
        while not self.closed:
            self._read()
        return self

    def _read(self):
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
        self.buffer += data
        while len(self.buffer) >= 9:
            size = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + size:
                return
            kind, flags, number = struct.unpack(">BBI", self.buffer[3:9])
            payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
            self._take(kind, flags, number, payload)

    def _take(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            for name, value in struct.iter_unpack(">HI", payload):
                self.initial_window = value if name == 4 else self.initial_window
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == WINDOW_UPDATE:
            self.credit[number] = self.credit.get(number, 0) + struct.unpack(">I", payload)[0]
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.goaways.append(struct.unpack(">II", payload[:8]))
        elif kind == RST_STREAM:
            self.stream(number).reset = struct.unpack(">I", payload)[0]
        elif kind == HEADERS:
            stream = self.stream(number)
            stream.heads += 1
            stream.blocks.append(payload)
            if stream.heads == 1 or stream.status < 200:
                stream.status = _status(payload)
            stream.ended = stream.ended or bool(flags & END_STREAM)
        elif kind == DATA:
            self.stream(number).body += payload
            self.stream(number).ended |= bool(flags & END_STREAM)
