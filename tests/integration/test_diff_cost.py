"""What comparing costs, in instructions for each byte of both sides. (Release binary.)

Two sizes of the same answers, so that what a start and an end cost falls out.
"""
import shutil

import pytest

from support import callgrind
from support.proxy import cli

SMALL, LARGE = 200, 1_200  # members
# Some 10 % over 17.9 and 40.1, so that they do not grow unseen.
PER_BYTE_MAX = {"one value": 20.0, "one inserted": 44.0}


def order(items, second):
    """As services answer: a time that is that of this moment."""
    lines = ",".join(f'{{"sku":"sku-{n}","name":"A thing that somebody ordered","price":{n}.50,'
                     f'"tags":["a","b"]}}' for n in range(items))
    return f'{{"id":4711,"updated_at":"2026-11-22T13:37:{second:02}Z","items":[{lines}]}}'


def numbers(items, extra):
    values = [f'{{"id":{n},"v":{n % 100}}}' for n in range(items)]
    if extra:
        values.insert(items // 2, '{"id":-1,"v":0}')
    return "[" + ",".join(values) + "]"


BODIES = {
    "one value": lambda size: (order(size, 1), order(size, 2)),
    "one inserted": lambda size: (numbers(size, False), numbers(size, True)),
}


def counted(release, directory, left, right):
    directory.mkdir()
    (directory / "left").write_text(left)
    (directory / "right").write_text(right)
    out = directory / "callgrind.out"
    command, *wrapped = [*callgrind.wrapper(out), release]
    done = cli(*wrapped, "diff", directory / "left", directory / "right", binary_path=command)
    assert done.returncode == 3, done.stderr
    return sum(callgrind.instructions(file.read_text())
               for file in directory.glob("callgrind.out-*")), len(left) + len(right)


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind (script/setup)")
@pytest.mark.parametrize("case", BODIES)
def test_instructions_for_each_byte(tmp_path, release, case):
    small, small_bytes = counted(release, tmp_path / "small", *BODIES[case](SMALL))
    large, large_bytes = counted(release, tmp_path / "large", *BODIES[case](LARGE))
    per_byte = (large - small) / (large_bytes - small_bytes)
    print(f"{case}: {per_byte:.2f} instructions for each byte")
    assert 0 < per_byte <= PER_BYTE_MAX[case]
