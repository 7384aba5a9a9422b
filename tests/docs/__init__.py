"""The API reference, made from the docstrings by pdoc: `python course.py docs` writes it to .docs/.

`pages.py` says what stands on which page, `templates/` how it looks. Nothing on a page comes from another host.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = Path(__file__).with_name("templates")


def build(out):
    """Write every page into the folder `out`, and return the path of the start page."""
    from pdoc import render
    from pygments.formatters import HtmlFormatter

    from .pages import pages

    made = pages()
    render.configure(docformat="markdown", template_directory=TEMPLATES)
    render.env.globals.update(start=start(), night=HtmlFormatter(style="github-dark").get_style_defs(".pdoc-code"))
    files = {page.address: render.html_module(page, made) for page in made.values()}
    files |= {"index.html": render.html_index(made), "search.js": render.search_index(made)}
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    return out / "index.html"


def start():
    """The text of the start page: the reading path, and where minigrad differs from PyTorch."""
    texts = [(ROOT / "minigrad" / name).read_text(encoding="utf-8") for name in ("README.md", "DIFFERENCES.md")]
    text = "\n".join(texts).replace("(DIFFERENCES.md)", "(#where-minigrad-differs-from-pytorch)")
    return re.sub(r"^```\n>>>", "```pycon\n>>>", text, flags=re.MULTILINE)  # colours for the examples


def main():
    """The command: build, and say where to look."""
    print(f"Open {build(ROOT / '.docs').as_uri()}")
