"""The course as a whole: form, source cells, what is taught where, a GPU's precision, hints."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib

import keras
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from segkit.checks import check_whole

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import check  # noqa: E402

from notebooks import lessons, paths, read  # noqa: E402

NOTEBOOKS = paths()
every_lesson = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@every_lesson
def test_form(path):
    assert list(check.faults(path)) == []


@every_lesson
def test_source_cells_are_segkits_source(path):
    for cell in read(path).cells:
        for name in cell.metadata.get("segkit", "").split():
            module, _, thing = name.rpartition(".")
            source = inspect.getsource(getattr(importlib.import_module(module), thing))
            assert source.strip() in cell.source


TEACHING = tuple(f"segkit.{room}" for room in ("layers", "losses", "metrics", "models"))


def taught():
    """Name of each public layer, loss, metric and model → the lesson that its docstring names."""
    pieces = {}
    for file in (ROOT / "segkit").rglob("*.py"):
        module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        if not module.__name__.startswith(TEACHING):
            continue
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", "") == module.__name__
            if own and not name.startswith("_") and callable(thing):
                last = inspect.getdoc(thing).splitlines()[-1]
                found = re.fullmatch(r"Taught in notebooks/(\w+)\.ipynb\.", last)
                assert found, f"{module.__name__}.{name}'s docstring ends with {last!r}"
                pieces[f"{module.__name__}.{name}"] = found[1]
    return pieces


def test_each_piece_is_taught_in_the_lesson_it_names_and_in_no_other():
    shown = {}
    for path in NOTEBOOKS:
        for cell in read(path).cells:
            for name in cell.metadata.get("segkit", "").split():
                assert name not in shown, f"{name} is shown twice"
                shown[name] = path.stem
    written = {path.stem for path in NOTEBOOKS}
    for name, lesson in taught().items():
        assert lesson in lessons(), f"{name} names a lesson that is not planned"
        assert shown.get(name) == (lesson if lesson in written else None), name
    assert set(shown) <= set(taught())


def test_an_edited_source_cell_reaches_the_model_below_it():
    """A student halves the filters of the block: the U-Net built in the next cell is smaller."""
    cells = {
        cell.metadata["segkit"]: cell.source
        for cell in read(ROOT / "notebooks" / "04_unet_pets.ipynb").cells
        if "segkit" in cell.metadata
    }
    counts = []
    for edit in (
        lambda source: source,
        lambda source: source.replace("Conv2DTranspose(filters", "Conv2DTranspose(filters // 2"),
    ):
        namespace = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "check_whole": check_whole}
        exec(edit(cells["segkit.layers.pix2pix.upsample"]), namespace)
        for name, source in cells.items():
            if "unet_decoder" in name:
                exec(source, namespace)
        features = [keras.Input((2 ** (6 - depth), 2 ** (6 - depth), 8)) for depth in range(1, 6)]
        counts.append(keras.Model(features, namespace["unet_decoder"](features, 3)).count_params())
    assert counts[1] < counts[0]


@every_lesson
def test_the_numbers_hold_with_a_gpus_precision(path):
    """Asserts outside training, where a GPU trains in mixed_bfloat16; claims are not judged."""
    command = [sys.executable, "-m", "tests.lesson_as_on_gpu", str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]


def test_a_number_that_half_precision_changes_is_found(tmp_path):
    """A third has no end, in no precision; a quarter has one in each."""
    cells = [
        "import segkit\nrun = segkit.start('03_segnet')\nimport keras\nimport numpy as np",
        "third, quarter = (np.full((1, 2, 2, 1), share, 'float32') for share in (1 / 3, 1 / 4))",
        "assert np.max(keras.layers.MaxPooling2D()(quarter)) == quarter.max()",
        "assert np.max(keras.layers.MaxPooling2D()(third)) == third.max()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "tests.lesson_as_on_gpu", str(tmp_path / "a.ipynb")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1 and "cell 3" in ran.stderr and "cell 2" not in ran.stderr


def test_a_cell_run_out_of_order_is_told_which_comes_first():
    """The lesson opened from another working directory, its fourth section run before its first."""
    lesson = read(ROOT / "notebooks" / "04_unet_pets.ipynb")
    start = next(cell for cell in lesson.cells if "segkit.start" in cell.source)
    late = nbformat.v4.new_code_cell("pets.train")
    notebook = nbformat.v4.new_notebook(cells=[start, late], metadata=lesson.metadata)
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": "/"}}).execute()
    assert "'pets' is made under “Set up”, in the cell that begins with “pets = load(" in str(caught.value)


def claims_of(path):
    """What a lesson asserts: sentence → what it is measured against, and its bound."""
    found = {}
    for cell in read(path).cells:
        if cell.cell_type == "code" and "run.claim(" in cell.source:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "run.claim":
                    bounds = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
                    found[ast.literal_eval(node.args[0])] = bounds
    return found


@every_lesson
def test_claims_are_asserted_half_way_to_the_worst_value(path):
    """What the lesson asserts, against what make claims measured: each seed bears the sentence out by twice the margin."""
    measured = json.loads((ROOT / "benchmarks" / "claims.json").read_text(encoding="utf-8"))[path.stem]
    claims = claims_of(path)
    assert set(claims) == set(measured)
    for sentence, words in claims.items():
        row, against, bound = measured[sentence], words["against"], words["bound"]
        assert len(row["seeds"]) >= 3 and against == row["against"], sentence
        distances = [(value - against) / (bound - against) for value in row["values"]]
        assert 1.6 <= min(distances) <= 2.6, f"{sentence}: {distances}"


def test_what_the_tables_of_ablations_are_said_to_show_holds_for_each_seed():
    """Each script in benchmarks/ablations says in SHOWN which number of which row is larger than that of which other."""
    measured = json.loads((ROOT / "benchmarks" / "ablations.json").read_text(encoding="utf-8"))
    scripts = sorted((ROOT / "benchmarks" / "ablations").glob("[0-9]*.py"))
    assert {script.stem for script in scripts} == set(measured)
    for script in scripts:
        assigned = {
            ast.unparse(node.targets[0]): node.value
            for node in ast.parse(script.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign)
        }
        for table, column, better, worse in ast.literal_eval(assigned["SHOWN"]):
            rows = measured[script.stem][table]
            differences = [a - b for a, b in zip(rows[better][column], rows[worse][column], strict=True)]
            assert len(differences) >= 3 and min(differences) > 0, (table, better, worse, differences)


def test_no_public_text_names_a_place_on_someones_machine():
    texts = [
        *ROOT.glob("*.md"),
        *ROOT.glob("*/README.md"),
        ROOT / "Makefile",
        *(ROOT / "segkit").rglob("*.py"),
        *(ROOT / "tools").glob("*.py"),
    ]
    for path in texts:
        if path.name != "check.py":
            assert not check.OUTSIDE.search(path.read_text(encoding="utf-8")), path


def test_every_link_of_the_readmes_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md")]:
        if ".venv" in page.parts:
            continue
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http", "mailto:")):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


@every_lesson
def test_the_readme_shows_one_figure_of_each_lesson(path):
    chosen = [cell for cell in read(path).cells if cell.metadata.get("readme") is True]
    assert len(chosen) == 1 and (ROOT / "docs" / f"{path.stem}.jpg").exists()
    assert len(chosen[0].metadata.get("card", [])) == 2  # the panels that its card shows


def test_the_package_carries_what_it_reads():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    carried = {file for pattern in settings["segkit"] for file in (ROOT / "segkit").glob(pattern)}
    assert carried >= {ROOT / "segkit" / "lessons.json", *(ROOT / "segkit" / "weights").iterdir()}
