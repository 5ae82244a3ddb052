"""How Sphinx makes the course's site from executed lessons; tools/website.py lays out the pages and calls it."""

import sys
import tomllib
from pathlib import Path

from docutils import nodes
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "website")]
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["course"]["repository"]

project = "Image segmentation, lesson by lesson"
author = "the segkit authors"
language = "en"
extensions = ["myst_nb", "sphinx_design", "mathml"]
nb_execution_mode = "off"  # they come executed
nb_ipywidgets_js = {}  # sliders have their settings side by side; nothing is fetched
nb_merge_streams = True
nb_output_stderr = "remove"
myst_enable_extensions = ["attrs_block", "dollarmath", "colon_fence", "html_image"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "myst.xref_missing", "misc.highlighting_failure"]
html_math_renderer = "mathml"
html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = [("enlarge.js", {"defer": "defer"})]
html_copy_source = True
html_show_search_summary = False  # it would fetch pages, which a browser refuses where there is no server
html_show_sourcelink = False
html_context = {
    "default_mode": "auto",
    "made_by": Path(__file__).read_text(),
}  # changed, it makes all pages anew
html_theme_options = {
    "navbar_persistent": [],  # the search field stands above the lessons
    "use_download_button": True,
    "extra_footer": "Code and text: Apache License 2.0.",
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if REPOSITORY:
    html_theme_options |= {
        "repository_url": f"https://github.com/{REPOSITORY}",
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    }


def describe_figures(app, doctree, docname):
    """Each figure's own description, in the order of the notebook's outputs: it is what a screen reader reads.

    It is as wide as its notebook shows it, though it may have more dots. A broad one may be moved sideways on a phone.
    """
    source = Path(app.srcdir) / f"{docname}.ipynb"
    if not source.is_file():
        return
    import nbformat

    described = []
    for cell in nbformat.read(source, as_version=4).cells:
        for output in cell.get("outputs", []):
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    text = output.metadata.get("alt") or output.data.get("text/plain", "")
                    described.append((text, output.metadata.get(kind, {}).get("width")))
    figures = [image for image in doctree.findall(nodes.image) if "jupyter_execute" in image["uri"]]
    for image, (text, shown) in zip(figures, described, strict=True):
        image["alt"] = text
        file = Path(app.outdir).parent / "jupyter_execute" / Path(image["uri"]).name
        width, height = Image.open(file).size
        image["width"] = f"{shown or width}px"
        image["classes"] += ["broad"] * (width > 1.5 * height)


def setup(app):
    app.connect("doctree-resolved", describe_figures)
