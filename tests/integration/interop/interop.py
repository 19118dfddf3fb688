"""gRPC's interoperability cases with Python's grpcio.

    interop.py serve NAME          a server; says "listening PORT", then what it sees
    interop.py call ADDRESS CASE…  a client; one JSON line for each case

The cases are those of grpc/doc/interop-test-descriptions.md, without the ones on authentication.
"""
import json
import queue
import sys
import time
from concurrent import futures

import grpc
import messages as m

SERVICE = "grpc.testing.TestService"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
WAIT_S = 60


# ---- the server -------------------------------------------------------------------------------

class Servant(grpc.GenericRpcHandler):
    def __init__(self, name):
        self.name = name
        self.methods = {
            "EmptyCall": grpc.unary_unary_rpc_method_handler(self.empty),
            "UnaryCall": grpc.unary_unary_rpc_method_handler(self.unary),
            "StreamingInputCall": grpc.stream_unary_rpc_method_handler(self.input),
            "StreamingOutputCall": grpc.unary_stream_rpc_method_handler(self.output),
            "FullDuplexCall": grpc.stream_stream_rpc_method_handler(self.duplex),
        }

    def service(self, call):
        _, service, method = call.method.split("/")
        return self.methods.get(method) if service == SERVICE else None

    def begin(self, context, method):
        """Metadata as the cases ask for it, and who it was."""
        asked = dict(context.invocation_metadata())
        initial = [("x-served-by", self.name)]
        if INITIAL in asked:
            initial.append((INITIAL, asked[INITIAL]))
        if TRAILING in asked:
            context.set_trailing_metadata([(TRAILING, asked[TRAILING])])
        role = "copy" if "x-banyan-shadow" in asked else "call"
        say(f"{role} {method}")
        context.add_callback(lambda: say(f"over {method}"))
        return initial

    def empty(self, _, context):
        initial = self.begin(context, "EmptyCall")
        context.send_initial_metadata(initial)
        return b""

    def unary(self, request, context):
        initial = self.begin(context, "UnaryCall")
        status = m.status_asked_for(request)
        if status is not None:
            abort(context, status)  # with trailers only: nothing was sent by now
        context.send_initial_metadata(initial)
        return m.encoded((1, m.payload(m.decoded(request).get(2, [0])[-1])))

    def input(self, requests, context):
        initial = self.begin(context, "StreamingInputCall")
        context.send_initial_metadata(initial)
        total = sum(m.payload_size(r, 1) for r in requests)
        return m.encoded((1, total))

    def output(self, request, context):
        initial = self.begin(context, "StreamingOutputCall")
        context.send_initial_metadata(initial)
        for size in m.sizes_asked_for(request):
            yield m.encoded((1, m.payload(size)))

    def duplex(self, requests, context):
        initial = self.begin(context, "FullDuplexCall")
        context.send_initial_metadata(initial)
        for request in requests:
            for size in m.sizes_asked_for(request):
                yield m.encoded((1, m.payload(size)))
            status = m.status_asked_for(request)
            if status is not None:
                abort(context, status)


def abort(context, status):
    context.abort(next(c for c in grpc.StatusCode if c.value[0] == status[0]), status[1])


def say(line):
    print(line, flush=True)


def serve(name):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), handlers=[Servant(name)],
                         options=[("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(f"listening {port}")
    sys.stdin.read()  # until whoever started it is done
    server.stop(None).wait()


# ---- the client -------------------------------------------------------------------------------

class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.served_by = set()

    def method(self, name, shape, service=SERVICE):
        return getattr(self.channel, shape)(f"/{service}/{name}")

    def unary(self, request, name="UnaryCall", service=SERVICE, **keys):
        """(answer, call)"""
        answer, call = self.method(name, "unary_unary", service).with_call(
            request, timeout=WAIT_S, **keys)
        self.note(call)
        return answer, call

    def duplex(self, requests, timeout=WAIT_S, **keys):
        return self.method("FullDuplexCall", "stream_stream")(requests, timeout=timeout, **keys)

    def note(self, call):
        self.served_by.update(v for k, v in call.initial_metadata() or () if k == "x-served-by")

    def failure(self, ask):
        """The status of a call that has to fail."""
        try:
            ask()
        except grpc.RpcError as error:
            return error.code().value[0], error.details()
        raise AssertionError("it did not fail")


def equal(got, wanted):
    assert got == wanted, f"{got!r} instead of {wanted!r}"


def empty_unary(client):
    equal(client.unary(b"", "EmptyCall")[0], b"")


def large_unary(client):
    answer, _ = client.unary(m.simple_request(314159, 271828))
    equal(m.payload_size(answer, 1), 314159)


def client_streaming(client):
    sizes = (27182, 8, 1828, 45904)
    call = client.method("StreamingInputCall", "stream_unary")
    answer, made = call.with_call((m.encoded((1, m.payload(s))) for s in sizes), timeout=WAIT_S)
    client.note(made)
    equal(m.decoded(answer)[1], [74922])


def server_streaming(client):
    sizes = [31415, 9, 2653, 58979]
    call = client.method("StreamingOutputCall", "unary_stream")(m.output_request(sizes),
                                                                timeout=WAIT_S)
    equal([m.payload_size(answer, 1) for answer in call], sizes)
    client.note(call)


class Turns:
    """Requests of a stream, each handed out when it is asked for."""

    def __init__(self):
        self.requests = queue.SimpleQueue()

    def __iter__(self):
        return self

    def __next__(self):
        request = self.requests.get()
        if request is None:
            raise StopIteration
        return request

    def send(self, request):
        self.requests.put(request)

    def end(self):
        self.requests.put(None)


def ping_pong(client):
    turns = Turns()
    call = client.duplex(turns)
    for size, sent in ((31415, 27182), (9, 8), (2653, 1828), (58979, 45904)):
        turns.send(m.output_request([size], sent))
        equal(m.payload_size(next(call), 1), size)
    turns.end()
    equal(list(call), [])
    equal(call.code(), grpc.StatusCode.OK)
    client.note(call)


def empty_stream(client):
    call = client.duplex(iter(()))
    equal(list(call), [])
    equal(call.code(), grpc.StatusCode.OK)


def timeout_on_sleeping_server(client):
    # Not the 1 ms of the description: within it nothing might leave the client.
    turns = Turns()
    turns.send(m.output_request(payload_size=27182))
    equal(client.failure(lambda: list(client.duplex(turns, timeout=0.3)))[0], 4)
    turns.end()


def cancel_after_begin(client):
    turns = Turns()
    call = client.method("StreamingInputCall", "stream_unary").future(turns, timeout=WAIT_S)
    client.note(call)  # waits for the head: the server has begun
    call.cancel()
    equal(call.code(), grpc.StatusCode.CANCELLED)
    turns.end()


def cancel_after_first_response(client):
    turns = Turns()
    call = client.duplex(turns)
    turns.send(m.output_request([31415], 27182))
    equal(m.payload_size(next(call), 1), 31415)
    call.cancel()
    equal(call.code(), grpc.StatusCode.CANCELLED)
    turns.end()


def expect_status(client, status):
    equal(client.failure(lambda: client.unary(m.simple_request(status=status))), status)


def status_code_and_message(client):
    status = (2, "test status message")
    expect_status(client, status)
    request = m.output_request(status=status)
    equal(client.failure(lambda: list(client.duplex(iter([request])))), status)


def special_status_message(client):
    expect_status(client, (2, SPECIAL))


def custom_metadata(client):
    metadata = [(INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")]

    def check(call):
        equal(dict(call.initial_metadata()).get(INITIAL), metadata[0][1])
        equal(dict(call.trailing_metadata()).get(TRAILING), metadata[1][1])
    check(client.unary(m.simple_request(314159, 271828), metadata=metadata)[1])
    call = client.duplex(iter([m.output_request([314159], 271828)]), metadata=metadata)
    equal(len(list(call)), 1)
    check(call)


def unimplemented_method(client):
    equal(client.failure(lambda: client.unary(b"", "UnimplementedCall"))[0], 12)


def unimplemented_service(client):
    ask = lambda: client.unary(b"", "UnimplementedCall", "grpc.testing.UnimplementedService")
    equal(client.failure(ask)[0], 12)


CASES = {case.__name__: case for case in (
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream,
    timeout_on_sleeping_server, cancel_after_begin, cancel_after_first_response,
    status_code_and_message, special_status_message, custom_metadata, unimplemented_method,
    unimplemented_service)}


def call(address, names):
    for name in names:
        client, started, failure = Client(address), time.monotonic(), None
        try:
            CASES[name](client)
        except Exception as error:  # pylint: disable=broad-except
            failure = f"{type(error).__name__}: {error}"
        client.channel.close()
        say(json.dumps({"case": name, "failure": failure, "served_by": sorted(client.served_by),
                        "seconds": round(time.monotonic() - started, 3)}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        call(sys.argv[2], sys.argv[3:])
