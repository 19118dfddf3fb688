"""Proof that check_layers.py does fail: each case is a small tree with one thing wrong in it."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

import check_layers
from check_layers import RANK, breaches

SCRIPT = Path(check_layers.__file__)
ORDER = """base routing shadow config proxy/net proxy/codec proxy/observe proxy/upstream proxy/comparison
           proxy/exchange proxy/downstream proxy/worker proxy/control cli""".split()
BESIDE = [{"routing", "shadow"}, {"proxy/net", "proxy/codec", "proxy/observe"}]


def write(root, path, text=""):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """One header in each layer, nothing wrong."""
    for layer in ORDER:
        write(tmp_path, f"{layer}/part.h", "#pragma once\n#include <string>\n")
    assert not breaches(tmp_path)
    return tmp_path


def test_every_layer_is_known():
    assert set(RANK) == set(ORDER)


@pytest.mark.parametrize("layer,other", itertools.product(ORDER, ORDER))
def test_an_arrow_is_wrong_exactly_where_it_points_right_or_beside(tree, layer, other):
    write(tree, f"{layer}/new.cc", f'// A comment.\n#include "{other}/part.h"\n')
    beside = any({layer, other} <= group for group in BESIDE)
    right = ORDER.index(other) > ORDER.index(layer)
    found = breaches(tree)
    if layer != other and (beside or right):
        assert found == [f'{layer}/new.cc:2: "{other}/part.h": {layer} may not include {other}']
    else:
        assert not found


def test_folders_in_a_layer_belong_to_it(tree):
    write(tree, "shadow/diff/json.h", '#include "shadow/part.h"\n#include "base/part.h"\n')
    write(tree, "config/reader.cc", '#include "shadow/diff/json.h"\n')
    assert not breaches(tree)
    write(tree, "shadow/diff/json.h", '#include "routing/part.h"\n')
    assert len(breaches(tree)) == 1


HOMES = {
    "llhttp.h": {"proxy/codec"},
    "nghttp2/nghttp2.h": {"proxy/codec"},
    "uv.h": {"proxy/net"},
    "openssl/ssl.h": {"proxy/net"},
    "ares.h": {"proxy/net"},
    "ares_dns.h": {"proxy/net"},
    "prometheus/text_serializer.h": {"proxy/observe"},
    "libfyaml.h": {"config"},
    "sqlite3.h": {"shadow"},
    "spdlog/spdlog.h": {"proxy/observe", "proxy/control", "cli"},
    "nlohmann/json.hpp": {"routing", "config", "shadow", "proxy/control", "cli"},
    "simdjson.h": {"shadow"},
    "zlib.h": {"shadow"},
    "re2/re2.h": {"routing", "shadow"},
    "CLI/CLI.hpp": {"cli"},
    "httplib.h": {"cli"},
    "fmt/format.h": set(ORDER),
    "tl/expected.hpp": set(ORDER),
    "vector": set(ORDER),
    "sys/socket.h": set(ORDER) - {"base", "routing"},
    "unistd.h": set(ORDER) - {"base", "routing"},
    "thread": set(ORDER) - {"base", "routing"},
    "no_such_library.h": set(),
    "boost/asio.hpp": set(),
    "base/part.h": set(),
}


@pytest.mark.parametrize("header", HOMES)
def test_a_foreign_header_is_at_home_where_it_should_be_and_nowhere_else(tree, header):
    for layer in ORDER:
        write(tree, f"{layer}/new.cc", f"#include <{header}>\n")
    at_fault = {line.split("/new.cc")[0] for line in breaches(tree)}
    assert at_fault == set(ORDER) - HOMES[header]


@pytest.mark.parametrize("line", [
    '#include "part.h"',
    '#include "../base/part.h"',
    '#include "./base/part.h"',
    '#include "base/missing.h"',
    '#include "uv.h"',
    '#include "tests/support/seed.h"',
    '  #  include  "cli/part.h"',
    "#include PART",
    '#include "base/../cli/part.h"',
])
def test_odd_includes_are_refused(tree, line):
    write(tree, "routing/new.h", line + "\n")
    assert len(breaches(tree)) == 1


def test_what_only_looks_like_an_include_is_not_one(tree):
    write(tree, "base/new.h", '// #include "cli/part.h"\nconst char* k = "#include <uv.h>";\n')
    assert not breaches(tree)


@pytest.mark.parametrize("suffix,lines_max", [(".cc", 400), (".h", 200)])
def test_long_files_need_an_exception(tree, suffix, lines_max):
    path = f"routing/long{suffix}"
    write(tree, path, "//\n" * lines_max)
    assert not breaches(tree)
    assert len(breaches(tree, {path: (lines_max + 50, "a table")})) == 1, "not needed any more"
    write(tree, path, "//\n" * (lines_max + 1))
    assert len(breaches(tree)) == 1
    assert not breaches(tree, {path: (lines_max + 50, "a table")})
    write(tree, path, "//\n" * (lines_max + 51))
    assert len(breaches(tree, {path: (lines_max + 50, "a table")})) == 1


def test_an_exception_for_nothing_is_refused(tree):
    assert len(breaches(tree, {"routing/gone.cc": (500, "a table")})) == 1


def test_every_exception_has_a_reason():
    assert all(reason for _, reason in check_layers.LONGER.values())


@pytest.mark.parametrize("path", ["proxy/new.cc", "proxy/extra/new.cc", "base/new.cpp", "cli/new.hpp"])
def test_files_without_a_place_are_refused(tree, path):
    write(tree, path)
    assert len(breaches(tree)) == 1


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True,
                          check=False, timeout=60)


def test_the_command_tells_by_its_exit_code(tree):
    assert run(tree).returncode == 0
    write(tree, "base/new.cc", '#include "cli/part.h"\n')
    wrong = run(tree)
    assert wrong.returncode == 1
    assert "base/new.cc:1:" in wrong.stdout
    assert run().returncode == 2


def test_an_empty_tree_is_no_success(tmp_path):
    assert run(tmp_path).returncode == 1


def needs(tmp_path, *libraries):
    binary = tmp_path / "binary"
    subprocess.run(["cc", "-x", "c", "-", "-Wl,--no-as-needed", *libraries, "-o", binary], check=True,
                   input="int main(void) { return 0; }", text=True, timeout=60)
    script = SCRIPT.with_name("pure_linkage.sh")
    return subprocess.run([script, binary], capture_output=True, text=True, check=False, timeout=60)


def test_a_binary_that_needs_a_library_that_waits_is_not_pure(tmp_path):
    assert needs(tmp_path).returncode == 0
    for library, name in [("-luv", "libuv"), ("-lssl", "libssl"), ("-lcrypto", "libcrypto")]:
        told = needs(tmp_path, library)
        assert told.returncode == 1
        assert f"needs {name}.so" in told.stderr


def test_a_file_that_is_no_binary_is_no_success(tmp_path):
    write(tmp_path, "text", "hello")
    script = SCRIPT.with_name("pure_linkage.sh")
    assert subprocess.run([script, tmp_path / "text"], check=False, timeout=60,
                          capture_output=True).returncode == 1
