"""A DNS server that says what a test wants: A and AAAA, by UDP and TCP."""
import socket
import struct
import threading

SERVER_FAILED = 2
NO_SUCH_NAME = 3


class Dns:
    """with Dns() as dns: dns.zone["shop.test"] = ["127.0.0.1"]; dns.address goes into `resolver`.

    A value of the zone is a list of addresses, an rcode, None (no answer at all) or bytes (garbage).
    What is not there does not exist.
    """

    def __init__(self, ttl=1, host="127.0.0.1", port=0):
        self.ttl, self.zone, self.questions = ttl, {}, []
        self.truncate = False  # by UDP: the whole answer comes by TCP
        self.udp, self.tcp = self._bound(host, port)
        self.address = "%s:%d" % self.udp.getsockname()

    @staticmethod
    def _bound(host, port):
        while True:
            tcp = socket.socket()
            tcp.bind((host, port))
            tcp.listen(16)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind(tcp.getsockname())
                return udp, tcp
            except OSError:  # taken by another program's UDP
                tcp.close()
                udp.close()

    def __enter__(self):
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        for sock in (self.udp, self.tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def asked(self, name):
        """How often `name` was asked for its IPv4 addresses."""
        return sum(1 for n, kind in list(self.questions) if n == name and kind == 1)

    def _serve_udp(self):
        while True:
            try:
                query, client = self.udp.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            reply = self._reply(query, self.truncate)
            if reply is not None:
                self.udp.sendto(reply, client)

    def _serve_tcp(self):
        while True:
            try:
                sock, _ = self.tcp.accept()
            except OSError:
                return
            with sock:
                size = struct.unpack(">H", sock.recv(2, socket.MSG_WAITALL) or b"\0\0")[0]
                reply = self._reply(sock.recv(size, socket.MSG_WAITALL), False) if size else None
                if reply is not None:
                    sock.sendall(struct.pack(">H", len(reply)) + reply)

    def _reply(self, query, truncated):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        name, kind = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0]
        self.questions.append((name, kind))
        said = self.zone.get(name, NO_SUCH_NAME)
        if said is None or isinstance(said, bytes):
            return said
        rcode, addresses = (said, []) if isinstance(said, int) else (0, said)
        records = [] if truncated else [r for r in (self._record(kind, a) for a in addresses) if r]
        flags = 0x8180 | (0x0200 if truncated else 0) | rcode
        return (query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
                + query[12:at + 5] + b"".join(records))

    def _record(self, kind, address):
        family, wanted = (socket.AF_INET6, 28) if ":" in address else (socket.AF_INET, 1)
        if kind != wanted:
            return None
        data = socket.inet_pton(family, address)
        return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(data)) + data
