"""A scriptable HTTP/2 upstream on python3-h2 (prior knowledge): counts connections and streams.

    with Http2Upstream("monolith", max_streams=1) as monolith:
        monolith.behaviour = answer(body=b"hello")

A behaviour is a function (Stream) -> None and runs on a thread of its own for each stream. What it
raises as ConnectionError, because the stream or the connection is gone, ends it.
"""
import socket
import struct
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

REFUSED = h2.errors.ErrorCodes.REFUSED_STREAM
INTERNAL = h2.errors.ErrorCodes.INTERNAL_ERROR


class Stream:
    """One request, whole (unless the upstream does not wait), and the way to answer it."""

    def __init__(self, connection, number, headers):
        self.connection, self.number = connection, number
        self.headers = [(n.decode(), v.decode()) for n, v in headers]
        self.never_indexed = {field[0].decode() for field in headers
                              if not getattr(field, "indexable", True)}
        self.method = self.header(":method")
        self.target = self.header(":path")
        self.body = b""
        self.trailers = []
        self.ended = threading.Event()
        self.was_reset = threading.Event()

    def header(self, name):
        values = [v for n, v in self.headers if n == name]
        return ", ".join(values) if values else None

    def head(self, status=200, headers=(), end=False):
        fields = [(":status", str(status)), ("x-served-by", self.connection.upstream.name)]
        self.connection.do(lambda h: h.send_headers(self.number, fields + list(headers), end))

    def send(self, data, end=False):
        """As the windows allow it."""
        while data:
            self.connection.wait_for_window(self)
            data = data[self.connection.send_some(self.number, data):]
        if end:
            self.connection.do(lambda h: h.end_stream(self.number))

    def trailers_end(self, fields):
        self.connection.do(lambda h: h.send_headers(self.number, fields, end_stream=True))

    def reset(self, code=INTERNAL):
        self.connection.do(lambda h: h.reset_stream(self.number, code))


class _Connection:
    def __init__(self, upstream, sock, number):
        self.upstream, self.sock, self.number = upstream, sock, number
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        # What an update would change is only said after the first SETTINGS.
        self.h2.local_settings = h2.settings.Settings(client=False,
                                                      initial_values=upstream.settings)
        self.streams = {}
        self.changed = threading.Condition()
        self.over = False
        self.last_stream = None  # of a GOAWAY: what comes above it is not processed

    def do(self, say):
        """Says it and sends it, from any thread."""
        with self.changed:
            if self.over:
                raise ConnectionError("the connection is over")
            try:
                say(self.h2)
            except (h2.exceptions.ProtocolError, KeyError) as error:
                raise ConnectionError(str(error)) from error
            self.sock.sendall(self.h2.data_to_send())

    def goaway(self):
        """No further stream; those that came by now are answered. The library would end them."""
        with self.changed:
            if self.over or self.last_stream is not None:
                return
            self.last_stream = max(self.streams, default=0)
            payload = struct.pack(">LL", self.last_stream, 0)
            self.sock.sendall(struct.pack(">LBL", len(payload) << 8 | 7, 0, 0) + payload)

    def cut(self):
        self.over = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def wait_for_window(self, stream):
        def is_open():
            if self.over or stream.was_reset.is_set():
                raise ConnectionError("gone")
            return self.h2.local_flow_control_window(stream.number) > 0
        with self.changed:
            assert self.changed.wait_for(is_open, timeout=30), "no window for 30 s"

    def send_some(self, number, data):
        with self.changed:
            size = min(len(data), self.h2.local_flow_control_window(number),
                       self.h2.max_outbound_frame_size)
            self.h2.send_data(number, data[:size])
            self.sock.sendall(self.h2.data_to_send())
            return size

    def serve(self):
        try:
            self.do(lambda h: h.initiate_connection())
            while data := self.sock.recv(256 * 1024):
                with self.changed:
                    for event in self.h2.receive_data(data):
                        self.take(event)
                    self.sock.sendall(self.h2.data_to_send())
                    self.changed.notify_all()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            with self.changed:
                self.over = True
                for stream in self.streams.values():
                    stream.was_reset.set()
                self.changed.notify_all()
            self.sock.close()

    def take(self, event):
        if self.last_stream is not None and getattr(event, "stream_id", 0) > self.last_stream:
            return
        if isinstance(event, h2.events.RequestReceived):
            stream = Stream(self, event.stream_id, event.headers)
            self.streams[event.stream_id] = stream
            self.upstream.took(stream)
        stream = self.streams.get(getattr(event, "stream_id", None))
        if stream is None:
            return
        if isinstance(event, h2.events.DataReceived):
            stream.body += event.data
            if self.upstream.reads:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = [(n.decode(), v.decode()) for n, v in event.headers]
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended.set()
        elif isinstance(event, h2.events.StreamReset):
            stream.was_reset.set()
            stream.ended.set()


class Http2Upstream:
    def __init__(self, name, behaviour=None, max_streams=100, window=65_535,
                 extended_connect=False):
        self.name = name
        self.behaviour = behaviour or answer()
        self.settings = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: max_streams,
                         h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
        if extended_connect:
            self.settings[h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL] = 1
        self.reads = True  # gives windows back
        self.requests = []
        self.connections = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for connection in list(self.connections):
            connection.cut()

    @property
    def open_connections(self):
        return [c for c in list(self.connections) if not c.over]

    def took(self, stream):
        self.requests.append(stream)
        threading.Thread(target=self._answer, args=(stream,), daemon=True).start()

    def _answer(self, stream):
        try:
            self.behaviour(stream)
        except (ConnectionError, OSError):
            pass

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                connection = _Connection(self, sock, len(self.connections) + 1)
                self.connections.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()


def answer(status=200, body=b"ok", headers=(), trailers=()):
    """Once the request is whole."""
    def behave(stream):
        stream.ended.wait(30)
        if not body and not trailers:
            return stream.head(status, headers, end=True)
        stream.head(status, headers)
        stream.send(body, end=not trailers)
        if trailers:
            stream.trailers_end(list(trailers))
    return behave


def echo(stream):
    """Opens a tunnel, and says back what it hears until it has heard all."""
    stream.head(200)
    sent, changed = 0, stream.connection.changed
    while True:
        with changed:
            assert changed.wait_for(
                lambda: len(stream.body) > sent or stream.ended.is_set(), timeout=30)
            data = stream.body[sent:]
        if not data:
            return stream.send(b"", end=True)
        stream.send(data)
        sent += len(data)


def hold(event, then=None):
    """Answers when the event is set."""
    def behave(stream):
        assert event.wait(30), "held for 30 s"
        (then or answer())(stream)
    return behave
