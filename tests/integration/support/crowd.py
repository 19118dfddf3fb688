"""Very many connections: processes of their own, since one may not have that many descriptors.

    with Crowd(proxy.address, 15_000, sources=6) as crowd:   # 90,000 connections, all open
        crowd.connected()     # when the last one is
        crowd.asked()         # each has asked: {"answered", "refused", "closed"}
"""
import json
import socket
import subprocess
import sys
from pathlib import Path

FIRST_SOURCE = 2  # 127.0.0.2: ports of another address than that of the other clients
PATIENCE_S = 120
REQUEST = b"GET /shop/item HTTP/1.1\r\nHost: x\r\n\r\n"


class Crowd:
    def __init__(self, address, each, sources):
        host, port = address.rsplit(":", 1)
        self._members = [subprocess.Popen(
            [sys.executable, str(Path(__file__)), host, port, f"127.0.0.{FIRST_SOURCE + i}",
             str(each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for i in range(sources)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self._members:
            member.kill()
            member.communicate()

    def connected(self):
        """How many connections there are, all of them open on this side."""
        return sum(json.loads(member.stdout.readline())["connected"] for member in self._members)

    def asked(self):
        for member in self._members:
            member.stdin.write("ask\n")
            member.stdin.flush()
        told = [json.loads(member.stdout.readline()) for member in self._members]
        return {key: sum(one[key] for one in told) for key in told[0]}


def outcome(sock):
    try:
        sock.sendall(REQUEST)
        data = sock.recv(4096)
    except ConnectionError:
        return "closed"
    if b" 503 " in data:
        return "refused"
    return "answered" if b" 200 " in data else "closed"


def main(host, port, source, count):
    crowd = []
    for _ in range(count):
        sock = socket.socket()
        sock.settimeout(PATIENCE_S)
        sock.bind((source, 0))
        sock.connect((host, port))
        crowd.append(sock)
    print(json.dumps({"connected": len(crowd)}), flush=True)
    sys.stdin.readline()
    counts = {"answered": 0, "refused": 0, "closed": 0}
    for sock in crowd:
        counts[outcome(sock)] += 1
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
