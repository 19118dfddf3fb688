"""A client that leaves, resets, stalls or talks nonsense at each stage of an exchange: every exchange
ends once, with the right reason, and nothing is left behind."""
import pytest

from support import upstream as up
from support.http import reset
from support.metrics import total
from support.wait import eventually

TIMEOUTS = {"header": "300ms", "request": "300ms", "idle": "500ms", "response": "800ms"}
GET = b"GET /shop/a HTTP/1.1\r\nHost: x\r\n\r\n"
PART = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"


def idle(connection, _legacy):
    pass


def in_the_head(connection, _legacy):
    """Behind a whole one: when that is answered, the proxy has read both."""
    connection.send(GET + GET[:30])
    assert connection.answer().status == 200


def in_the_body(connection, legacy):
    connection.send(b"POST /shop/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab")
    eventually(lambda: legacy.requests, "the request at the upstream")


def waiting(connection, legacy):
    legacy.behaviour = up.hang
    connection.send(GET)
    eventually(lambda: legacy.requests, "the request at the upstream")


def in_the_answer(connection, legacy):
    legacy.behaviour = up.raw(PART, "hang")
    connection.send(GET)
    while not connection.pending.endswith(b"part"):
        connection._fill()


def before_a_large_answer(connection, legacy):
    legacy.behaviour = up.large(100 << 20)
    connection.send(GET)
    connection._fill()  # the first bytes of it, and no more


def between_two(connection, _legacy):
    connection.send(GET)
    assert connection.answer().status == 200


def closes(connection):
    connection.close()


def resets(connection):
    reset(connection)


def stalls(_connection):
    pass


def garbage(connection):
    connection.send(b"\0\x16\x03 no HTTP\r\n\r\n")


# The exchanges that there were: status (0: none was sent) and reason.
GONE, SLOW, NO_HTTP = (0, "client_closed"), (408, "request_timeout"), (400, "malformed_request")
DONE = (200, None)
LATE = (504, "response_timeout")
CUT = (200, "idle_timeout")
TABLE = {
    idle: {closes: [], resets: [], stalls: [], garbage: [NO_HTTP]},
    in_the_head: {closes: [DONE, GONE], resets: [DONE, GONE], stalls: [DONE, SLOW],
                  garbage: [DONE, NO_HTTP]},
    in_the_body: {closes: [GONE], resets: [GONE], stalls: [SLOW], garbage: [(400, "bad_framing")]},
    # It may have closed its sending side alone: it is waited for.
    waiting: {closes: [LATE], resets: [GONE], stalls: [LATE], garbage: [LATE, NO_HTTP]},
    in_the_answer: {closes: [CUT], resets: [(200, "client_closed")], stalls: [CUT], garbage: [CUT]},
    before_a_large_answer: {closes: [(200, "client_closed")], resets: [(200, "client_closed")],
                            stalls: [CUT]},
    between_two: {closes: [DONE], resets: [DONE], stalls: [DONE], garbage: [DONE, NO_HTTP]},
}
CASES = [(stage, event) for stage, events in TABLE.items() for event in events]


@pytest.mark.parametrize("stage, event", CASES, ids=lambda f: f.__name__)
def test_ends_once_with_the_right_reason(banyan, legacy, stage, event):
    expected = TABLE[stage][event]
    proxy = banyan(top={"timeouts": TIMEOUTS})
    with proxy.connect(receive_buffer=65536) as connection:
        stage(connection, legacy)
        event(connection)
        eventually(lambda: total(proxy.metrics(), "banyan_downstream_connections") == 0,
                   "the end of the connection")
    eventually(lambda: len(proxy.access_log()) >= len(expected), "the access log")
    assert [(line["status"], line.get("error")) for line in proxy.access_log()] == expected
    errors = [reason for _, reason in expected if reason]
    assert total(proxy.metrics(), "banyan_local_errors_total") == len(errors)
    for reason in errors:
        assert total(proxy.metrics(), "banyan_local_errors_total", reason=reason) == 1
    legacy.behaviour = up.answer()
    assert proxy.fetch("/shop/next").status == 200
