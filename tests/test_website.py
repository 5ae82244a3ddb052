"""The site of the course: made once from the stored lessons, then read as a browser without a network reads it."""

import base64
import functools
import html
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
import zipfile

import nbformat
import numpy as np
import PIL.Image
import pytest

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """In a process of its own: Sphinx and TensorFlow need not share one."""
    folder = tmp_path_factory.mktemp("course")
    command = [
        sys.executable,
        str(ROOT / "tools" / "website.py"),
        folder.name,
    ]  # relative, as `make course` does
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder.parent)
    assert done.returncode == 0, done.stderr[-3000:]
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    assert not [line for line in warnings if "absl" not in line], warnings
    return folder / "site"


def tags_of(page):
    return parsed(page.read_text(encoding="utf-8"))


def parsed(text):
    found = []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, words: found.append((tag, dict(words)))
    reader.feed(text)
    return found


def lesson_pages(site):
    return [site / "lessons" / f"{path.stem}.html" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def test_every_lesson_has_its_page_and_its_card(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    for page in lesson_pages(site):
        assert page.is_file() and f'href="lessons/{page.name}"' in front


def test_the_file_behind_a_lessons_links_is_the_lesson_itself(site):
    """And not what Sphinx was given, with its own marks."""
    for page in lesson_pages(site):
        file = site / "_sources" / "lessons" / f"{page.stem}.ipynb"
        given = nbformat.read(file, as_version=4)
        lesson = nbformat.read(ROOT / "notebooks" / file.name, as_version=4)
        assert [cell.source for cell in given.cells] == [cell.source for cell in lesson.cells]
        text = page.read_text(encoding="utf-8")
        assert f'href="../_sources/lessons/{file.name}"' in text and "minutes -->" not in text
        to_hand_in = site / "_sources" / "handouts" / file.name
        assert f'href="../_sources/handouts/{file.name}"' in text and to_hand_in.is_file()
        assert "Solution" not in to_hand_in.read_text(encoding="utf-8")


def test_the_front_page_leads_to_reading_running_playing_and_teaching(site):
    front = (site / "index.html").read_text(encoding="utf-8").partition("<article")[2]
    for page in ("lessons/00_start_here", "start", "play", "instructors", "scoreboard"):
        assert f'href="{page}.html"' in front, page
    assert "\nmake lab\n" in re.sub("<[^>]*>", "", (site / "start.html").read_text(encoding="utf-8"))
    table = (site / "instructors.html").read_text(encoding="utf-8")
    assert all(f'href="lessons/{page.name}"' in table for page in lesson_pages(site))
    assert 'href="lessons/07_deeplab.html"' in (site / "glossary.html").read_text(encoding="utf-8")


def test_a_public_address_is_where_a_reader_needs_it(monkeypatch):
    import made_pages

    assert made_pages.with_address("GET_THE_COURSE").startswith("cd course")
    monkeypatch.setattr(
        made_pages.tomllib, "loads", lambda text: {"tool": {"course": {"repository": "someone/course"}}}
    )
    assert "git clone https://github.com/someone/course" in made_pages.with_address("GET_THE_COURSE")


def test_all_pages_get_a_new_menu(site, tmp_path):
    """Pages whose own text did not change, too."""
    again = tmp_path / "build"
    shutil.copytree(site.parent, again)
    front = again / "source" / "index.md"  # as if the menu had been another
    front.write_text(front.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    command = [sys.executable, str(ROOT / "tools" / "website.py"), str(again)]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    for name in ("index.html", "segkit.html", "glossary.html"):
        assert (again / "site" / name).stat().st_mtime > (site / name).stat().st_mtime
    menus = [
        re.search(r'<nav class="bd-links.*?</nav>', page.read_text(encoding="utf-8"), re.S)[0]
        for page in (again / "site").glob("*.html")
    ]
    titles = [re.findall(r"\d+\w? · [^<]+", menu) for menu in menus]
    assert titles and all(len(one) >= 14 and one == titles[0] for one in titles)


def test_every_link_and_every_picture_is_there(site):
    """And none is asked of the network but links that a reader follows."""
    pages = {page.resolve(): tags_of(page) for page in [*site.glob("*.html"), *site.glob("lessons/*.html")]}
    places = {page: {words.get("id") for _, words in tags} for page, tags in pages.items()}
    for page, tags in pages.items():
        for tag, words in tags:
            address = words.get("src") or (words.get("href") if tag in ("a", "link") else None)
            if not address or address == "#" or address.startswith(("data:", "mailto:", "javascript:")):
                continue
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or address.startswith("//"):
                assert tag == "a", f"{page.name} asks the network for {address}"
                continue
            path = urllib.parse.unquote(parts.path)
            there = (page.parent / path).resolve() if path else page
            assert there.exists(), f"{page.name}: {address}"
            if parts.fragment and there in places:
                assert urllib.parse.unquote(parts.fragment) in places[there], f"{page.name}: {address}"


def test_the_marking_key_has_a_reason_for_each_exercise(site):
    text = (site.parent / "source" / "key.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\*\*\d · [^*]+\*\* .*\n\n> (.*)", text, re.M)
    checks = sum(
        "exercise-check" in cell.metadata.get("tags", [])
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    )
    assert len(reasons) == checks and all(len(reason.split()) >= 5 for reason in reasons)
    assert (site / "key.html").is_file()


def test_the_course_itself_lies_beside_its_pages(site):
    if not (ROOT / ".git").exists():
        pytest.skip("no repository: nothing to pack")
    (file,) = (site / "_downloads").rglob("course.zip")
    assert file.relative_to(site).as_posix() in (site / "start.html").read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as packed:
        assert {"course/Makefile", "course/notebooks/00_start_here.ipynb"} <= set(packed.namelist())


def test_a_site_for_a_class_has_no_solutions(site, tmp_path):
    again = tmp_path / "build"
    shutil.copytree(site.parent, again)  # with its network to play with, which takes long to pack
    command = [sys.executable, str(ROOT / "tools" / "website.py"), str(again), "--without-solutions"]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert not (again / "site" / "key.html").exists()
    assert not list(again.rglob("course.zip"))
    assert "key.html" not in (again / "site" / "instructors.html").read_text(encoding="utf-8")
    for page in lesson_pages(again / "site"):
        download = again / "site" / "_sources" / "lessons" / f"{page.stem}.ipynb"
        for file in (page, download):
            text = file.read_text(encoding="utf-8")
            assert "exercise" in text.lower() and "<summary>Solution" not in text, file


def test_every_figure_of_a_lesson_is_described_as_in_the_notebook(site):
    for page in lesson_pages(site):
        notebook = nbformat.read(ROOT / "notebooks" / f"{page.stem}.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        figures = [one for one in outputs if any(kind.startswith("image/") for kind in one.get("data", {}))]
        wanted = [" ".join((one.metadata.get("alt") or one.data["text/plain"]).split()) for one in figures]
        shown = [
            " ".join(words["alt"].split())
            for tag, words in tags_of(page)
            if tag == "img" and "_images" in words["src"] and "opening" not in words.get("class", "")
        ]
        assert shown == wanted, page.name
        assert all(len(text) >= 20 for text in shown)


def test_the_bibliography_holds_what_lessons_name_and_nothing_else():
    import made_pages

    texts = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts.append("\n".join(cell.source for cell in cells))
        written = cells[-1].source if cells[-1].cell_type == "markdown" else cells[-2].source
        numbers = re.findall(r"(?<![\d.])\d{4}\.\d{4,5}(?!\d)", written.partition("## References")[2])
        missing = set(numbers) - {work.get("arxiv") for work in made_pages.bibliography()}
        assert not missing, f"{path.name} names arXiv {missing}: write them into website/bibliography.json"
    everything = "\n".join(texts).lower()
    idle = [
        work["title"]
        for work in made_pages.bibliography()
        if made_pages.named(work).lower() not in everything
    ]
    assert not idle, f"no lesson names {idle}"


def test_formulas_and_code_hold_no_links():
    import website

    line = "$$x = IoU$$ and $IoU$ and `IoU` [IoU](a.html)"
    assert website.with_links(line, {"IoU"}) == line
    assert website.with_links(f"{line} IoU, IoU", {"IoU"}) == f"{line} {{term}}`IoU`, IoU"


def test_terms_lead_to_the_glossary(site):
    for page in lesson_pages(site):
        found = re.findall(r'glossary\.html#term-[^"]+', page.read_text(encoding="utf-8"))
        assert found and len(found) == len(set(found)), page.name
    terms = {words.get("id") for _, words in tags_of(site / "glossary.html")}
    assert {one.partition("#")[2] for one in found} <= terms


def test_formulas_need_no_script(site):
    text = (site / "lessons" / "03_segnet.html").read_text(encoding="utf-8")
    assert "<math" in text and not re.search(r"<script[^>]*mathjax", text, re.I)


def test_code_that_only_draws_and_solutions_are_folded(site):
    text = (site / "lessons" / "14_metrics.html").read_text(encoding="utf-8")
    assert text.count("<summary>Solution</summary>") == 3
    assert re.search(r"class=\"[^\"]*tag_hide-input", text) and "<details" in text


def test_a_piece_leads_to_its_lesson_and_a_work_to_those_that_name_it(site):
    assert 'href="lessons/03_segnet.html"' in (site / "segkit.html").read_text(encoding="utf-8")
    assert 'href="lessons/04_unet_pets.html"' in (site / "references.html").read_text(encoding="utf-8")


def dom(page, *options):
    """What a browser without a network makes of a page, and what it complains of."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    command += ["--virtual-time-budget=6000", "--enable-logging=stderr", "--dump-dom", *options, page]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line and "[PST]" not in line]
    return done.stdout, complaints


needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no chromium on this machine: apt install chromium"
)


@needs_browser
def test_pages_open_in_a_browser_without_a_complaint(site):
    for page in [site / "index.html", *lesson_pages(site), site / "segkit.html", site / "glossary.html"]:
        text, complaints = dom(page.as_uri())
        assert "</html>" in text and not complaints, (page.name, complaints)


@needs_browser
def test_the_search_finds_a_word(site):
    text, complaints = dom((site / "search.html").as_uri() + "?q=checkerboard")
    assert not complaints
    assert "lessons/01_upsampling.html" in text.partition('id="search-results"')[2]


def test_the_check_of_an_exercise_is_folded_and_its_question_is_not(site):
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        page = (site / "lessons" / f"{path.stem}.html").read_text(encoding="utf-8")
        shown = re.sub(r'<details class="[^"]*hide above-input">.*?</details>', "", page, flags=re.S)
        exercises = sum(
            "exercise-check" in cell.metadata.get("tags", [])
            for cell in nbformat.read(path, as_version=4).cells
        )
        assert page.count("show the check") == exercises == shown.count("# your answer here"), path.name
        assert "globals" not in shown


def test_a_comment_does_not_stay_behind_a_broken_line():
    from website import COLUMNS, comments_above

    long = "    maps = grown(" + "x, " * COLUMNS + ")"
    assert comments_above(f"if True:\n{long}  # why") == f"if True:\n    # why\n{long}"
    for code in (
        "short = 1  # why",
        f'{long.strip()}\ntext = "# no comment"',
        f"x = ({long})  # fmt: skip",
        "!ls (",
    ):
        assert comments_above(code) == code


@needs_browser
def test_the_network_in_the_page_answers_as_keras_does(site):
    import playground

    from segkit.metrics import iou_per_class

    if not list((site / "_static" / "playground").glob("onnxruntime*.js")):
        pytest.skip("built without npm or without a network: no ONNX Runtime for the page")
    text, complaints = dom((site / "play.html").as_uri(), "--virtual-time-budget=90000")
    assert not complaints
    mask = next(words for tag, words in parsed(text) if tag == "img" and words.get("data-part") == "mask")
    png = base64.b64decode(mask["src"].partition(",")[2])
    painted = np.asarray(PIL.Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    colors = np.array([one["color"] for one in playground.classes()])
    labels = abs(painted[:, :, None] - colors).sum(axis=-1).argmin(axis=-1)
    scene = playground.drawn_scenes()[0]
    answer = playground.trained()(scene["image"][None].astype("float32"))
    expected = np.asarray(answer)[0].argmax(axis=-1)
    assert len(np.unique(expected)) == 3 and np.mean(labels == expected) >= 0.99
    said = dict(re.findall(r"(pet|background|border) (\d\.\d\d) ", text))
    scores = iou_per_class(scene["segmentation_mask"] - 1, labels, 3)
    np.testing.assert_allclose([float(said[one["name"]]) for one in playground.classes()], scores, atol=0.006)
    (packed,) = (site / "_static" / "playground").glob("model_*.js")
    assert len(packed.read_text()) * 3 / 4 < 4e6  # what travels, unwrapped from base64


def test_without_npm_the_page_says_how_to_have_the_network(tmp_path, monkeypatch):
    import made_pages
    import playground

    monkeypatch.setenv("PATH", str(tmp_path))
    assert playground.make(tmp_path / "playground") is None
    assert "npm" in made_pages.play_page(None)


def found_in(page, script, *options):
    """What a script finds in a page, as a browser shows it: the script fills `found`."""
    copy = page.with_name(f"with_script_{page.name}")
    waiting = f"<pre id='found'></pre><script>addEventListener('load', async () => {{ let found; {script}; document.getElementById('found').textContent = JSON.stringify(found); }});</script>"
    copy.write_text(
        page.read_text(encoding="utf-8").replace("</body>", f"{waiting}</body>"), encoding="utf-8"
    )
    try:
        text, _ = dom(copy.as_uri(), "--virtual-time-budget=60000", *options)
    finally:
        copy.unlink()
    return json.loads(html.unescape(re.search(r'<pre id="found"[^>]*>(.*?)</pre>', text, re.S)[1]))


def has_a_font_for_formulas():
    return (
        shutil.which("fc-list")
        and "Math" in subprocess.run(["fc-list"], capture_output=True, text=True).stdout
    )


@needs_browser
@pytest.mark.skipif(not has_a_font_for_formulas(), reason="no such font: apt install fonts-dejavu-extra")
def test_subscripts_stand_below_the_line(site):
    script = (
        "const pairs = [...document.querySelectorAll('math[display=block] msub')].map((pair) => pair.children); "
        "const boxes = pairs.map((pair) => [...pair].map((part) => part.getBoundingClientRect())); "
        "found = Math.min(...boxes.map(([base, below]) => (below.bottom - base.bottom) / base.height))"
    )
    assert found_in(site / "lessons" / "08_mask_rcnn.html", script) > 0.1


@functools.cache
def axe(folder):
    """The checker of accessibility, by its package's name."""
    done = subprocess.run(["npm", "pack", "axe-core@4.11.0"], cwd=folder, capture_output=True, timeout=120)
    if done.returncode:
        pytest.skip("axe-core cannot be had: no network")
    with tarfile.open(next(folder.glob("axe-core*.tgz"))) as package:
        return package.extractfile("package/axe.min.js").read().decode()


PAGES = (
    "index",
    "lessons/04_unet_pets",
    "lessons/14b_objects",
    "glossary",
    "play",
    "instructors",
    "scoreboard",
)


@needs_browser
@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on this machine")
@pytest.mark.parametrize("name", PAGES)
def test_contrast_texts_and_keyboard_pass_axe(site, tmp_path_factory, name):
    checker = axe(tmp_path_factory.getbasetemp())
    (site / "axe.js").write_text(checker, encoding="utf-8")
    script = (
        "await new Promise((go) => { const s = document.createElement('script'); s.onload = go; "
        f"s.src = '{'../' * name.count('/')}axe.js'; document.body.append(s); }}); "
        "const seen = await axe.run(document.querySelector('article'), {runOnly: ['wcag2a', 'wcag2aa']}); "
        "found = seen.violations.map((one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200)])"
    )
    assert found_in(site / f"{name}.html", script) == []


@needs_browser
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(site, name):
    script = "found = [document.documentElement.scrollWidth, innerWidth]"
    width, screen = found_in(site / f"{name}.html", script, "--window-size=500,900")
    assert width <= screen


def test_what_did_not_change_is_not_made_again(site):
    pages = {page: page.stat().st_mtime for page in lesson_pages(site)}
    source = site.parent / "source" / "glossary.md"
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")  # put back by the next run
    command = [sys.executable, str(ROOT / "tools" / "website.py"), str(site.parent)]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert {page: page.stat().st_mtime for page in pages} == pages
