"""Boundaries, ghosts and both directions in a real browser: what is drawn, what is spoken, and what the keys do."""

import json

import pytest

import minigrad as mg
import viz
from minigrad import nn
from tests.test_viz_boundaries import leaf, ran
from tests.test_viz_branches import ROUTER
from tests.test_widget_browser import (  # noqa: F401
    change,
    focused,
    page,
    settle,
    show,
)

CUTS = """
a = (x.detach() * w).sum()
b = (x.round() * w).sum()
with mg.no_grad():
    d = x * w
y = a + b + x[0] * x[1].item()
y.backward()
"""


@pytest.fixture(scope="module")
def cuts():
    return ran(CUTS, x=leaf(0.2, 1.7), w=leaf(1.0, 2.0))


def answer(page, widget):  # noqa: F811
    """What Python does when the reader has turned the graph."""
    widget.direction = page.evaluate("model.get('direction')")
    change(page, widget.scene)
    settle(page)


def names(page):  # noqa: F811
    return page.locator(".vg-node:not(.vg-gone) .vg-name").all_text_contents()


def test_marks_doors_and_broken_edges(page, cuts):  # noqa: F811
    show(page, cuts.scene())
    assert page.locator(".vg-stop-bars").count() == 4 and page.locator(".vg-stop-zero").all_text_contents() == ["0"]
    assert page.locator(".vg-broken").count() == 1
    assert page.get_by_role("button", name="item(), left for Python, = 1.7, 1 in, 1 out").count() == 1
    page.get_by_role("button", name="item(), left for Python").press("Enter")
    panel = page.locator(".vg-panel")
    assert "came back into" in panel.text_content() and "none comes back" in panel.text_content()
    assert page.locator(".vg-tag-zero").all_text_contents() == ["zero: round"]


def test_cut_and_zero_differ_without_any_colour(page, cuts):  # noqa: F811
    show(page, cuts.scene())
    shapes = page.locator(".vg-stop").evaluate_all(
        "marks => marks.filter(m => m.firstChild).map(m => [...m.children].map(c => c.tagName).join())")
    assert sorted(set(shapes)) == ["circle,text", "path,path"]


def test_marks_stay_on_their_edge_while_it_moves(page, cuts):  # noqa: F811
    show(page, cuts.scene())
    moved = json.loads(json.dumps(cuts.scene()))
    for node in moved["nodes"]:
        node["y"] += 40
    for edge in moved["edges"]:
        edge["stop"] = None
    change(page, moved)
    settle(page)
    assert page.locator(".vg-stop > *").count() == 0


@pytest.mark.parametrize("size", ["normal", "large"])
def test_the_graph_is_turned_by_its_buttons(page, cuts, size):  # noqa: F811
    widget = viz.show(cuts)
    show(page, widget.scene, direction="forward", size=size)
    group = page.get_by_role("group", name="Direction")
    assert group.get_by_role("button").all_text_contents() == ["Forward", "Backward", "Both"]
    group.get_by_role("button", name="Backward").press("Enter")
    answer(page, widget)
    assert group.locator("[aria-pressed=true]").all_text_contents() == ["Backward"]
    assert {"AccumulateGrad", "MulBackward0", "RoundBackward0"} <= set(names(page)) and "mul" not in names(page)
    assert page.get_by_role("status").first.text_content() == "same graph, shown in another direction"
    group.get_by_role("button", name="Both").click()
    answer(page, widget)
    assert page.locator(".vg-heads text").all_text_contents() == ["Forward: values", "Backward: gradients"]
    assert {"mul", "MulBackward0"} <= set(names(page))
    group.get_by_role("button", name="Forward").click()
    answer(page, widget)
    assert "MulBackward0" not in names(page) and page.locator(".vg-heads text").count() == 0


def test_what_is_kept_is_struck_out_when_it_is_freed(page):  # noqa: F811
    run = ran("y = x.exp() * x", x=leaf(2.0))
    widget = viz.show(run, direction="backward")
    show(page, widget.scene, direction="backward")
    assert page.locator(".vg-kept").count() == 3 and page.locator(".vg-freed").count() == 0
    run.cell["y"].backward()
    assert widget.view.run is run
    change(page, widget.scene)
    settle(page)
    assert page.locator(".vg-freed").count() == 3
    line = page.locator(".vg-freed").first
    assert line.evaluate("text => getComputedStyle(text).textDecorationLine") == "line-through"
    name = "MulBackward0, operation, elementwise, gets 1.0, freed, freed #1 () 4 B v0, freed x () 4 B v0, 1 in, 2 out"
    assert page.get_by_role("button", name=name).count() == 1


def test_who_cannot_turn_has_no_buttons(page, cuts):  # noqa: F811
    show(page, cuts.scene())
    assert not page.get_by_role("group", name="Direction").is_visible()


def test_the_arm_not_taken_is_there_as_a_ghost(page):  # noqa: F811
    run = ran(f"{ROUTER}y = router(mg.tensor([1.5]))\ny.backward()")
    show(page, run.scene())
    ghost = page.get_by_role("button", name="else: y = self.left(x), arm that was not taken, not taken (line 11)")
    assert ghost.count() == 1 and page.get_by_text("grad: None", exact=True).count() == 2
    ghost.press("Enter")
    assert "no, not in this run" in page.locator(".vg-panel").text_content()
    ghost.press("ArrowLeft")
    assert focused(page).startswith(("source:left", "left:if"))


def test_the_key_explains_all_of_it(page, cuts):  # noqa: F811
    show(page, cuts.scene())
    page.get_by_role("button", name="How to read this").click()
    key = page.locator(".vg-legend").text_content()
    for words in ("Two bars", "A 0: ", "Dotted", "Open to the right", "not taken", "frozen", "struck out"):
        assert words in key


def test_a_page_without_a_kernel_turns_too(browser, cuts, tmp_path):
    (tmp_path / "graph.html").write_text(cuts.html(), "utf-8")
    page, trouble = browser.new_page(), []  # noqa: F811
    page.on("console", lambda message: trouble.append(message.text))
    page.goto((tmp_path / "graph.html").as_uri())
    page.get_by_role("button", name="Both").click()
    page.wait_for_selector(".vg-heads text")
    assert {"mul", "MulBackward0"} <= set(names(page)) and not trouble
    page.close()


def test_hostile_words_in_a_ghost_and_a_door_stay_words(page):  # noqa: F811
    hostile = 'y = x * 2 if x > 1 else [x, "<img src=x onerror=alert(1)> \\"🦀"]'
    show(page, ran(hostile, x=leaf(2.0)).scene())
    assert page.locator("img").count() == 0 and page.get_by_text("<img src").count() >= 1


def test_a_frozen_parameter_in_a_folded_net_still_turns(page):  # noqa: F811
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    net[2].requires_grad_(False)
    run = ran("y = net(x).sum()\ny.backward()", net=net, x=mg.ones(1, 2))
    show(page, run.scene(direction="both"), direction="both")
    assert page.locator(".vg-stop-bars").count() == 4
