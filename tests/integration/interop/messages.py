"""The messages of gRPC's interoperability tests (package grpc.testing), written and read by hand.

    Payload { 2: bytes body }                       EchoStatus { 1: int32 code, 2: string message }
    ResponseParameters { 1: int32 size }
    SimpleRequest { 2: int32 response_size, 3: Payload payload, 4: bool fill_username,
                    7: EchoStatus response_status }
    SimpleResponse { 1: Payload payload, 2: string username }
    StreamingInputCallRequest { 1: Payload payload }
    StreamingInputCallResponse { 1: int32 aggregated_payload_size }
    StreamingOutputCallRequest { 2: ResponseParameters* response_parameters, 3: Payload payload,
                                 7: EchoStatus response_status }
    StreamingOutputCallResponse { 1: Payload payload }

A message is a list of (number, value), where a value is an int, bytes, or a message.
"""


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def encoded(*fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def decoded(data):
    """number -> the values, in order."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            size = varint()
            value, at = data[at:at + size], at + size
            assert len(value) == size, "cut off"
        fields.setdefault(key >> 3, []).append(value)
    return fields


def payload(size):
    return encoded((2, bytes(size)))


def payload_size(data, number):
    """Of the Payload that stands under `number`."""
    payloads = decoded(data).get(number, [b""])
    return len(decoded(payloads[-1]).get(2, [b""])[-1])


def simple_request(response_size=0, payload_size=0, status=None):
    fields = []
    if response_size:
        fields.append((2, response_size))
    if payload_size:
        fields.append((3, payload(payload_size)))
    return encoded(*fields, *_status(status))


def output_request(sizes=(), payload_size=0, status=None):
    fields = [(2, encoded((1, size))) for size in sizes]
    if payload_size:
        fields.append((3, payload(payload_size)))
    return encoded(*fields, *_status(status))


def _status(status):
    return [] if status is None else [(7, encoded((1, status[0]), (2, status[1].encode())))]


def status_asked_for(request):
    """(code, message), or None."""
    statuses = decoded(request).get(7)
    if not statuses:
        return None
    status = decoded(statuses[-1])
    return status.get(1, [0])[-1], status.get(2, [b""])[-1].decode()


def sizes_asked_for(request):
    return [decoded(p).get(1, [0])[-1] for p in decoded(request).get(2, [])]
