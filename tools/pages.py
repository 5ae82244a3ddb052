"""Executed lessons as HTML that works offline: pictures inside, alt text in place, nothing from elsewhere."""

import html
import re

from nbconvert import HTMLExporter

from notebooks import ROOT, lessons

NO_ALT = re.compile(r'alt="No description has been provided for this image"')


def write_page(notebook, path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    exporter = HTMLExporter(
        template_name="lab", mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url=""
    )
    text, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title(notebook)}})
    # The template ignores the descriptions that the figures carry, and asks the network for script libraries.
    alts = iter(
        [
            html.escape(output.metadata.get("alt") or output.data.get("text/plain", ""), quote=True)
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {}) or "image/jpeg" in output.get("data", {})
        ]
    )
    text = NO_ALT.sub(lambda found: f'alt="{next(alts)}"', text)
    text = re.sub(r'<script[^>]*src="[^"]*"[^>]*>\s*</script>', "", text)
    text = re.sub(r'<script type="module">.*?</script>', "", text, flags=re.S)
    text = re.sub(r'href="(?:\./)?(\d\d_\w+)\.ipynb"', r'href="\1.html"', text)
    (folder / f"{path.stem}.html").write_text(text, encoding="utf-8")


def title(notebook):
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def write_index(rows, folder):
    folder.mkdir(parents=True, exist_ok=True)
    facts = lessons()
    items = "".join(
        f'<li><a href="{path.stem}.html">{path.stem[:2]} · {html.escape(facts.get(path.stem, {}).get("title", path.stem))}</a>'
        f"<p>{html.escape(result)} · {seconds:.0f} s</p></li>"
        for path, seconds, result in rows
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>The segmentation course</title><style>body{font:18px/1.5 system-ui;max-width:40em;margin:3em auto;padding:0 1em}"
        "li{margin:1em 0}p{margin:0;color:#555}</style><h1>The segmentation course</h1>"
        f"<p>Executed copies of the lessons; {len(rows)} of them.</p><ol style='list-style:none;padding:0'>{items}</ol></html>"
    )
    index = folder / "index.html"
    index.write_text(page, encoding="utf-8")
    return index.relative_to(ROOT) if index.is_relative_to(ROOT) else index
