"""sync, check and execute on small notebooks made here."""

import base64
import json
import re
import sys

import nbformat
import pytest

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import check  # noqa: E402
import claims  # noqa: E402
import execute  # noqa: E402
import grade  # noqa: E402
import handout  # noqa: E402
import kernels  # noqa: E402
import sync  # noqa: E402

import notebooks  # noqa: E402

ALT = "A line that rises from left to right."


def lesson(*cells, path):
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    notebooks.write(notebook, path)
    return path


def code(source, count=None, outputs=(), **metadata):
    cell = nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    cell.metadata.update(metadata)
    return cell


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def picture_of(alt):
    """The data of a picture, another for each description."""
    return base64.b64encode(alt.encode()).decode()


def figure(alt, kind="png"):
    bundle = {f"image/{kind}": picture_of(alt), "text/plain": alt}
    return nbformat.v4.new_output("display_data", bundle, metadata={"alt": alt})


def test_a_lesson_may_have_a_letter_behind_its_number():
    assert notebooks.number_of("07b_dense_crf") == "07b"
    assert notebooks.is_called("07b_dense_crf", "07b") and notebooks.is_called("07_deeplab", "07")
    assert not notebooks.is_called("07b_dense_crf", "07") and notebooks.is_called("07b_dense_crf", "07b_de")
    title = check.prose_faults(notebooks.ROOT / "notebooks" / "07b_dense_crf.ipynb", "# 7b · Dense CRF")
    assert list(title) == []
    assert sorted(["08_a", "07b_a", "07_a"]) == ["07_a", "07b_a", "08_a"]


def test_source_cells_are_filled_with_decorators_and_docstrings(tmp_path):
    path = lesson(
        text("# 1 · A"),
        code("", segkit="segkit.layers.sizes.PadToMultiple segkit.models.unet.unet"),
        path=tmp_path / "01_a.ipynb",
    )
    notebook, before, after = sync.sync_notebook(path, "")
    assert before != after
    source = notebook.cells[1].source
    assert (
        source.startswith("@keras.saving.register_keras_serializable")
        and "def unet(" in source
        and '"""' in source
    )
    with pytest.raises(SystemExit, match="NoSuchThing"):
        sync.source_of("segkit.layers.NoSuchThing")


def test_colab_lines_come_and_go_with_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr(sync, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "99_a.ipynb"
    lesson(text("# 1 · A\n<!-- minutes -->\n<!-- colab -->"), code("1"), path=path)
    with_address = sync.sync_notebook(path, "someone/course")[0]
    address = "colab.research.google.com/github/someone/course/blob/main/notebooks/99_a.ipynb"
    assert address in with_address.cells[0].source
    assert "pip install -q git+https://github.com/someone/course" in with_address.cells[1].source
    notebooks.write(with_address, path)
    without = sync.sync_notebook(path, "")[0]
    assert "colab.research" not in str(without.cells) and len(without.cells) == 2


@pytest.mark.parametrize(
    "source, quick, full",
    [
        ('load("paper_pets", size=64)', ["paper_pets"], ["paper_pets"]),
        ('segkit.datasets.load(run.pick(quick="a", full="camvid"), size=8)', ["a"], ["camvid"]),
        ('load("a")\nload(run.pick(quick="b", full="c")); load("a")', ["a", "b"], ["a", "c"]),
        ("%pip install x", [], []),
        ("load(name); print('a')", [], []),
    ],
)
def test_the_data_sets_are_those_that_the_code_loads(source, quick, full):
    assert sync.data_sets(nbformat.v4.new_notebook(cells=[code(source)])) == {"quick": quick, "full": full}


def test_the_first_screen_gives_a_range_of_minutes_and_the_data(tmp_path):
    cells = [text("# 1 · A\nold <!-- minutes -->"), code('load(run.pick(quick="paper_pets", full="camvid"))')]
    path = lesson(*cells, path=tmp_path / "01_a.ipynb")
    notebook = notebooks.read(path)
    assert sync.first_screen(notebook).startswith("Time not measured yet")
    notebook.metadata["minutes"] = {"quick": [1.5, 3]}
    notebooks.write(notebook, path)
    synced, before, after = sync.sync_notebook(path, "")
    line = synced.cells[0].source.splitlines()[1]
    assert line.startswith(
        "**1.5 to 3 minutes** on 2 CPU cores without a download (*quick*, data: `paper_pets`)"
    )
    assert "(`camvid`, a folder that you fetch once). <!-- minutes -->" in line
    notebooks.write(synced, path)
    _, before, after = sync.sync_notebook(path, "")
    assert before == after


def test_a_lesson_without_a_notebook_is_one_to_come(tmp_path, monkeypatch):
    monkeypatch.setattr(sync, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    path = lesson(text("# 0 · A"), path=tmp_path / "notebooks" / "00_start_here.ipynb")
    notebook = notebooks.read(path)
    notebook.metadata["minutes"] = {"quick": [2.0, 4]}
    notebooks.write(notebook, path)
    said = nbformat.v4.new_output("stream", name="stdout", text="00_start_here · test mean IoU 0.60 · 66 s\n")
    notebook.cells.append(code("run.done('…')", 1, [said]))
    notebooks.write(notebook, path)
    there, *to_come = sync.readme_table().splitlines()[2:]
    assert there.endswith("| test mean IoU 0.60 |")
    assert "(notebooks/00_start_here.ipynb) | 2 to 4 |" in there
    assert to_come and all("*(to come)*" in row for row in to_come)


@pytest.mark.parametrize(
    "cells, fault",
    [
        ([code("1", 2)], "not executed top to bottom"),
        ([code("1", 1)], "outputs of other code"),
        ([text("simply")], "says simply"),
        ([text("[a](nowhere.ipynb)")], "links to nowhere.ipynb"),
        ([code("open('/home/me/x')", 1)], "an absolute path"),
        ([code("\n".join("a = 1" for _ in range(26)), 1)], "26 lines; split it"),
        ([code("1", 1, tags=["skip"])], "unknown tag skip"),
        ([code("1", 1, [figure("short")]), text("see")], "figure without a description"),
        ([code("1", 1, [figure(ALT)]), code("2", 2)], "no sentence follows"),
        (
            [code("1", 1, [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])])],
            "a stored output is an error",
        ),
        ([], "no section '## By hand'"),
        ([], "exercise checks and"),
        ([], "words, fewer than"),
        ([code("1", 1)] * 31, "31 code cells (at most 30)"),
        ([code("a = 1\n" * 20, 1)] * 20, "400 lines of code (at most 350)"),
        ([text("word " * 2001)], "words (at most 2,000)"),
        ([], "measured minutes"),
    ],
)
def test_check_finds(tmp_path, cells, fault):
    path = lesson(text("# 1 · A: b"), *cells, path=tmp_path / "01_a.ipynb")
    assert [found for found in check.faults(path) if fault in found]


def test_a_lab_needs_a_title_and_described_figures_and_no_sections(tmp_path):
    (tmp_path / "labs").mkdir()
    lab = lesson(text("# Void: a lab"), code("1", 1), path=tmp_path / "labs" / "void.ipynb")
    assert list(check.faults(lab)) == ["has outputs of other code: run tools/execute.py"]
    cells = [text("A lab"), code("1", 1, [figure("short")]), text("see")]
    found = list(check.faults(lesson(*cells, path=lab)))
    assert any("the title is 'A lab'" in fault for fault in found)
    assert any("figure without a description" in fault for fault in found)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """How four lessons went, two at a time: one stops with an error, and the kernel of another dies."""
    folder = tmp_path_factory.mktemp("lessons")
    log = "import sys, os, warnings\nos.system('echo loud >&2')\nwarnings.warn('take care')"
    cells = {
        "01_a": [code(log), code("print('01_a · mean IoU 0.5 · 3 s')")],
        "02_b": [code("1 / 0"), code("2")],
        "02_dies": [code("import os\nos._exit(1)")],
        "03_c": [code("import os\nprint(os.environ['TF_NUM_INTRAOP_THREADS'], os.environ['SEED'])")],
    }
    work = []
    for name, content in cells.items():
        path = lesson(*content, path=folder / f"{name}.ipynb")
        work.append((path, notebooks.read(path), {"SEED": "7"}))
    return kernels.run(work, jobs=2)


def test_a_lesson_that_stops_does_not_stop_the_others(executed):
    first, second, dead, third = executed
    assert dead.error == "Kernel died"
    assert first.result == "mean IoU 0.5" and first.seconds > 0 and not first.error
    assert second.error == "ZeroDivisionError: division by zero" and "1 / 0" in second.traceback
    assert third.notebook.cells[0].outputs[0].text.split()[1] == "7"


def test_logs_are_dropped_and_warnings_are_told(executed):
    first = executed[0]
    assert [output.name for cell in first.notebook.cells for output in cell.outputs] == ["stdout"]
    assert len(first.warnings) == 1 and "take care" in first.warnings[0]


def test_the_table_has_a_line_a_lesson_and_the_errors_below(executed):
    head, *rows = kernels.table(executed).splitlines()[:5]
    assert head.split() == ["lesson", "seconds", "warnings", "result"]
    assert rows[0].endswith("1  mean IoU 0.5") and rows[1].endswith(
        "STOPPED: ZeroDivisionError: division by zero"
    )
    assert "02_b stopped:" in kernels.table(executed)


def test_minutes_are_kept_in_the_notebook(executed):
    outcome = executed[0]
    outcome.notebook.metadata["minutes"] = {"full": [9, 9]}
    for seconds, alone, kept in (
        (61, True, [1.5, 1.5]),
        (110, False, [1.5, 2]),
        (80, True, [1.5, 2]),
        (65, False, [1.5, 1.5]),
    ):
        outcome.seconds = seconds
        execute.store(outcome, "quick", alone)
        assert outcome.notebook.metadata["minutes"] == {"full": [9, 9], "quick": kept}
    stored = notebooks.read(outcome.path).metadata
    assert stored["executed"] == notebooks.fingerprint(outcome.notebook)


def test_a_site_made_again_executes_only_what_changed(tmp_path, monkeypatch):
    """And what ended before a run was cut short is not lost; a lesson that stopped is tried again."""
    names = {"01_a": "print('01_a · mean IoU 0.5 · 3 s')", "02_b": "1 / 0"}
    files = {name: lesson(code(source), path=tmp_path / f"{name}.ipynb") for name, source in names.items()}
    executed, made = [], []
    monkeypatch.setattr(execute, "paths", lambda names: list(files.values()))
    monkeypatch.setattr(execute.website, "build", lambda outcomes, folder: made.append(outcomes))
    original = kernels.run

    def run(work, *arguments):
        executed.append([path.stem for path, *_ in work])
        return original(work, *arguments)

    monkeypatch.setattr(kernels, "run", run)
    monkeypatch.setattr("sys.argv", ["execute.py", "--site", str(tmp_path / "build")])
    for _ in range(2):
        with pytest.raises(SystemExit, match="02_b"):
            execute.main()
    lesson(text("# new prose"), code("2"), path=files["02_b"])
    execute.main()
    lesson(text("# new prose"), code(names["01_a"]), path=files["01_a"])
    execute.main()
    monkeypatch.setenv("SEGKIT_PROFILE", "full")
    execute.main()
    assert executed == [["01_a", "02_b"], ["02_b"], ["02_b"], [], ["01_a", "02_b"]]
    assert [result for _, _, result in made[3]] == ["mean IoU 0.5", ""]
    kept = made[3][0][1].cells
    assert kept[0].source == "# new prose" and kept[1].outputs[0].text.startswith("01_a")


def test_a_handout_has_no_solutions(tmp_path, monkeypatch, capsys):
    solution = "**1** Write `n`.\n\n<details><summary>Solution</summary>\n\n```python\nn = 2\n```\n</details>"
    check = "n = globals().get('n')\nif n is None:\n    print('not done yet')\nelse:\n    assert n == 2, 'count again'"
    path = lesson(
        code("print(1)", 1),
        text("**1** Write `n`."),
        code(check, 2),
        text(solution),
        path=tmp_path / "01_a.ipynb",
    )
    notebook = notebooks.read(path)
    notebook.cells[2].metadata.tags = ["exercise-check"]
    notebooks.write(notebook, path)
    monkeypatch.setattr(handout, "paths", lambda names: [path])
    folder = tmp_path / "students"
    monkeypatch.setattr("sys.argv", ["handout.py", str(folder)])
    handout.main()
    given = notebooks.read(folder / "01_a.ipynb")
    assert not any("Solution" in cell.source or cell.get("outputs") for cell in given.cells)
    assert [cell.metadata.get("reason") for cell in given.cells[2:5]] == [None, "why", "one wrong mask"]
    said = []
    for n in (None, 2, 3):  # the packed check says what the open one says
        names = {"print": said.append} | ({"n": n} if n else {})
        try:
            exec(given.cells[2].source, names)
        except AssertionError as error:
            said.append(str(error))
    assert said == ["not done yet", "count again"] and "n == 2" not in given.cells[2].source
    given.cells[3].source += " It is one\nmore than 1."
    assert ("why", "… It is one more than 1.") in grade.verdicts(given)
    monkeypatch.setattr("sys.argv", ["handout.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="name another folder"):
        handout.main()


def test_grading_tells_right_from_wrong_and_from_nothing(tmp_path, monkeypatch, capsys):
    checks = [
        f"n{k} = globals().get('n{k}')\nif n{k} is None:\n    print('exercise {k}: not done yet')\nelse:\n"
        f"    assert n{k} == 2, 'count again'\n    print('exercise {k}: right')"
        for k in (1, 2, 3)
    ]
    cells = [code("n1, n2 = 3, 2"), *(code(check) for check in checks)]
    for cell in cells[1:]:
        cell.metadata.tags = ["exercise-check"]
    cells[3].outputs = [
        nbformat.v4.new_output("stream", text="exercise 3: right\n")
    ]  # what was stored is not believed
    handed_in = lesson(*cells, path=tmp_path / "anna.ipynb")
    broken = lesson(code("1 / 0"), *cells[1:2], path=tmp_path / "bert.ipynb")
    monkeypatch.setattr("sys.argv", ["grade.py", str(handed_in), str(broken)])
    grade.main()
    said = capsys.readouterr().out
    assert (
        "anna.ipynb\n  exercise 1: wrong: count again\n  exercise 2: right\n  exercise 3: not done yet\n"
        in said
    )
    assert "bert.ipynb\n  exercise 1: not reached\n  stopped: ZeroDivisionError" in said
    monkeypatch.setattr("sys.argv", ["grade.py", "nobody.ipynb"])
    with pytest.raises(SystemExit, match="There is no nobody.ipynb"):
        grade.main()


def test_outputs_belong_to_the_code_of_the_lesson_and_not_to_its_checks():
    check = code("answer = None", tags=["exercise-check"])
    before = notebooks.fingerprint(nbformat.v4.new_notebook(cells=[code("1"), check]))
    check.source += "\nassert True"
    assert notebooks.fingerprint(nbformat.v4.new_notebook(cells=[code("1"), check])) == before
    assert notebooks.fingerprint(nbformat.v4.new_notebook(cells=[code("2"), check])) != before


def test_grading_takes_the_checks_of_this_copy(tmp_path, monkeypatch):
    """Whoever writes `print("exercise 1: right")` into the check has not answered."""
    ours = 'maps = 1\nanswer = globals().get("mine")\nassert answer is None or answer == 2\nprint("exercise 1:", answer)'
    theirs = ours.replace("maps = 1", "maps = 1\nmine = 3").split("assert")[0] + 'print("exercise 1: right")'
    (tmp_path / "notebooks").mkdir()
    start = 'import segkit\nrun = segkit.start("77_lab")'
    lesson(code(start), code(ours), path=tmp_path / "notebooks" / "77_lab.ipynb")
    handed_in = lesson(code(start), code(theirs), path=tmp_path / "carl.ipynb")
    monkeypatch.setattr(grade, "ROOT", tmp_path)
    graded = grade.with_our_checks(notebooks.read(handed_in)).cells
    assert graded[1].source == f"maps = 1\nmine = 3\n{ours}"
    assert graded[1].metadata.tags == ["exercise-check"]


def test_kernels_that_start_together_meet_at_no_port(tmp_path):
    path = tmp_path / "where.ipynb"
    cell = nbformat.v4.new_code_cell(
        "import json\nfrom ipykernel.connect import get_connection_file\n"
        "print(json.load(open(get_connection_file()))['transport'])"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    outcomes = kernels.run([(path, notebooks.read(path), {})], jobs=1)
    assert outcomes[0].notebook.cells[0].outputs[0].text.strip() == (
        "tcp" if sys.platform == "win32" else "ipc"
    )
    first, second = kernels.connection(), kernels.connection()
    assert first == second == {} or first["connection_file"] != second["connection_file"]


def test_a_line_a_cell_tells_how_far_a_lesson_is(tmp_path, capfd):
    path = lesson(text("# A"), code("1"), code(""), code("2"), path=tmp_path / "04_d.ipynb")
    kernels.run([(path, notebooks.read(path), {})], jobs=1)
    out, err = capfd.readouterr()
    assert re.fullmatch(r"04_d +cell  1 of 2 +[\d.]+ s\n04_d +cell  2 of 2 +[\d.]+ s\n", out)
    assert err == ""


def test_a_lesson_can_be_named_by_its_number():
    assert [path.stem for path in notebooks.paths(["00"])] == ["00_start_here"]
    with pytest.raises(SystemExit, match="No lesson is called 77"):
        notebooks.paths(["77"])


@pytest.mark.parametrize(
    "against, values, bound",
    [
        (0, [0.2, 0.3, 0.25], 0.1),
        (0.5, [0.57, 0.58, 0.6], 0.535),
        (1, [0.9, 0.7, 0.8], 0.95),
        (0, [-0.031, -0.05], -0.015),
        (0, [0.2, -0.1], None),  # one seed denies it
        (0.5, [0.5, 0.6], None),
    ],
)
def test_a_bound_lies_half_way_from_what_is_denied_to_the_worst_value(against, values, bound):
    found = claims.bound_of(against, values)
    assert found is None if bound is None else found == pytest.approx(bound)


def test_measured_bounds_are_written_into_the_cells():
    source = 'run.claim(\n    "one",\n    a,\n    against=0,\n    bound=0.5,\n)\nrun.claim("two", b, against=1, bound=-0.25)'
    rows = {"one": {"bound": 0.125}, "two": {"bound": 0.75}, "three": {"bound": None}}
    assert claims.stamped(source, rows) == source.replace("0.5", "0.125").replace("-0.25", "0.75")


def test_a_table_of_experiments_has_means_and_differences_seed_by_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(sync, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    rows = {
        "with": {"parameters": [7000.0, 7000.0, 7000.0], "IoU": [0.5, 0.6, 0.7]},
        "without": {"parameters": [6000.0, 6000.0, 6000.0], "IoU": [0.4, 0.58, 0.55]},
    }
    (tmp_path / "benchmarks" / "ablations.json").write_text(json.dumps({"05_x": {"skips": rows}}))
    *lines, _, note = sync.ablation_table("05_x", "skips", explained=False).splitlines()
    assert lines[0] == "| | parameters | IoU | IoU, difference from the first row |"
    assert lines[2:] == ["| with | 7,000 | 0.600 |  |", "| without | 6,000 | 0.510 | -0.150 to -0.020 |"]
    assert "3 seeds" in note and "smallest to the largest" in note
    *same, _, note = sync.ablation_table("05_x", "skips", explained=True).splitlines()
    assert same == lines and "3 seeds, as in the first table" in note
    assert "not measured yet" in sync.ablation_table("05_x", "other", explained=False)
