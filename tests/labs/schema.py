"""What Gradescope accepts in results.json, from its documentation, as data; and a check that says what does not fit."""

NUMBER, TEXT, DICT, LIST = (int, float), str, dict, list
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITIES = {"visible", "hidden", "after_due_date", "after_published"}
TOP = {
    "score": NUMBER, "execution_time": int, "output": TEXT, "output_format": FORMATS, "test_output_format": FORMATS,
    "test_name_format": FORMATS, "visibility": VISIBILITIES, "stdout_visibility": VISIBILITIES, "extra_data": DICT,
    "tests": LIST, "leaderboard": LIST,
}  # fmt: skip
TEST = {
    "score": NUMBER, "max_score": NUMBER, "status": {"passed", "failed"}, "name": TEXT, "name_format": FORMATS, "number": TEXT,
    "output": TEXT, "output_format": FORMATS, "tags": LIST, "visibility": VISIBILITIES, "extra_data": DICT,
}  # fmt: skip


def faults(document):
    """Sentences on what Gradescope would not take; a document needs a score or tests."""
    found = _faults("document", document, TOP)
    if "score" not in document and "tests" not in document:
        found.append("neither score nor tests")
    for n, test in enumerate(document.get("tests", [])):
        found += _faults(f"test {n}", test, TEST)
        if not all(isinstance(tag, str) for tag in test.get("tags", [])):
            found.append(f"test {n}: tags")
        if not 0 <= test["score"] <= test["max_score"]:
            found.append(f"test {n}: score {test['score']} of {test['max_score']}")
    return found


def _faults(where, record, known):
    found = []
    for key, value in record.items():
        kind = known.get(key)
        if kind is None:
            found.append(f"{where}: unknown key {key}")
        elif (value not in kind) if isinstance(kind, set) else (isinstance(value, bool) or not isinstance(value, kind)):
            found.append(f"{where}: {key} = {value!r}")
    return found
