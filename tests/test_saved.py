"""Widgets where no kernel runs: in a notebook that was saved, and in a page that nbconvert makes of it."""

import base64
import copy
import json
import pathlib
import re
from html.parser import HTMLParser

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbconvert import HTMLExporter
from traitlets.config import Config

import minigrad as mg
import viz
from viz.still import VIEW, keep_still


def notebook(*shown):
    """A notebook whose cells show these, as a kernel would have sent them."""
    cells = []
    for thing in shown:
        bundle = thing._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        cells.append(nbformat.v4.new_code_cell("shown", outputs=[
            nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=1)]))
    made = nbformat.v4.new_notebook(cells=cells)
    nbformat.validate(made)
    return made


@pytest.fixture
def shown():
    w = mg.tensor([3.0], requires_grad=True)
    with viz.watch() as run:
        w * w + 1

    @viz.playground
    def square(no_grad=False):
        with mg.set_grad_enabled(not no_grad):
            return w * w

    return viz.show(run), square, viz.watch(mg.nn.Linear(1, 1))


class Seen(HTMLParser):
    """Pictures with their words, and texts in <pre> that are no code."""

    def __init__(self, page):
        super().__init__()
        self.images, self.told, self.inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img" and attributes.get("src", "").startswith("data:image/svg+xml;base64,"):
            picture = base64.b64decode(attributes["src"].split(",", 1)[1]).decode()
            self.images.append((attributes.get("alt"), picture))
        self.inside = tag == "pre" or (self.inside and tag == "span")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data):
        if self.inside:
            self.told.append(data)


@pytest.mark.parametrize("saved", [False, True], ids=["as it ran", "as it was saved"])
def test_a_page_of_a_notebook_has_picture_and_outline(shown, saved):
    made = notebook(*shown)
    if saved:
        keep_still({"type": "notebook", "content": made})
    page, _ = HTMLExporter().from_notebook_node(made)
    seen = Seen(page)
    told = "\n".join(seen.told)
    assert [alt for alt, _ in seen.images] == [
        "Graph: 2 ops, 2 recorded; 1 leaf requiring grad, 0 with a gradient",
        "Graph: 1 op, 1 recorded; 1 leaf requiring grad, 0 with a gradient"]
    assert all("Saved picture: run the cells from the top to make it live." in picture for _, picture in seen.images)
    assert "#2  add" in told
    assert "no_grad=off" in told and f"digest {shown[1].digest()}" in told
    assert "Nothing has run yet. Call what is watched once" in told
    assert VIEW not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)


def test_a_picture_that_is_too_wide_for_the_page_shrinks_as_long_as_it_can_be_read():
    w = mg.ones(1, requires_grad=True)
    with viz.watch() as run:
        w * 2 + 1
    with viz.lifetime() as life:
        for _ in life.turns(range(2)):
            w * 2
    for shown in (run, run.diff(run), life):
        data = shown._repr_mimebundle_()
        html = (data[0] if isinstance(data, tuple) else data)["text/html"]
        assert html.startswith("<img alt=") and 'style="max-width:100%;height:auto"' in html
    with viz.watch() as wide:
        y = w
        for _ in range(20):
            y = y * 2
    assert 'style="max-width:none;height:auto"' in wide._repr_mimebundle_()["text/html"]


def test_a_hostile_name_stays_a_word_in_the_page():
    bad = mg.ones(1, requires_grad=True)
    with viz.watch() as run:
        run.name({'"><script>x</script>': bad})
        bad * 2
    html = viz.show(run)._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in html and "&lt;script" in html


def test_what_is_saved_has_no_view_of_a_widget_but_all_the_rest(shown):
    made = notebook(*shown)
    before = [dict(cell.outputs[0].data) for cell in made.cells]
    keep_still({"type": "notebook", "content": made}, path="a.ipynb", contents_manager=None)
    for old, cell in zip(before, made.cells, strict=True):
        assert VIEW in old and dict(cell.outputs[0].data) == {key: old[key] for key in old if key != VIEW}


@pytest.mark.parametrize("model", [
    {"type": "file", "content": "text"}, {"type": "notebook", "content": None}, {"type": "directory", "content": []},
    {"type": "notebook", "content": {"cells": [{"cell_type": "markdown"}, {"outputs": [{"output_type": "stream"}]}]}},
])  # fmt: skip
def test_other_files_are_saved_as_they_are(model):
    before = copy.deepcopy(model)
    keep_still(model)
    assert model == before


def test_a_view_that_is_all_there_is_stays():
    output = {"data": {VIEW: {"model_id": "1"}}}
    keep_still({"type": "notebook", "content": {"cells": [{"outputs": [output]}]}})
    assert VIEW in output["data"]


def test_the_server_of_the_course_knows_the_hook():
    root = pathlib.Path(__file__).parent.parent
    config = json.loads((root / ".jupyter" / "jupyter_server_config.json").read_text("utf-8"))
    assert AsyncLargeFileManager(config=Config(config)).pre_save_hook is keep_still
