"""The course as a site: executed lessons, a front page with the ladder, a glossary, references, segkit's functions.

python tools/website.py [FOLDER]    from the lessons as they are stored; FOLDER is build where none is named

Open FOLDER/site/index.html: it needs no server and no network.
"""

import ast
import json
import pathlib
import re
import shutil
import sys

import nbformat
import playground
from sync import first_screen, stored_result

from notebooks import ROOT, lessons, paths, read
from segkit import scoreboard

SITE = ROOT / "website"
ROOMS = ("datasets", "layers", "losses", "metrics", "models", "callbacks", "backbones", "show")


def build(outcomes, folder):
    """Lay out the pages of (path, notebook, what came of it) and let Sphinx make them; returns the front page."""
    from sphinx.cmd.build import build_main

    folder = folder.resolve()  # Sphinx would look for a relative one beside its configuration
    source = folder / "source"
    for path, notebook, _ in outcomes:
        put(source / "lessons" / path.name, nbformat.writes(prepared(notebook)))
    for picture in [*(ROOT / "docs").glob("*.jpg"), *(ROOT / "docs").glob("*.png")]:
        copy(picture, source / "pictures" / picture.name)
    for page in SITE.glob("*.md"):
        put(source / page.name, page.read_text(encoding="utf-8"))
    put(source / "index.md", front_page(outcomes))
    put(source / "references.md", references(outcomes))
    put(source / "segkit.md", functions())
    for file in (SITE / "static").iterdir():
        copy(file, source / "static" / file.name)
    put(source / "play.md", play_page(playground.make(source / "static" / "playground")))
    html = folder / "site"
    options = ["-q", "-j", "2", "-b", "html", "-c", str(SITE), "-d", str(folder / "doctrees")]
    if build_main([*options, "-D", f"html_static_path={source / 'static'}", str(source), str(html)]):
        raise SystemExit("Sphinx could not make the site: its message stands above.")
    return html / "index.html"


def put(path, text):
    """Write a page only where it changed: what did not is not made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def copy(one, other):
    other.parent.mkdir(parents=True, exist_ok=True)
    if not other.is_file() or other.stat().st_mtime < one.stat().st_mtime:
        shutil.copy2(one, other)


def prepared(notebook):
    """A copy for the page: the marks of tools/sync.py are gone, and a term leads to the glossary where it first stands."""
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    terms = glossary()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_links(re.sub(r" *<!-- (?:minutes|colab) -->", "", cell.source), terms)
        elif "segkit" in cell.metadata:  # a source cell: its name says what it shows
            cell.metadata["mystnb"] = {
                "code_prompt_show": "show segkit's source",
                "code_prompt_hide": "hide it",
            }
    return notebook


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
            parts = re.split(r"(`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)|<[^>]*>)", line)
            parts[::2] = [term.sub(link, part) for part in parts[::2]]
            lines[number] = "".join(parts)
    return "\n".join(lines)


def front_page(outcomes):
    known, made = lessons(), {path.stem: result for path, _, result in outcomes}
    notebooks = {path.stem: notebook for path, notebook, _ in outcomes}
    cards = []
    for stem, about in known.items():
        if stem not in made:
            continue
        number = stem.split("_")[0]
        minutes = first_screen(notebooks[stem]).split(" on ")[0].strip("*").rstrip(".")
        picture = (
            f":img-top: pictures/{stem}.jpg\n:img-alt: a figure of lesson {number}\n"
            if (ROOT / "docs" / f"{stem}.jpg").is_file()
            else ""
        )
        cards.append(
            f":::{{grid-item-card}} {number} · {about['title']}\n:link: lessons/{stem}\n:link-type: doc\n:class-card: lesson-card\n{picture}\n"
            f"After it you can {about['after']}.\n\n*{minutes} · {made[stem]}*\n:::"
        )
    names = "\n".join(f"lessons/{stem}" for stem in known if stem in made)
    more = "\n".join(["play", *(page.stem for page in sorted(SITE.glob("*.md")))])
    opening = (SITE / "opening.txt").read_text(encoding="utf-8")
    return (
        f"{opening}\n\n## The ladder\n\n::::{{grid}} 1 2 2 3\n:gutter: 3\n\n"
        + "\n\n".join(cards)
        + "\n\n::::\n\n## The scoreboard\n\n"
        "```{image} pictures/scoreboard.png\n:alt: Quality against cost, and the IoU of each class, of every architecture\n```\n\n"
        f"Equal pictures, equal budget; [lesson 14b](lessons/14b_objects.ipynb) reads it.\n\n{scoreboard.table()}\n\n"
        f"```{{toctree}}\n:hidden:\n:caption: Lessons\n\n{names}\n```\n\n"
        f"```{{toctree}}\n:hidden:\n:caption: Beside them\n\n{more}\nreferences\nsegkit\n```\n"
    )


def play_page(scripts):
    """The trained network to play with; where its runtime could not be had, the page says how to have it."""
    head = "# A network to play with\n\n"
    if scripts is None:
        return f"{head}This copy of the course was built without npm or without a network, and so without ONNX Runtime. Build it again with both.\n"
    body = (SITE / "play.html").read_text(encoding="utf-8")
    loaded = "".join(f'<script src="_static/playground/{file.name}"></script>\n' for file in scripts)
    return (
        f"{head}The light U-Net of [lesson 4](lessons/04_unet_pets.ipynb), trained longer, runs in this page: nothing is sent anywhere. "
        "It knows drawn animals. What does it say of a photograph, and why?\n\n"
        f'```{{raw}} html\n{body}{loaded}<script src="_static/play.js"></script>\n```\n'
    )


def references(outcomes):
    """The works of website/bibliography.json, each with the lessons that name it: by its arXiv number, or by its title's first words."""
    texts = {path.stem: "\n".join(cell.source for cell in notebook.cells) for path, notebook, _ in outcomes}
    lines = []
    for work in bibliography():
        stems = [stem for stem, text in texts.items() if named(work).lower() in text.lower()]
        links = ", ".join(f"[{stem.split('_')[0]}](lessons/{stem}.ipynb)" for stem in stems)
        arxiv = work.get("arxiv")
        where = f"[arXiv {arxiv}](https://arxiv.org/abs/{arxiv})" if arxiv else work["where"]
        lines.append(
            f"- {work['authors']}: *{work['title']}*, {work['year']}, {where}"
            + (f" ({links})" if links else "")
        )
    return "# References\n\nThe works that the lessons name, and where.\n\n" + "\n".join(lines) + "\n"


def bibliography():
    return json.loads((SITE / "bibliography.json").read_text(encoding="utf-8"))


def named(work):
    """What a lesson writes where it names the work."""
    return work.get("arxiv") or work.get("named") or work["title"]


def functions():
    """Each public piece of segkit with its call and its text, read from the source; a piece that is taught leads to its lesson."""
    parts = ["# segkit, piece by piece\n\nWhat the lessons import, room by room."]
    for room in ROOMS:
        parts.append(f"## segkit.{room}")
        folder = ROOT / "segkit" / room
        files = sorted(folder.glob("**/*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
        public = names_of(folder / "__init__.py") if folder.is_dir() else None
        for file in files:
            for piece in ast.parse(file.read_text(encoding="utf-8")).body:
                text = isinstance(piece, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(piece)
                if text and (piece.name in public if public else not piece.name.startswith("_")):
                    text = re.sub(r"notebooks/(\w+)\.ipynb", r"[lesson \1](lessons/\1.ipynb)", text)
                    parts.append(f"### {piece.name}\n\n`{call_of(piece)}`\n\n{text}")
    return "\n\n".join(parts) + "\n"


def names_of(file):
    """What a room lets out: its `__all__`."""
    for line in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Assign) and line.targets[0].id == "__all__":
            return ast.literal_eval(line.value)


def call_of(piece):
    """How a function or class is called, as its source says."""
    if isinstance(piece, ast.ClassDef):
        made = next(
            (one for one in piece.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None
        )
        arguments = ast.unparse(made.args).removeprefix("self").removeprefix(", ") if made else ""
    else:
        arguments = ast.unparse(piece.args)
    return f"{piece.name}({arguments})"


def main():
    notebooks = [(path, read(path)) for path in paths()]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
    print(f"open {build([(path, one, stored_result(one)) for path, one in notebooks], folder)}")


if __name__ == "__main__":
    main()
