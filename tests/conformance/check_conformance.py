"""Checks docs/conformance.md against the tests.

    check_conformance.py ROOT     exit 0: all is well; 1: each fault on a line of stdout

1. Each row has a section, a demand, and a test or a reason: `none: WHY`, or `deviation: WHY`.
2. Each test that is named exists.
3. No demand stands there twice; every section that the table promises has a row.
"""
import re
import sys
from pathlib import Path

TABLE = "docs/conformance.md"
NAME = re.compile(r"`([A-Z]\w*\.\w+|test_\w+\.py::\w+)`")
UNIT = re.compile(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
PYTHON = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
REASON = re.compile(r"(none|deviation): \S.{10,}")
PROMISED = {"RFC 9112": [str(n) for n in range(2, 10)],
            "RFC 9110": ["3", "4", "5", "6", "7", "9", "10", "11", "12", "15"],
            "RFC 9113": ["3", "4", "5", "6", "7", "8", "10"],
            "RFC 8441": ["3", "4", "5"]}


def rows(text):
    """(heading, section, demand, evidence), and None for a line of a table that is no row."""
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        if not line.startswith("|") or line.startswith(("| section", "|---")):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        yield (heading, *cells) if len(cells) == 3 else None


def tests(root):
    found = set()
    for path in (root / "tests").rglob("*_test.cc"):
        found |= {f"{suite}.{name}" for suite, name in UNIT.findall(path.read_text())}
    for path in (root / "tests" / "integration").glob("test_*.py"):
        found |= {f"{path.name}::{name}" for name in PYTHON.findall(path.read_text())}
    return found


def faults(text, known):
    seen = set()
    sections = {rfc: set() for rfc in PROMISED}
    for row in rows(text):
        if row is None:
            yield "a row without three cells"
            continue
        heading, section, demand, evidence = row
        rfc = heading[:8]
        where = f"{rfc} section {section} ({demand[:40]})"
        if rfc in sections:
            sections[rfc].add(section.split(".")[0])
        else:
            yield f"{where}: under no RFC"
        if not section or not demand or (rfc, section, demand) in seen:
            yield f"{where}: empty or twice"
        seen.add((rfc, section, demand))
        names = NAME.findall(evidence)
        if not names and not REASON.match(evidence):
            yield f"{where}: neither a test nor a reason"
        yield from (f"{where}: no test {name}" for name in names if name not in known)
    for rfc, wanted in PROMISED.items():
        yield from (f"{rfc}: no row for section {n}" for n in wanted if n not in sections[rfc])


def main(root):
    found = list(faults((root / TABLE).read_text(), tests(root)))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
