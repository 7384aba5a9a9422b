"""The picture of a difference in a real browser: marks that do not rest on colour, its keys, its words, and folding."""

import pathlib

import pytest

import viz
from tests.test_viz_diff import run, unrolled
from tests.test_viz_diff_views import answered, expected, graded
from tests.test_widget_browser import change, focused, page, settle, show  # noqa: F401
from viz.compare import diff

ARTIFACTS = pathlib.Path(__file__).parent.parent / ".artifacts"


@pytest.fixture
def learner():
    return viz.show(graded(expected).diff(graded(answered)))


def test_marks_are_shapes_signs_and_words(page, learner):  # noqa: F811
    show(page, learner.scene, note=learner.note)
    assert page.locator(".vg-sign").count() == 5 and page.locator(".vg-sign-line").count() == 5
    tags = page.locator(".vg-tag.vg-mark").all_text_contents()
    assert sorted(tags) == ["added", "added", "changed: inputs", "changed: inputs", "gone"]
    new = page.locator(".vg-node.vg-is-added .vg-shape").first
    assert new.evaluate("part => getComputedStyle(part).strokeWidth") == "3px"
    gone = page.locator(".vg-node.vg-is-gone")
    assert "0.5px, 4.5px" in gone.locator(".vg-shape").evaluate("part => getComputedStyle(part).strokeDasharray")
    assert gone.locator(".vg-name").evaluate("part => getComputedStyle(part).textDecorationLine") == "line-through"
    assert page.get_by_role("button", name="relu, operation, activation, h (1, 2), gone").count() == 1
    assert page.locator(".vg-edge.vg-is-gone").count() == 4 and page.locator(".vg-edge.vg-is-added").count() == 5
    assert "added: #3 detach" in page.locator(".vg-note").inner_text()
    ARTIFACTS.mkdir(exist_ok=True)
    page.locator(".vg").screenshot(path=ARTIFACTS / "diff.png")


def test_a_ghost_can_be_chosen_and_tells_what_it_was(page, learner):  # noqa: F811
    show(page, learner.scene)
    page.locator(".vg-node.vg-is-gone").click()
    told = page.locator(".vg-panel").inner_text()
    assert "gone: only in the first graph" in told and "#2" in told


def test_the_keyboard_goes_from_one_difference_to_the_next(page, learner):  # noqa: F811
    show(page, learner.scene)
    page.locator(".vg-node").first.focus()
    marked = [node["key"] for node in sorted(learner.scene["nodes"], key=lambda node: (node["x"], node["y"]))
              if node["mark"]]
    seen = []
    for _ in range(len(marked) + 1):
        page.keyboard.press("n")
        seen.append(focused(page))
    assert seen == [*marked, marked[0]]
    page.keyboard.press("p")
    assert focused(page) == marked[-1]
    page.keyboard.press("Enter")
    assert "difference" in page.locator(".vg-panel").inner_text()
    page.get_by_role("button", name="Next difference").click()
    assert focused(page) == marked[0]


def test_the_key_explains_the_marks_only_where_there_are_some(page, learner):  # noqa: F811
    show(page, learner.scene)
    page.get_by_role("button", name="How to read this").click()
    assert "only in the second graph" in page.locator(".vg-legend").inner_text()
    show(page, viz.show(run().diff(run())).scene)
    page.get_by_role("button", name="How to read this").click()
    assert "second graph" not in page.locator(".vg-legend").inner_text()
    assert page.get_by_role("button", name="Next difference").count() == 0
    assert "same graph" in page.locator(".vg-summary").inner_text() and page.locator(".vg-digest").inner_text()


def test_a_box_of_what_is_alike_opens_and_shuts(page):  # noqa: F811
    widget = viz.show(diff(unrolled(300), unrolled(300, put_in=150)))
    show(page, widget.scene)
    few = page.locator(".vg-node").count()
    box = page.get_by_role("button", name="ops alike, folded").first
    box.focus()
    box.press("Enter")
    widget.folding = page.evaluate("model.get('folding')")
    change(page, widget.scene)
    settle(page)
    assert page.locator(".vg-node").count() > few
    assert page.locator(".vg-caption").inner_text().endswith("unfolded: 600 ops alike")
    page.get_by_role("button", name="Fold all", exact=True).click()
    widget.folding = page.evaluate("model.get('folding')")
    change(page, widget.scene)
    settle(page)
    assert page.locator(".vg-node").count() == few
    assert page.locator(".vg-caption").inner_text().endswith("folded: 600 ops alike")


@pytest.mark.parametrize(("switch", "caption", "summary"), [
    ({"no_grad": True}, "2 ops are no longer recorded: mul, add", "2 no longer recorded"),
    ({"detach": True}, "1 new node: detach", "1 added, 1 changed"),
    ({"backward": True}, "2 gradients arrived: x, w", "4 with a gradient now"),  # those of the ops on the way as well
    ({"second": 5.0}, "same graph, new values", "same graph, 3 other values"),
    ({}, "same graph, same values", "same graph"),
])
def test_the_caption_of_a_live_picture_says_the_same(page, switch, caption, summary):  # noqa: F811
    show(page, run().scene())
    change(page, run(**switch).scene())
    assert page.locator(".vg-caption").inner_text() == caption
    assert run().diff(run(**switch)).summary.endswith(summary)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_and_tags_can_be_read_in_both_themes(browser, tmp_path, learner, scheme):
    """A sign is a figure of 3 to 1 against its ground, as accessibility guides ask."""
    graded(expected).diff(graded(answered)).save(tmp_path / "diff.html")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 800})
    page = context.new_page()  # noqa: F811
    page.goto((tmp_path / "diff.html").as_uri())
    page.wait_for_selector("#graph[data-settled=true]")
    colours = page.evaluate("""() => {
      const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
      const rgb = (colour) => {
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
      };
      const of = (part, what) => rgb(getComputedStyle(document.querySelector(part))[what]);
      return [".vg-is-added", ".vg-is-changed"].map((mark) => [of(`${mark} .vg-sign-room`, "fill"),
        of(`${mark} .vg-sign-line`, "stroke")]).concat([
        [of(".vg-is-gone .vg-sign-line", "stroke"), of(".vg", "backgroundColor")]]);
    }""")
    for one, other in colours:
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3
    page.get_by_label("Larger, for a projector").click()
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"diff-{scheme}-large.png")
    context.close()


def luminance(colour):
    parts = [part / 255 for part in colour[:3]]
    return sum(share * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
               for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
