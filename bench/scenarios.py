"""What is measured: who competes, with which requests, and which ratios are of interest."""
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Contender:
    """One proxy in one configuration."""
    name: str
    proxy: str                     # banyan, against, nginx, haproxy, nghttpx
    values: dict = field(default_factory=dict)
    copies: str = "none"           # none, some or all requests have to be copied; copies are marked
    compared: bool = False         # every pair has to be found equal


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    contenders: tuple
    ratios: tuple                  # (over, under)
    rate: int = 0                  # requests a second; 0: each connection asks as soon as it can
    seconds: float = 0.5           # of one slice, in a quick run
    closed_per_s: int = 20_000     # requests of a slice for each second of it, where there is no rate
    load: str = "load"             # which clients: load, load_http2
    origin: str = "origin"         # which servers: origin, origin_http2
    request: tuple = ()            # further options of the clients
    upload_bytes: int = 0
    origins: tuple = ((), ())      # options of the servers: legacy, monolith
    monolith_serves: bool = False  # some of the requests, not only copies
    latency_of: str = ""           # what is told is the latency: "all", or those of one origin
    full_only: bool = False
    notes: tuple = ()


BANYAN = Contender("Banyan", "banyan")
AGAIN = Contender("Banyan again", "banyan")
NGINX = Contender("nginx", "nginx")
HAPROXY = Contender("HAProxy", "haproxy")
# The limits are wide, so that none of the copies is shed: all of them are to be paid for.
SHADOWED = Contender("Banyan, shadow", "banyan",
                     {"SHADOW": "{ max_in_flight: 1000, max_connections: 128 }"},
                     copies="all", compared=True)
MIRRORED = Contender("nginx, mirror", "nginx", {"MIRROR": "mirror /mirror;"}, copies="all")

LATENCY_RATE = 4_000  # about a third of what the proxy could do

SPLIT = {"PERCENT": 50}
SPLIT_OFF = Contender("shadow off", "banyan", SPLIT)
# A short timeout, so that copies are begun and given up all through a slice.
SPLIT_ON = Contender("shadow hung", "banyan", {**SPLIT, "SHADOW": "{ timeout: 250ms }"},
                     copies="some")
SPLIT_AGAIN = replace(SPLIT_OFF, name="shadow off again")
LATE_OFF = Contender("shadow off", "banyan")
LATE_SOME = Contender("slow shadow, limits at their defaults", "banyan",
                      {"SHADOW": "{}"}, copies="some")
LATE_ALL = Contender("slow shadow of every request", "banyan",
                     {"SHADOW": "{ max_in_flight: 10000, max_connections: 5000, "
                                "budget: { migration: 1GiB } }"}, copies="all")
LATE_AGAIN = replace(LATE_OFF, name="shadow off again")

# HTTP/2 in plaintext by prior knowledge, to an upstream of HTTP/1.1 and to one of HTTP/2. nginx has
# no other way to the latter than as gRPC.
TO_HTTP1 = (BANYAN, replace(NGINX, values={"LISTEN": "http2"}),
            replace(HAPROXY, values={"BIND": "proto h2"}),
            Contender("nghttpx", "nghttpx", {"FRONTEND": "no-tls"}), AGAIN)
TO_HTTP2 = (replace(BANYAN, values={"PROTOCOL": "http2"}),
            replace(NGINX, values={"LISTEN": "http2", "PASS": "grpc_pass grpc://legacy"}),
            replace(HAPROXY, values={"BIND": "proto h2", "SERVER": "proto h2"}),
            Contender("nghttpx", "nghttpx", {"FRONTEND": "no-tls", "BACKEND": "h2"}),
            replace(AGAIN, values={"PROTOCOL": "http2"}))
SHOWN = {"TLS": ", tls: { certificate: @KEYDIR@/crt.pem, private_key: @KEYDIR@/key.pem }"}
OVER_TLS = (replace(BANYAN, values=SHOWN), replace(NGINX, values={"LISTEN": "ssl"}),
            replace(HAPROXY, values={"BIND": "ssl crt @KEYDIR@/both.pem alpn http/1.1"}),
            Contender("nghttpx", "nghttpx",
                      {"FRONTEND": "tls", "KEYS": "private-key-file=@KEYDIR@/key.pem\n"
                                                  "certificate-file=@KEYDIR@/crt.pem\nno-ocsp=yes"}),
            replace(AGAIN, values=SHOWN))

PEERS = (("Banyan", "nginx"), ("Banyan", "HAProxy"), ("Banyan again", "Banyan"))
MORE_PEERS = (("Banyan", "nghttpx"), *PEERS)
GRPC = {"load": "load_http2", "origin": "origin_http2", "upload_bytes": 128, "closed_per_s": 40_000}

SCENARIOS = (
    Scenario("keepalive-1k", "GET, 1 KiB answer, kept connections",
             (BANYAN, NGINX, HAPROXY, AGAIN), PEERS),
    Scenario("upload-16k", "POST, 16 KiB upload, kept connections",
             (BANYAN, NGINX, HAPROXY, AGAIN), PEERS,
             request=("--answer", 64), upload_bytes=16384),
    Scenario("shadow-1k", "GET, 1 KiB answer, a copy of every request to a second upstream",
             (BANYAN, SHADOWED, NGINX, MIRRORED, AGAIN),
             (("Banyan, shadow", "Banyan"), ("nginx, mirror", "nginx"),
              ("Banyan, shadow", "nginx, mirror"), ("Banyan again", "Banyan")),
             notes=("Banyan compares both answers of every request and found all of them equal; "
                    "nginx's `mirror` throws the second answer away unread, and with it the "
                    "connection.",)),
    Scenario("hung-shadow", "latency of the monolith, which serves 50 % and never answers a copy",
             (SPLIT_OFF, SPLIT_ON, SPLIT_AGAIN),
             (("shadow hung", "shadow off"), ("shadow off again", "shadow off")),
             rate=LATENCY_RATE, seconds=1.0, request=("--connections", 64),
             origins=(("--name", "legacy"), ("--name", "monolith", "--shadows", "hang")),
             monolith_serves=True, latency_of="monolith"),
    Scenario("slow-shadow", "latency of the clients, with a copy that takes 100 ms longer",
             (LATE_OFF, LATE_SOME, LATE_ALL, LATE_AGAIN),
             (("slow shadow, limits at their defaults", "shadow off"),
              ("slow shadow of every request", "shadow off"), ("shadow off again", "shadow off")),
             rate=LATENCY_RATE, seconds=1.0, request=("--connections", 64),
             origins=((), ("--shadows", "0.1")), latency_of="all"),
    Scenario("h2-h1", "HTTP/2 to HTTP/1.1: GET, 1 KiB answer, 4 connections of 25 streams",
             TO_HTTP1, MORE_PEERS, load="load_http2", closed_per_s=40_000,
             request=("--connections", 4, "--streams", 25)),
    Scenario("h2-h2", "HTTP/2 to HTTP/2: gRPC, unary, 1 KiB answer, 4 connections of 25 streams",
             TO_HTTP2, MORE_PEERS, **GRPC,
             request=("--grpc", "--connections", 4, "--streams", 25)),
    Scenario("h2-h2-crowd", "HTTP/2 to HTTP/2: gRPC, unary, 1 KiB answer, 64 connections of 1 stream",
             TO_HTTP2, MORE_PEERS, **GRPC, request=("--grpc", "--connections", 64)),
    Scenario("tls-1k", "HTTP/1.1 over TLS 1.3: GET, 1 KiB answer, kept connections",
             OVER_TLS, MORE_PEERS, request=("--tls",)),
    Scenario("keepalive-1k-paced", "GET, 1 KiB answer, kept connections, 10,000 requests a second",
             (BANYAN, NGINX, HAPROXY, AGAIN), PEERS, rate=10_000, full_only=True),
    Scenario("answer-64k", "GET, 64 KiB answer, kept connections",
             (BANYAN, NGINX, HAPROXY, AGAIN), PEERS,
             request=("--answer", 65536), full_only=True),
    Scenario("new-connections", "GET, 1 KiB answer, a new connection of the client for each",
             (BANYAN, NGINX, HAPROXY, AGAIN), PEERS,
             request=("--new-connections",), full_only=True),
)


def alone(scenario):
    """The same without the peers."""
    mine = tuple(c for c in scenario.contenders if c.proxy == "banyan")
    names = {contender.name for contender in mine}
    return replace(scenario, contenders=mine,
                   ratios=tuple(ratio for ratio in scenario.ratios if names.issuperset(ratio)))


def with_against(scenario):
    """The same with a second binary of Banyan beside each of its configurations."""
    def other(contender):
        return replace(contender, proxy="against", name=f"{contender.name}, the other binary")
    mine = [c for c in scenario.contenders if c.proxy == "banyan" and "again" not in c.name]
    return replace(scenario, contenders=(*scenario.contenders, *map(other, mine)),
                   ratios=(*scenario.ratios, *((c.name, other(c).name) for c in mine)))
