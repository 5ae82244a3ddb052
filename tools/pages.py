"""Executed lessons as HTML that works offline: pictures inside, alt text in place, nothing from elsewhere."""

import html
import re

from nbconvert import HTMLExporter

from notebooks import ROOT

# nbconvert's page, with each figure's own description: its template drops what the output's metadata say.
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- macro figure(output, kind) -%}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:{{ kind }};base64,{{ output.data[kind] | escape_html }}" alt="{{ description(output) | escape_html }}">
</div>
{%- endmacro -%}
{%- macro description(output) -%}
{{ output.metadata.get("alt") or output.data.get("text/plain", "") }}
{%- endmacro -%}
{%- block input -%}
{%- if "hide-input" in cell.metadata.get("tags", []) -%}
<details class="folded"><summary>code, folded</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{%- endblock input -%}
{%- block data_png scoped -%}{{ figure(output, "image/png") }}{%- endblock data_png -%}
{%- block data_jpg scoped -%}{{ figure(output, "image/jpeg") }}{%- endblock data_jpg -%}
"""


def write_page(notebook, path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    exporter = HTMLExporter(
        raw_template=TEMPLATE, mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url=""
    )
    text, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title(notebook)}})
    # The template asks the network for script libraries.
    text = re.sub(r'<script[^>]*src="[^"]*"[^>]*>\s*</script>', "", text)
    text = re.sub(r'<script type="module">.*?</script>', "", text, flags=re.S)
    text = re.sub(r'href="(?:\./)?(\d\d\w+)\.ipynb"', r'href="\1.html"', text)
    (folder / f"{path.stem}.html").write_text(text, encoding="utf-8")


def title(notebook):
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def write_index(outcomes, folder):
    folder.mkdir(parents=True, exist_ok=True)
    items = "".join(
        f'<li><a href="{outcome.path.stem}.html">{html.escape(title(outcome.notebook))}</a>'
        f"<p>{html.escape(outcome.error or outcome.result)} · {outcome.seconds:.0f} s</p></li>"
        for outcome in outcomes
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>The segmentation course</title><style>body{font:18px/1.5 system-ui;max-width:40em;margin:3em auto;padding:0 1em}"
        "li{margin:1em 0}p{margin:0;color:#555}</style><h1>The segmentation course</h1>"
        f"<p>Executed copies of the lessons; {len(outcomes)} of them.</p><ol style='list-style:none;padding:0'>{items}</ol></html>"
    )
    index = folder / "index.html"
    index.write_text(page, encoding="utf-8")
    return index.relative_to(ROOT) if index.is_relative_to(ROOT) else index
