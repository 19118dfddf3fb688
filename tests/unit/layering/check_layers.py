"""Reads the #include lines of the source folders and says what breaks the house rules.

    check_layers.py ROOT        exit 0: all is well; 1: each breach on a line of stdout

1. A layer includes itself and what stands left of it; layers in braces do not see each other:
       base -> {routing, shadow} -> config -> proxy/{net, codec, observe} -> proxy/upstream
            -> proxy/comparison -> proxy/exchange -> proxy/downstream -> proxy/worker
            -> proxy/control -> cli
2. A third-party header stays in its home, and one without a home is not used.
3. Own headers are included from the root, in quotes; everything else in angle brackets.
4. A .cc has at most 400 lines, a .h 200.
"""

import re
import sys
from pathlib import Path

LAYERS = [
    ["base"],
    ["routing", "shadow"],
    ["config"],
    ["proxy/net", "proxy/codec", "proxy/observe"],
    ["proxy/upstream"],
    ["proxy/comparison"],
    ["proxy/exchange"],
    ["proxy/downstream"],
    ["proxy/worker"],
    ["proxy/control"],
    ["cli"],
]
RANK = {layer: rank for rank, group in enumerate(LAYERS) for layer in group}

ANYWHERE = frozenset(RANK)
NOT_PURE = ANYWHERE - {"base", "routing"}

# The first pattern that matches the whole name decides.
HOMES = [
    (r"llhttp\.h|llhttp/.*|nghttp2/.*", {"proxy/codec"}),
    (r"uv\.h|uv/.*|openssl/.*|ares(_\w+)?\.h", {"proxy/net"}),
    (r"prometheus/.*", {"proxy/observe"}),
    (r"libfyaml\.h", {"config"}),
    (r"sqlite3\.h", {"shadow"}),
    (r"spdlog/.*", {"proxy/observe", "proxy/control", "cli"}),
    (r"nlohmann/.*", {"routing", "config", "shadow", "proxy/control", "cli"}),
    (r"simdjson\.h|zlib\.h|zstd\.h|brotli/.*|google/protobuf/.*", {"shadow"}),
    (r"re2/.*", {"routing", "shadow"}),
    (r"CLI/.*|CLI11\.hpp|httplib\.h", {"cli"}),
    (r"fmt/.*|tl/expected\.hpp|xxhash\.h", ANYWHERE),
    # The operating system: not where code has to be pure.
    (r"(sys|netinet|arpa|net|linux)/\w+\.h", NOT_PURE),
    (r"(unistd|fcntl|poll|dirent|pthread|sched|signal|time|netdb|pwd|grp|spawn|termios)\.h", NOT_PURE),
    # x86 intrinsics and the C++ library. What waits or reads the environment is no part of a pure
    # layer either.
    (r"[a-z]mmintrin\.h|immintrin\.h", ANYWHERE),
    (r"thread|mutex|condition_variable|shared_mutex|future|fstream|iostream|filesystem|random|csignal",
     NOT_PURE),
    (r"[a-z_0-9]+", ANYWHERE),
]
HOMES = [(re.compile(pattern), homes) for pattern, homes in HOMES]

LINES_MAX = {".cc": 400, ".h": 200}
# path: (lines, why this one file is better off whole). Raised only with a reason.
LONGER = {}

SUFFIXES = (".cc", ".h", ".c", ".cpp", ".cxx", ".hpp")

INCLUDE = re.compile(r'\s*#\s*include\s*(?:"(?P<own>[^"]*)"|<(?P<other>[^>]*)>|(?P<odd>.*))')


def layer_of(path):
    """The layer that a path from the root belongs to, or None."""
    parts = path.split("/")
    if not {".", ".."}.isdisjoint(parts):
        return None
    for size in (2, 1):
        layer = "/".join(parts[:size])
        if len(parts) > size and layer in RANK:
            return layer
    return None


def may_include(layer, other):
    return layer == other or RANK[other] < RANK[layer]


def breach_of_own(root, layer, name):
    target = layer_of(name)
    if target is None:
        return f'"{name}" is not named from the root, or lies in no layer'
    if not (root / name).is_file():
        return f'"{name}" is not there'
    if not may_include(layer, target):
        return f'"{name}": {layer} may not include {target}'
    return None


def breach_of_other(layer, name):
    if layer_of(name) is not None:
        return f"<{name}>: own headers are included in quotes"
    for pattern, homes in HOMES:
        if pattern.fullmatch(name):
            return None if layer in homes else f"<{name}> has no place in {layer}"
    return f"<{name}> has no home: give it one in {Path(__file__).name}"


def breaches_of_includes(root, path, layer, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found is None:
            continue
        if found["own"] is not None:
            breach = breach_of_own(root, layer, found["own"])
        elif found["other"] is not None:
            breach = breach_of_other(layer, found["other"])
        else:
            breach = f"can not be read: {line.strip()}"
        if breach:
            yield f"{path}:{number}: {breach}"


def breach_of_size(path, text, longer):
    lines = len(text.splitlines())
    lines_max = LINES_MAX[Path(path).suffix]
    allowed, _ = longer.get(path, (lines_max, ""))
    if lines > allowed:
        return f"{path}: {lines} lines, at most {allowed}: which two things is it?"
    if path in longer and lines <= lines_max:
        return f"{path}: needs no exception any more"
    return None


def source_files(root):
    tops = sorted({layer.split("/")[0] for layer in RANK})
    return sorted(p for top in tops for p in (root / top).rglob("*") if p.suffix in SUFFIXES)


def breaches(root, longer=None):
    """All breaches of the tree under `root`, one line each."""
    longer = LONGER if longer is None else longer
    found = [f"{path}: an exception for a file that is not there"
             for path in longer if not (root / path).is_file()]
    for file in source_files(root):
        path = file.relative_to(root).as_posix()
        layer = layer_of(path)
        if layer is None:
            found.append(f"{path}: lies in no layer")
        elif file.suffix not in LINES_MAX:
            found.append(f"{path}: sources are named .cc and .h")
        else:
            text = file.read_text(encoding="utf-8")
            found += breaches_of_includes(root, path, layer, text)
            found += filter(None, [breach_of_size(path, text, longer)])
    return found


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0])
    if not source_files(root):
        print(f"{root}: no sources", file=sys.stderr)
        return 1
    found = breaches(root)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
