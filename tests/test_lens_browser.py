"""The drawings of a value in the details of a node, in a real browser."""

import pytest

import minigrad as mg
import viz
from tests.test_widget_browser import page, show  # noqa: F401


def test_a_matrix_is_drawn_with_its_numbers_and_more_as_bars(page):  # noqa: F811
    mg.manual_seed(0)
    x = mg.tensor([[1.0, -2.0], [0.0, 4.0]], requires_grad=True)
    with viz.watch() as run:
        wide = (x @ mg.ones(2, 50)) * 0.5
        wide.sum().backward()
    scene = viz.show(run).scene
    titles = {node["title"]: node["key"] for node in scene["nodes"]}
    show(page, scene, selected=titles["x"])
    panel = page.locator(".vg-panel")
    value, gradient = panel.get_by_role("img").all()
    assert value.get_attribute("aria-label") == "Heat map of 2 rows and 2 columns, from -2 to 4"
    assert value.locator("text").all_text_contents() == ["1.0", "-2.0", "0.0", "4.0", "from -2 to 4"]
    assert value.locator(".vl-minus").count() == 1 and gradient.locator(".vl-cell").count() == 4
    assert "strides(2, 1), contiguous" in panel.text_content()
    page.evaluate("key => model.set('selected', key)", titles["mul 0.5"])
    bars = panel.get_by_role("img", name="Histogram of ")
    assert bars.first.locator(".vl-bar").count() == 16
    assert bars.first.locator("text").last.text_content().endswith("100 numbers")


def network(layers):
    """The scene of a network of so many layers, which is wider than it is high."""
    mg.manual_seed(0)
    net = mg.nn.Sequential(*[part for _ in range(layers) for part in (mg.nn.Linear(2, 2), mg.nn.Tanh())])
    with viz.watch() as run:
        net(mg.ones(1, 2)).sum().backward()
    return run.scene(fold=None)


def places(page):  # noqa: F811
    """Where each node is on the screen, and how large."""
    return page.locator(".vg-node").evaluate_all("""nodes => nodes.map((node) => {
      const { x, y, width } = node.querySelector(".vg-shape").getBoundingClientRect();
      return [Math.round(x), Math.round(y), Math.round(width)];
    })""")


@pytest.mark.parametrize(("layers", "size"), [(1, "normal"), (2, "normal"), (4, "normal"), (1, "large")])
def test_details_open_beside_the_picture_and_it_stays_where_it_is(page, layers, size):  # noqa: F811
    scene = network(layers)
    show(page, scene, size=size)
    before = places(page)
    leftmost = min(scene["nodes"], key=lambda node: node["x"])["key"]
    page.evaluate("key => model.set('selected', key)", leftmost)
    panel = page.locator(".vg-panel")
    panel.wait_for()
    page.wait_for_timeout(100)  # what a change of the room sets off
    assert places(page) == before
    page.evaluate("model.set('selected', '')")
    panel.wait_for(state="hidden")
    page.wait_for_timeout(100)
    assert places(page) == before


def test_a_node_that_the_details_would_cover_comes_into_sight_and_no_farther(page):  # noqa: F811
    scene = network(2)
    show(page, scene)
    before = places(page)
    rightmost = max(scene["nodes"], key=lambda node: node["x"])["key"]
    page.evaluate("key => model.set('selected', key)", rightmost)
    panel = page.locator(".vg-panel")
    panel.wait_for()
    page.wait_for_timeout(100)
    now = places(page)
    moved = {(x0 - x, y0 - y, w0 - w) for (x0, y0, w0), (x, y, w) in zip(before, now, strict=True)}
    assert max(x for x, _, _ in moved) - min(x for x, _, _ in moved) <= 1, "all of it moved alike"
    box = page.locator(f'.vg-node[data-key="{rightmost}"] .vg-shape').bounding_box()
    assert 10 < panel.bounding_box()["x"] - (box["x"] + box["width"]) < 40
    page.get_by_role("button", name="Fit all of the graph").click()
    right = max(box["x"] + box["width"] for box in (node.bounding_box() for node in page.locator(".vg-node").all()))
    assert right <= panel.bounding_box()["x"], "all of what is not under the details"
    page.evaluate("model.set('selected', '')")
    panel.wait_for(state="hidden")
    page.wait_for_timeout(100)
    middle = sum(x + w / 2 for x, _, w in places(page)) / len(now)
    assert abs(middle - 500) < 120, "in the middle again"
