"""Bring everything that is written twice into step: source cells, tables of benchmarks, first screens, Colab lines,
README table.

python tools/sync.py            write
python tools/sync.py --check    change nothing, fail if something is out of step
"""

import ast
import difflib
import json
import re
import sys
import tomllib

import nbformat
import numpy as np
from kernels import RESULT

from notebooks import ROOT, code_cells, lessons, number_of, paths, read, write
from segkit import scoreboard
from segkit.run import minutes_range

BRANCH = "main"
# As JupyterLab writes it with the kernel of .venv: then opening a lesson does not mark it as changed. The rest of the
# metadata is the kernel's, as of the last execution.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
FETCHED = {
    "oxford_iiit_pet": "800 MB once",
    "camvid": "a folder that you fetch once",
    "own_cells": "a folder of your own",
}


def source_of(name):
    """The text of a function or class, decorators included: `segkit.layers.upsampling.SubPixel` → its source.

    Read from its file as text, so that nothing has to be imported.
    """
    module, _, wanted = name.rpartition(".")
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if file.is_file():
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == wanted:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise SystemExit(f"A source cell shows {name}, which is not in segkit: name it with its file.")


def benchmark_table(title):
    """The table of one section of benchmarks/README.md."""
    sections = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").split("\n## ")
    for section in sections:
        if section.startswith(title + "\n"):
            return "\n".join(line for line in section.splitlines() if line.startswith("|"))
    raise SystemExit(f"A lesson shows the benchmark {title!r}, which benchmarks/README.md does not have.")


def ablation_table(lesson, title, explained):
    """What tools/claims.py measured, as a table: of each number the mean over the seeds, and of the last column the
    difference from the first row, seed by seed, from the smallest to the largest; below it these words, unless `explained`."""
    path = ROOT / "benchmarks" / "ablations.json"
    tables = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if title not in tables.get(lesson, {}):
        return f"*(The table {title!r} is not measured yet: python tools/claims.py --only ablations {number_of(lesson)})*"
    rows = tables[lesson][title]
    (first, *_), (*_, last) = rows.values(), next(iter(rows.values()))
    lines = [
        f"| | {' | '.join(first)} | {last}, difference from the first row |",
        "|---" * (len(first) + 2) + "|",
    ]
    for name, columns in rows.items():
        means = " | ".join(f"{np.mean(values):,.{digits(column)}f}" for column, values in columns.items())
        apart = np.subtract(columns[last], first[last])
        low, high = (f"{value:+.{digits(last)}f}" for value in (apart.min(), apart.max()))
        lines.append(f"| {name} | {means} | {'' if columns is first else f'{low} to {high}'} |")
    seeds = len(first[last])
    caption = f"*Means and differences over {seeds} seeds, as in the first table.*"
    if not explained:
        caption = (
            f"*Means over {seeds} seeds; differences: from the smallest to the largest, seed by seed. "
            f"`python benchmarks/ablations/{lesson}.py --seed 0` measures one.*"
        )
    return "\n".join(lines) + f"\n\n{caption}"


def digits(column):
    """Shares are written with three digits behind the point, seconds and parameters with none."""
    return 0 if column in ("seconds", "steps", "parameters") else 1 if "%" in column else 3


def sync_notebook(path, repository):
    notebook = read(path)
    before = nbformat.writes(notebook)
    tables = [cell for cell in notebook.cells if "ablation" in cell.metadata]
    for cell in notebook.cells:
        if "segkit" in cell.metadata:
            cell.source = "\n\n\n".join(source_of(name) for name in cell.metadata["segkit"].split())
        if "benchmark" in cell.metadata:
            cell.source = benchmark_table(cell.metadata["benchmark"])
        if "scoreboard" in cell.metadata:
            cell.source = scoreboard.table()
        if "ablation" in cell.metadata:
            cell.source = ablation_table(
                path.stem, cell.metadata["ablation"], explained=cell is not tables[0]
            )
        if cell.cell_type == "markdown":
            # the marks stand last on their lines: a line that begins with one would not be read as Markdown
            for mark, words in (("minutes", first_screen(notebook)), ("colab", badge(path, repository))):
                line = f"{words} <!-- {mark} -->".strip()
                cell.source = re.sub(
                    rf"^.*<!-- {mark} -->.*$", lambda _, line=line: line, cell.source, flags=re.M
                )
    notebook.cells = [cell for cell in notebook.cells if "colab" not in cell.metadata.get("tags", [])]
    if repository:
        source = f'import sys\n\nif "google.colab" in sys.modules:\n    %pip install -q git+https://github.com/{repository}'
        cell = nbformat.v4.new_code_cell(
            source, id="colab", metadata={"tags": ["colab", "nbval-ignore-output"]}
        )
        notebook.cells.insert(1, cell)
    notebook.metadata["kernelspec"] = KERNEL
    after = nbformat.writes(notebook)
    return notebook, before, after


def data_sets(notebook):
    """The sets that a lesson loads, quick and full: from load("name") and load(run.pick(quick="name", full="name"))."""
    names = {"quick": [], "full": []}
    for cell in code_cells(notebook):
        try:
            calls = [
                node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call) and node.args
            ]
        except SyntaxError:  # a cell with a magic command
            continue
        for call in calls:
            if ast.unparse(call.func).split(".")[-1] != "load":
                continue
            name = call.args[0]
            named = {word.arg: word.value for word in getattr(name, "keywords", [])}
            for profile, found in names.items():
                value = getattr(named.get(profile, name), "value", None)
                if isinstance(value, str) and value not in found:
                    found.append(value)
    return names


def first_screen(notebook):
    """How long the lesson takes and what it loads."""
    minutes = notebook.metadata.get("minutes", {}).get("quick")
    duration = f"**{minutes_range(minutes)} minutes** on 2 CPU cores" if minutes else "Time not measured yet"
    data = data_sets(notebook)
    quick = " and ".join(f"`{name}`" for name in data["quick"])
    fetched = [f"`{name}`, {FETCHED[name]}" for name in data["full"] if name in FETCHED]
    if not fetched:
        return f"{duration}, without a download" + f" (data: {quick})" * bool(quick) + "."
    return (
        f"{duration} without a download (*quick*, data: {quick}). With a GPU the *full* profile takes "
        f"the real pictures ({'; '.join(fetched)})."
    )


def badge(path, repository):
    if not repository:
        return ""
    address = f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}/{path.relative_to(ROOT)}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})"


def stored_result(notebook):
    """What `run.done` said at the end of the stored lesson."""
    outputs = [output for cell in code_cells(notebook) for output in cell.get("outputs", [])]
    found = [RESULT.search(output.text) for output in outputs if output.get("name") == "stdout"]
    return next((match[1] for match in found if match), "")


def readme_table():
    rows = ["| | lesson | minutes | after it you can | measured in it |", "|---|---|---|---|---|"]
    for name, facts in lessons().items():
        number, title = number_of(name), facts["title"]
        path = ROOT / "notebooks" / f"{name}.ipynb"
        picture, link, minutes, result = "", f"{number} · {title} *(to come)*", "", ""
        if path.exists():
            picture = f"![A figure of lesson {number}](docs/{name}.jpg)"
            link = f"{number} · [{title}](notebooks/{name}.ipynb)"
            if measured := read(path).metadata.get("minutes", {}).get("quick"):
                minutes = minutes_range(measured)
            result = stored_result(read(path))
        rows.append(f"| {picture} | {link} | {minutes} | {facts['after']} | {result} |")
    return "\n".join(rows)


def main():
    check = "--check" in sys.argv
    repository = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["course"][
        "repository"
    ]
    stale = []
    for path in paths():
        notebook, before, after = sync_notebook(path, repository)
        if before != after:
            stale.append(path.relative_to(ROOT))
            if check:
                lines = difflib.unified_diff(
                    before.splitlines(), after.splitlines(), "notebook", "segkit", lineterm="", n=0
                )
                print("\n".join(list(lines)[:20]))
            else:
                write(notebook, path)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    fresh = text
    for mark, made in {"lessons": readme_table(), "scoreboard": scoreboard.table()}.items():
        block = f"<!-- {mark} -->\n{made}\n<!-- /{mark} -->"
        fresh = re.sub(
            rf"<!-- {mark} -->\n.*?<!-- /{mark} -->", lambda _, block=block: block, fresh, flags=re.S
        )
    if fresh != text:
        stale.append("README.md")
        if not check:
            readme.write_text(fresh, encoding="utf-8")
    if stale:
        print(f"{'out of step' if check else 'brought into step'}: {', '.join(map(str, stale))}")
    if check and stale:
        raise SystemExit("Run python tools/sync.py, then python tools/execute.py.")


if __name__ == "__main__":
    main()
