"""sync, check and execute on small notebooks made here."""

import sys

import nbformat
import pytest

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import check  # noqa: E402
import execute  # noqa: E402
import pages  # noqa: E402
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


def figure(alt):
    return nbformat.v4.new_output(
        "display_data", {"image/png": "iVBORw0KGgo=", "text/plain": alt}, metadata={"alt": alt}
    )


def test_source_cells_are_filled_with_decorators_and_docstrings(tmp_path):
    path = lesson(
        text("# 1 · A"),
        code("", segkit="segkit.layers.PadToMultiple segkit.models.unet"),
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


def test_colab_lines_come_and_go_with_the_address(tmp_path):
    path = lesson(
        text("# 1 · A\n<!-- minutes -->\n<!-- colab -->"),
        code("1"),
        path=notebooks.ROOT / "notebooks" / "99_a.ipynb",
    )
    try:
        with_address = sync.sync_notebook(path, "someone/course")[0]
        assert (
            "colab.research.google.com/github/someone/course/blob/main/notebooks/99_a.ipynb"
            in with_address.cells[0].source
        )
        assert "pip install -q git+https://github.com/someone/course" in with_address.cells[1].source
        notebooks.write(with_address, path)
        without = sync.sync_notebook(path, "")[0]
        assert "colab.research" not in str(without.cells) and len(without.cells) == 2
    finally:
        path.unlink()


def test_the_readme_table_marks_lessons_to_come():
    table = sync.readme_table()
    assert "[Start here](notebooks/00_start_here.ipynb)" in table and "*(to come)*" in table


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
        ([], "words, not"),
        ([], "measured minutes"),
    ],
)
def test_check_finds(tmp_path, cells, fault):
    path = lesson(text("# 1 · A: b"), *cells, path=tmp_path / "01_a.ipynb")
    assert [found for found in check.faults(path) if fault in found]


def test_execute_stores_outputs_and_the_result_and_drops_the_log(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[code("import sys\nprint('log', file=sys.stderr)\nprint('01_a · mean IoU 0.5 · 3 s')")]
    )
    seconds, result = execute.execute(notebook, tmp_path)
    assert result == "mean IoU 0.5" and seconds > 0
    assert [output.name for output in notebook.cells[0].outputs] == ["stdout"]


def test_pages_work_offline_and_describe_their_pictures(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[text("# 1 · A\n[next](02_b.ipynb)"), code("1", 1, [figure(ALT)])]
    )
    pages.write_page(notebook, tmp_path / "01_a.ipynb", tmp_path)
    page = (tmp_path / "01_a.html").read_text()
    assert f'alt="{ALT}"' in page and 'href="02_b.html"' in page
    assert "No description" not in page
    assert "cdn" not in page.lower() and 'src="http' not in page
    index = pages.write_index([(tmp_path / "01_a.ipynb", 3.0, "mean IoU 0.5")], tmp_path)
    assert "01_a.html" in (tmp_path / "index.html").read_text() and index


def test_a_lesson_can_be_named_by_its_number():
    assert [path.stem for path in notebooks.paths(["00"])] == ["00_start_here"]
    with pytest.raises(SystemExit, match="No lesson is called 77"):
        notebooks.paths(["77"])
