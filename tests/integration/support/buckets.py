"""The bucket of a key, computed apart from the proxy: murmur3_x86_32, as flagd takes it."""

TOTAL = 100_000
_MASK = 0xFFFFFFFF


def murmur3(data, seed=0):
    h = seed
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        h ^= _scrambled(int.from_bytes(data[i:i + 4], "little"))
        h = (_rotated(h, 13) * 5 + 0xE6546B64) & _MASK
    if whole < len(data):
        h ^= _scrambled(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & _MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & _MASK
    return h ^ (h >> 16)


def _rotated(x, bits):
    return ((x << bits) | (x >> (32 - bits))) & _MASK


def _scrambled(k):
    return (_rotated((k * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def bucket_of(flag, key, total=TOTAL):
    return (murmur3((flag + key).encode()) * total) >> 32


def arm_of(flag, key, percent):
    return "monolith" if bucket_of(flag, key) < round(percent * 1000) else "legacy"
