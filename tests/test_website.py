"""The site of the course: made once from the stored lessons, then read as a browser without a network reads it."""

import html.parser
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import nbformat
import pytest

from .conftest import ROOT

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """In a process of its own: Sphinx and TensorFlow need not share one."""
    folder = tmp_path_factory.mktemp("course")
    command = [sys.executable, str(ROOT / "tools" / "website.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-3000:]
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    assert not [line for line in warnings if "absl" not in line], warnings
    return folder / "site"


def tags_of(page):
    found = []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, words: found.append((tag, dict(words)))
    reader.feed(page.read_text(encoding="utf-8"))
    return found


def lesson_pages(site):
    return [site / "lessons" / f"{path.stem}.html" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def test_every_lesson_has_its_page_and_its_card(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    for page in lesson_pages(site):
        assert page.is_file() and f'href="lessons/{page.name}"' in front


def test_every_link_and_every_picture_is_there(site):
    """And none is asked of the network but links that a reader follows."""
    for page in [*site.glob("*.html"), *site.glob("lessons/*.html")]:
        for tag, words in tags_of(page):
            address = words.get("src") or (words.get("href") if tag in ("a", "link") else None)
            if not address or address.startswith(("#", "data:", "mailto:", "javascript:")):
                continue
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or address.startswith("//"):
                assert tag == "a", f"{page.name} asks the network for {address}"
                continue
            path = urllib.parse.unquote(parts.path)
            assert (page.parent / path).exists() or not path, f"{page.name}: {address}"


def test_every_figure_of_a_lesson_is_described_as_in_the_notebook(site):
    for page in lesson_pages(site):
        notebook = nbformat.read(ROOT / "notebooks" / f"{page.stem}.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        figures = [one for one in outputs if any(kind.startswith("image/") for kind in one.get("data", {}))]
        wanted = [" ".join((one.metadata.get("alt") or one.data["text/plain"]).split()) for one in figures]
        shown = [
            " ".join(words["alt"].split())
            for tag, words in tags_of(page)
            if tag == "img" and "_images" in words["src"]
        ]
        assert shown == wanted, page.name
        assert all(len(text) >= 20 for text in shown)


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


def test_what_did_not_change_is_not_made_again(site):
    pages = {page: page.stat().st_mtime for page in lesson_pages(site)}
    source = site.parent / "source" / "glossary.md"
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")  # put back by the next run
    command = [sys.executable, str(ROOT / "tools" / "website.py"), str(site.parent)]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert {page: page.stat().st_mtime for page in pages} == pages
