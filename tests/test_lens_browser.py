"""The drawings of a value in the details of a node, in a real browser."""

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
