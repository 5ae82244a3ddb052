"""The course as a site: executed lessons, and around them the pages of website/ and those of tools/made_pages.py.

python tools/website.py [FOLDER]                       from the lessons as they are stored; FOLDER is build where none is named
python tools/website.py FOLDER --without-solutions     for a class

Open FOLDER/site/index.html: it needs no server and no network.
"""

import argparse
import ast
import io
import pathlib
import re
import shutil
import subprocess
import sys
import tokenize

import made_pages
import nbformat
import playground
from handout import handout, without_solutions
from readme_pictures import card
from sync import stored_result

from notebooks import ROOT, lessons, paths, read

SITE = ROOT / "website"
COLUMNS = 90


def build(outcomes, folder):
    """Lay out the pages of (path, notebook, what came of it) and let Sphinx make them; returns the front page."""
    from sphinx.cmd.build import build_main

    folder = folder.resolve()  # Sphinx would look for a relative one beside its configuration
    source = folder / "source"
    for path, notebook, _ in outcomes:
        put(source / "lessons" / path.name, narrow(nbformat.writes(prepared(path, notebook))))
        if picture := made_pages.card(notebook):
            put(source / "pictures" / f"{path.stem}.jpg", picture)
    for picture in ("scenes.jpg", "scoreboard.png"):
        copy(ROOT / "docs" / picture, source / "pictures" / picture)
    key = made_pages.marking_key(outcomes)
    link_to_archive = archive(folder) if key else without_archive(folder)
    for page in SITE.glob("*.md"):
        text = page.read_text(encoding="utf-8").replace("<!-- plan -->", made_pages.plan(outcomes))
        text = text.replace("<!-- key -->", made_pages.LINK_TO_KEY * bool(key))
        text = text.replace("<!-- archive -->", link_to_archive)
        text = made_pages.with_address(made_pages.with_lesson_links(text, outcomes))
        put(source / page.name, text)
    put(source / "references.md", made_pages.references(outcomes))
    menu_changed = put(source / "index.md", made_pages.front_page(outcomes))
    put(source / "scoreboard.md", made_pages.scoreboard_page())
    put(source / "segkit.md", made_pages.functions())
    if key:
        put(source / "key.md", key)
    else:  # nor one that was made earlier
        for old in (source / "key.md", folder / "site" / "key.html", folder / "site" / "_sources" / "key.md"):
            old.unlink(missing_ok=True)
    for name, file in made_pages.BESIDE.items():
        put(source / name, made_pages.without_links((ROOT / file).read_text(encoding="utf-8")))
    for file in (SITE / "static").iterdir():
        copy(file, source / "static" / file.name)
    scripts = playground.make(source / "static" / "playground")
    put(source / "play.md", made_pages.play_page(scripts))
    html = folder / "site"
    options = ["-q", "-j", "2", "-b", "html", "-c", str(SITE), "-d", str(folder / "doctrees")]
    options += ["-a"] * menu_changed  # every page has the menu
    if build_main([*options, "-D", f"html_static_path={source / 'static'}", str(source), str(html)]):
        raise SystemExit("Sphinx could not make the site: its message stands above.")
    for path, notebook, _ in outcomes:  # the file behind the download button is the lesson itself
        put(html / "_sources" / "lessons" / path.name, nbformat.writes(notebook))
        copied = nbformat.reads(nbformat.writes(notebook), as_version=4)
        put(html / "_sources" / "handouts" / path.name, nbformat.writes(handout(copied)))
    return html / "index.html"


def archive(folder):
    """The course itself as a file of the site, where it is a repository, and the words that lead to it."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return without_archive(folder)
    command = ["git", "archive", "--format=zip", "--prefix=course/", "HEAD"]
    packed = subprocess.run(command, cwd=ROOT, capture_output=True)
    if packed.returncode:  # a checkout that belongs to somebody else
        return without_archive(folder)
    put(folder / "source" / "course.zip", packed.stdout)
    size = len(packed.stdout) // 1_000_000
    return f"[Download the course](course.zip) ({size} MB) and unpack it; or take the folder that you were given, or cloned. Then, in a terminal:"


def without_archive(folder):
    """A site for a class has none, nor one that was made earlier: the course has its solutions."""
    (folder / "source" / "course.zip").unlink(missing_ok=True)
    for old in (folder / "site" / "_downloads").rglob("course.zip"):
        old.unlink()
    return "In a terminal:"


def put(path, content):
    """Write a page, or the bytes of a picture, only where they changed: what did not is not made again. Did they?"""
    content = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    changed = not path.is_file() or path.read_bytes() != content
    if changed:
        path.write_bytes(content)
    return changed


def copy(one, other):
    other.parent.mkdir(parents=True, exist_ok=True)
    if not other.is_file() or other.stat().st_mtime < one.stat().st_mtime:
        shutil.copy2(one, other)


def prepared(path, notebook):
    """A copy for the page: without the marks of tools/sync.py, with links to its file and, for a term's first place, to the glossary."""
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    before = [made_pages.shown(number) for number in lessons().get(path.stem, {}).get("needs", [])]
    built = f"Builds on lesson {' and '.join(before)}. " if before else ""
    file = (
        f'Download this notebook: <a href="../_sources/lessons/{path.name}" download>as it stands</a>, or '
        f'<a href="../_sources/handouts/{path.name}" download>to hand in</a>'
    )
    notebook.cells[0].source = notebook.cells[0].source.replace("<!-- minutes -->", f"{built}{file}.", 1)
    if card(notebook):
        picture = f"```{{image}} ../pictures/{path.stem}.jpg\n:alt: two pictures from this lesson, explained below\n:class: opening\n```"
        heading, rest = notebook.cells[0].source.split("\n", 1)
        notebook.cells[0].source = f"{heading}\n\n{picture}\n{rest}"
    terms = glossary()
    notebook.cells = [part for cell in notebook.cells for part in question_and_check(cell)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_links(re.sub(r" *<!-- colab -->", "", cell.source), terms)
            for name, file in made_pages.BESIDE.items():
                cell.source = cell.source.replace(f"](../{file})", f"](../{name})")
        elif "segkit" in cell.metadata:  # a source cell: its name says what it shows
            prompt(cell, "show segkit's source")
        elif "exercise-check" in cell.metadata.get("tags", []):
            fold(cell, "show the check")
        elif lines := lines_of(cell.source):
            if all(isinstance(line, ast.Import | ast.ImportFrom) for line in lines):
                fold(cell, "show the imports")
            elif (
                all(map(draws, lines))
                and isinstance(lines[-1], ast.Expr)
                or ast.unparse(lines[0]).partition(" = ")[2].startswith("plt.subplots")
            ):
                fold(cell, "show the drawing")
            elif "hide-input" in cell.metadata.get("tags", []):
                fold(cell, "show the drawing")
            cell.source = with_short_descriptions(cell.source)
        if cell.cell_type == "code":
            cell.source = comments_above(cell.source)
            for output in cell.outputs:  # the first screen says how long the lesson takes
                if "text" in output:
                    output.text = re.sub(rf"^({path.stem} · .*) · \d+ s$", r"\1", output.text, flags=re.M)
    return notebook


def lines_of(source):
    try:
        return ast.parse(source).body
    except SyntaxError:  # a magic command
        return []


def draws(line):
    """Whether this line calls one of the functions of segkit.show, or only prepares it: a `def draw…`, a list of letters."""
    if isinstance(line, ast.FunctionDef):
        return line.name.startswith("draw")
    if isinstance(line, ast.Assign):
        return is_literal(line.value)
    return isinstance(line, ast.Expr) and ast.unparse(line).startswith("show.")


def is_literal(value):
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


def with_short_descriptions(source):
    """The code without the figures' descriptions: the figures themselves carry them."""
    parts, lines = source.encode().splitlines(keepends=True), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "alt":
            lines.append(node.value)
    for value in sorted(lines, key=lambda value: (value.lineno, value.col_offset), reverse=True):
        if isinstance(value, ast.Constant | ast.JoinedStr) and value.lineno == value.end_lineno:
            line = parts[value.lineno - 1]
            parts[value.lineno - 1] = line[: value.col_offset] + '"…"'.encode() + line[value.end_col_offset :]
    return b"".join(parts).decode()


def fold(cell, words):
    cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "hide-input"})
    prompt(cell, words)


def prompt(cell, words):
    cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": "hide it"}


def question_and_check(cell):
    """The cell of an exercise in two: what is given and where the answer goes, and the check, which tells much."""
    given, answer, check = cell.source.partition("\nanswer")
    if "exercise-check" not in cell.metadata.get("tags", []) or not answer:
        return [cell]
    question = nbformat.v4.new_code_cell(given.rstrip(), execution_count=cell.execution_count)
    question.id = f"{cell.id[:50]}-question"  # the same at each build, so that a page that did not change is not made again
    cell.source = answer.lstrip() + check
    return [question, cell]


def comments_above(code):
    """A comment behind a line that is too long for a page goes above it: where the line is broken, it would stay at its end."""
    lines = code.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):  # a command of Jupyter's in it
        return code
    for token in reversed(tokens):
        row, column = token.start[0] - 1, token.start[1]
        if token.type == tokenize.COMMENT and len(lines[row]) > COLUMNS and lines[row][:column].strip():
            line, comment = lines[row][:column].rstrip(), token.string
            if not comment.startswith("# fmt:"):
                lines[row : row + 1] = [line[: len(line) - len(line.lstrip())] + comment, line]
    return "\n".join(lines)


def narrow(notebook):
    """Lines of code as wide as a page: broken where Python breaks them, so that none is cut off or goes on at the margin."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--line-length",
        str(COLUMNS),
        "--stdin-filename",
        "lesson.ipynb",
        "-",
    ]
    return subprocess.run(
        command, input=notebook, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


def glossary():
    text = (SITE / "glossary.md").read_text(encoding="utf-8").partition("```{glossary}")[2]
    return {line for line in text.splitlines() if line and not line.startswith((" ", "```"))}


def with_links(text, waiting):
    """Each term that waits becomes a link and waits no longer; code, formulas, links, tables and lists stay as they are."""
    names = "|".join(map(re.escape, sorted(waiting, key=len, reverse=True)))
    term = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])")

    def link(found):
        if found[0] not in waiting:
            return found[0]
        waiting.remove(found[0])
        return f"{{term}}`{found[0]}`"

    lines, code = text.split("\n"), False
    for number, line in enumerate(lines):
        code ^= line.startswith("```")
        if waiting and not code and not line.startswith(("#", "|", "-", "<", "```")):
            parts = re.split(r"(`[^`]*`|\$\$[^$]*\$\$|\$[^$]*\$|\[[^\]]*\]\([^)]*\)|<[^>]*>)", line)
            parts[::2] = [term.sub(link, part) for part in parts[::2]]
            lines[number] = "".join(parts)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--without-solutions", action="store_true")
    options = parser.parse_args()
    notebooks = [(path, read(path)) for path in paths()]
    if options.without_solutions:
        notebooks = [(path, without_solutions(one)) for path, one in notebooks]
    made = build([(path, one, stored_result(one)) for path, one in notebooks], options.folder)
    print(f"open {made}")


if __name__ == "__main__":
    main()
