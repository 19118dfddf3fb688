"""What callgrind counted: instructions of a whole run, and how often a function was called."""
import re

_CALLED = re.compile(r"^cfn=\((\d+)\)(?: (.*))?$")
_CALLS = re.compile(r"^calls=(\d+)")
_NAMED = re.compile(r"^fn=\((\d+)\)(?: (.*))?$")


def wrapper(out):
    """One file for each thread: `out`-01, `out`-02…"""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet",
            "--separate-threads=yes"]


def of_thread(out, function):
    """What the thread did that called a function of that name, once the process has ended. None
    before its file is whole."""
    for file in sorted(out.parent.glob(f"{out.name}-*")):
        text = file.read_text()
        if function in text and "\ntotals:" in text:
            return text
    return None


def instructions(text):
    return int(re.search(r"^(?:totals|summary): (\d+)", text, re.M).group(1))


def calls(text, is_wanted):
    """How often functions whose name `is_wanted` were called."""
    names, callee, count = {}, None, 0
    for line in text.splitlines():
        named = _NAMED.match(line)
        called = _CALLED.match(line)
        if named or called:
            number, name = (named or called).groups()
            if name is not None:
                names[number] = name
            if called:
                callee = number
            continue
        found = _CALLS.match(line)
        if found and is_wanted(names.get(callee, "")):
            count += int(found.group(1))
    return count
