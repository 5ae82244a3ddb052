"""The pages of the site that are made and not written: front page, scoreboard, plan for a class, references, segkit's pieces."""

import ast
import json
import re
import tomllib

from readme_pictures import card
from sync import first_screen

from notebooks import ROOT, lessons, number_of
from segkit import scoreboard

SITE = ROOT / "website"
BESIDE = {
    "measurements.md": "benchmarks/README.md",
    "data.md": "data/README.md",
}  # page: file of the repository
EXERCISE = re.compile(  # its name, its task, and what its solution says
    r"^\*\*(\d · [^*]+)\*\*(.*?)<details><summary>Solution</summary>(.*?)</details>", re.M | re.S
)
LINK_TO_KEY = "The [marking key](key.md) says for each exercise what a full reason names. "
ROOMS = ("datasets", "layers", "losses", "metrics", "models", "callbacks", "backbones", "show")


def front_page(outcomes):
    opening = with_address((SITE / "opening.txt").read_text(encoding="utf-8"))
    coming = [facts["title"] for stem, facts in lessons().items() if stem not in stems_of(outcomes)]
    trees = [
        (part, [f"{shown(stem)} · {title(stem)} <lessons/{stem}>" for stem in stems])
        for part, stems in parts(outcomes).items()
    ]
    return (
        f"{opening}\n\n{ladder(outcomes)}\n\n"
        + (f"In preparation: {', '.join(coming)}.\n\n" if coming else "")
        + f"## The scoreboard\n\n{about_the_scoreboard()}\n\nAll numbers: [the scoreboard](scoreboard.md).\n\n"
        + toctree("Start", ["start", "play", "instructors"])
        + "".join(toctree(*tree) for tree in trees)
        + toctree(
            "Beside the lessons",
            ["scoreboard", "measurements", "data", "glossary", "references", "segkit"],
        )
    )


def with_address(text):
    """How to get the course: by its public address, where it has one."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["course"]
    repository = settings["repository"]
    get = (
        f"git clone https://github.com/{repository} course && cd course"
        if repository
        else "cd course        # the folder that you were given, or cloned"
    )
    return text.replace("GET_THE_COURSE", get)


def without_links(text):
    """A page of the repository for the site, which has not the files that lie beside it."""
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"`\1`", text)


def toctree(caption, pages):
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n\n"


def stems_of(outcomes):
    return [path.stem for path, _, _ in outcomes]


def shown(stem):
    """07b_dense_crf → 7b, as headings and texts have it."""
    return number_of(stem).lstrip("0") or "0"


def title(stem):
    return lessons().get(stem, {"title": stem})["title"]


def parts(outcomes):
    """{name of a part: its lessons}, in reading order; a lab of one's own stands by itself."""
    found, known = {}, lessons()
    for stem in stems_of(outcomes):
        found.setdefault(known[stem]["part"] if stem in known else "Labs", []).append(stem)
    return found


def ladder(outcomes):
    """The lessons as cards, part by part."""
    known, made = lessons(), {path.stem: (notebook, result) for path, notebook, result in outcomes}
    text = []
    for part, stems in parts(outcomes).items():
        cards = []
        for stem in stems:
            notebook, result = made[stem]
            about = known.get(stem, {"title": stem, "after": "a lab"})
            picture = f":img-top: pictures/{stem}.jpg\n:img-alt: from lesson {shown(stem)}\n" * (
                card(notebook) is not None
            )
            after = about["after"][0].upper() + about["after"][1:]
            cards.append(
                f"::::{{grid-item-card}} {shown(stem)} · {about['title']}\n:link: lessons/{stem}\n:link-type: doc\n"
                f":class-card: lesson-card\n{picture}\n{after}.\n\n:::{{card-footer}}\nWhole notebook: {minutes(notebook)}\n\n{result}\n:::\n::::"
            )
        text.append(
            f"### {part}\n\n:::::{{grid}} 1 2 2 {2 if len(stems) % 3 else 3}\n:gutter: 3\n\n"
            + "\n\n".join(cards)
            + "\n\n:::::"
        )
    return "\n\n".join(text)


def minutes(notebook):
    return first_screen(notebook).split(" on ")[0].strip("*").replace("minutes**", "minutes").strip("* ")


def about_the_scoreboard():
    count = sum("CRF" not in row["name"] for row in scoreboard.rows())
    return (
        f"{count} networks (one also with a dense CRF behind it), each trained alike on the same 700 drawn pictures (ten passes, crops of 96 pixels), and tested once on 200 others. "
        "Pictures and training are the same; the network differs, and its start: pretrained, or random numbers. (Lessons train differently, and so measure other numbers. *Strides*, in the table: from the finest map that reaches the answer to the deepest.) "
        "[Lesson 14b](lessons/14b_objects.ipynb) says what decides the order.\n\n"
        "```{image} pictures/scoreboard.png\n:alt: Quality against cost, and the IoU of each class, of every architecture\n:class: wide\n```"
    )


TAUGHT = {  # how names of the scoreboard's rows begin: the lesson that teaches them; the first that fits
    "DeepLab v3+ and dense CRF": "07b_dense_crf",
    "DeepLab": "07_deeplab",
    "FCN": "02_fcn",
    "hypercolumns": "02_fcn",
    "SegNet": "03_segnet",
    "DeconvNet": "03_segnet",
    "original U-Net": "05_unet_cells",
    "U-Net": "04_unet_pets",
    "light U-Net": "04_unet_pets",
    "FPN": "06_pyramids",
    "PSPNet": "06_pyramids",
    "Mask R-CNN": "08_mask_rcnn",
}


def scoreboard_page():
    """What the numbers say, the picture, and the tables, each network with a link to its lesson."""
    mean = {row["name"]: row["mean_iou"] for row in scoreboard.rows()}
    findings = (
        f"- **Fine maps win.** With maps of stride 2 or finer the light U-Net reaches {mean['light U-Net']:.2f} and the U-Net {mean['U-Net']:.2f}; from stride 4 FPN {mean['FPN']:.2f}, close behind, and DeepLab v3+ {mean['DeepLab v3+']:.2f}; from stride 8 FCN-8s {mean['FCN-8s']:.2f}, from stride 32 alone FCN-32s {mean['FCN-32s']:.2f}.\n"
        f"- **Without a pretrained encoder a third is lost.** Ours has seen ImageNet and then 20,000 drawn scenes, without masks; from random numbers the light U-Net ends at {mean['light U-Net, random encoder']:.2f}.\n"
        f"- **Newer is not better.** On such small pictures DeepLab v3 of 2017 ({mean['DeepLab v3']:.2f}) lies behind FCN-8s of 2014, whose map is finer, and behind FCN-16s ({mean['FCN-16s']:.2f}), whose map is not: stride is not all.\n"
        "- **A dense CRF wipes out the border**, a class three pixels thin. For two labels, animal and background, it makes outlines sharper ([lesson 7b](lessons/07b_dense_crf.ipynb)).\n"
        "- **On photographs** (folded table, one seed) the top stays: FPN, the U-Nets, FCN-8s. Random starts fall, SegNet loses its border, and DeepLab v3+ needs more steps than ten passes over 393 photographs: trained longer it reaches 0.66 ([lesson 7](lessons/07_deeplab.ipynb)).\n\n"
        "On drawn pictures SegNet, whose only map has stride 32, still draws borders: it knows the places of its maxima. "
        "Pretrained encoders are frozen before stride 8, which makes their steps cheaper. Speeds differ by up to a third from run to run."
    )

    def link(found):
        stem = next((stem for start, stem in TAUGHT.items() if found[1].startswith(start)), None)
        return f"| [{found[1]}](lessons/{stem}.ipynb) |" if stem else found[0]

    tables = re.sub(r"^\| ([^|]+?) \|", link, scoreboard.table(), flags=re.M)
    return f"# The scoreboard\n\n{about_the_scoreboard()}\n\n{findings}\n\n{tables}\n"


def plan(outcomes):
    """A line a lesson for those who teach: what it builds on, how long it runs, how many exercises it has."""
    lines = ["| lesson | builds on | runs, minutes | exercises | after it one can |", "|---|---|---|---|---|"]
    for path, notebook, _ in outcomes:
        if about := lessons().get(path.stem):
            exercises = sum("exercise-check" in cell.metadata.get("tags", []) for cell in notebook.cells)
            needs = ", ".join(map(shown, about["needs"]))
            lines.append(
                f"| [{shown(path.stem)} · {about['title']}](lessons/{path.stem}.ipynb) | {needs} | "
                f"{minutes(notebook).removesuffix(' minutes')} | {exercises} | {about['after']} |"
            )
    return "\n".join(lines)


def marking_key(outcomes):
    """Question, answer and what a full reason names, exercise by exercise, as the lessons say it; None where there are no solutions."""
    parts = []
    for path, notebook, _ in outcomes:
        prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        if found := EXERCISE.findall(prose):
            lines = [
                f"**{name}** {beside_lessons(task)}\n\n> {reason_of(solution)}"
                for name, task, solution in found
            ]
            heading = f"## [{shown(path.stem)} · {title(path.stem)}](lessons/{path.stem}.ipynb)"
            parts += [heading, *lines]
    about = (
        "Each exercise, its answer where it is short, and the cause that a full reason names; the student adds a number or a figure of the lesson that shows it. "
        "Another cause may be as good. Where several are asked, each has an equal share. [How points are given](instructors.md)."
    )
    return "\n\n".join(["---\norphan: true\n---\n\n# Marking key", about, *parts]) + "\n" if parts else None


def reason_of(solution):
    """The answer, if it is one line, and the words behind it; where there are none, what the code says of itself."""
    code, words = re.fullmatch(r"\s*```python\n(.*?)```(.*)", solution, re.S).groups()
    answer = f"`{code.partition('  #')[0].strip()}` " if code.count("\n") == 1 else ""
    return answer + (beside_lessons(words) or " ".join(re.findall(r"# (.*)", code)).capitalize() + ".")


def beside_lessons(text):
    """One paragraph, its links as they are from a page beside the lessons' folder."""
    return re.sub(r"\]\((\w+\.ipynb)", r"](lessons/\1", " ".join(text.split()))


def with_lesson_links(text, outcomes):
    """*Lesson 07* leads to the lesson."""
    stems = {number_of(stem): stem for stem in stems_of(outcomes)}

    def link(found):
        number = found[1]
        return f"[{shown(number)}](lessons/{stems[number]}.ipynb)" if number in stems else shown(number)

    def links(found):
        return re.sub(r"\b(\d\d[a-z]?)\b", link, found[0])

    return re.sub(r"\b[Ll]essons? \d\d[a-z]?(?:(?:, | and )\d\d[a-z]?)*", links, text)


def play_page(scripts):
    """The trained network to play with; where its runtime could not be had, the page says how to have it."""
    head = "# A network to play with\n\n"
    if scripts is None:
        return f"{head}This copy of the course was built without npm or without a network, and so without ONNX Runtime. Build it again with both.\n"
    body = (SITE / "play.html").read_text(encoding="utf-8")
    loaded = "".join(f'<script src="_static/playground/{file.name}"></script>\n' for file in scripts)
    return (
        f"{head}The light U-Net of [lesson 4](lessons/04_unet_pets.ipynb) runs in this page: nothing is sent anywhere. "
        "It has learned from drawn scenes and from 393 photographs of cats and dogs ([Oxford-IIIT Pet](https://www.robots.ox.ac.uk/~vgg/data/pets/)), of 128 px. "
        "The last picture is a photograph that it has never seen. In the first picture, compare with the true mask: where does it err, and what has misled it? Then try one of a cat, a dog, a horse, a chair: what does it know, and what not?\n\n"
        f'```{{raw}} html\n{body}{loaded}<script src="_static/play.js"></script>\n```\n'
    )


def references(outcomes):
    """The works of website/bibliography.json, each with the lessons that name it: by its arXiv number, or by its title's first words."""
    texts = {path.stem: "\n".join(cell.source for cell in notebook.cells) for path, notebook, _ in outcomes}
    lines = []
    for work in bibliography():
        stems = [stem for stem, text in texts.items() if named(work).lower() in text.lower()]
        links = ", ".join(f"[{shown(stem)}](lessons/{stem}.ipynb)" for stem in stems)
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
    parts = ["# segkit, piece by piece\n\nWhat the lessons import, module by module."]
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
                    parts.append(f"### {piece.name}\n\n```python\n{call_of(piece)}\n```\n\n{text}")
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
        if made:
            arguments = ast.unparse(made.args).removeprefix("self").removeprefix(", ")
        else:  # a data class is called with its fields
            fields = [one for one in piece.body if isinstance(one, ast.AnnAssign)]
            arguments = ", ".join(
                one.target.id + (f"={ast.unparse(one.value)}" if one.value else "") for one in fields
            )
    else:
        arguments = ast.unparse(piece.args)
    return f"{piece.name}({arguments})"
