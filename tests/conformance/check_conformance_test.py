"""check_conformance.py finds what it is there to find."""
import check_conformance as check

KNOWN = {"Suite.Name", "test_a.py::test_b"}


def table(*rows, rfc="RFC 9112"):
    head = f"## {rfc}\n\n| section | demand | test or reason |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def faults(*rows):
    return [f for f in check.faults(table(*rows), KNOWN) if "no row for section" not in f]


def test_a_row_with_a_test_or_a_reason_is_right():
    assert faults("| 2.2 | a | `Suite.Name` |", "| 2.3 | b | `test_a.py::test_b` |",
                  "| 3 | c | none: there is no such thing |",
                  "| 4 | d | deviation: on purpose; `Suite.Name` |") == []


def test_a_test_that_is_not_there_is_found():
    assert len(faults("| 2 | a | `Suite.Gone` |")) == 1
    assert len(faults("| 2 | a | none: whatever it says here `test_a.py::test_gone` |")) == 1


def test_a_row_without_evidence_is_found():
    for evidence in ("", "yes", "none:", "none: so", "Suite.Name"):
        assert len(faults(f"| 2 | a | {evidence} |")) == 1, evidence


def test_a_row_that_is_there_twice_is_found():
    assert len(faults("| 2 | a | `Suite.Name` |", "| 2 | a | `Suite.Name` |")) == 1


def test_a_broken_row_is_found():
    assert faults("| 2 | a |") == ["a row without three cells"]


def test_a_section_without_a_row_is_found():
    found = list(check.faults(table("| 2 | a | `Suite.Name` |"), KNOWN))
    assert "RFC 9112: no row for section 3" in found
    assert "RFC 9112: no row for section 2" not in found
    assert "RFC 9110: no row for section 15" in found


def test_names_are_found_in_the_sources(tmp_path):
    unit = tmp_path / "tests" / "unit"
    unit.mkdir(parents=True)
    (unit / "a_test.cc").write_text("TEST(A, B) {\n}\nTEST_F(C, D) {\nTEST_P(E,\n       F) {\n")
    integration = tmp_path / "tests" / "integration"
    integration.mkdir()
    (integration / "test_a.py").write_text("def test_b(x):\n    pass\n")
    assert check.tests(tmp_path) == {"A.B", "C.D", "E.F", "test_a.py::test_b"}
