"""The gallery as a reader has it: one copy in JupyterLab, run to its end, and then each view pressed through in turn.

The page is opened once; each test goes to the cell that shows its view. Screenshots go to `.artifacts/`.
"""

import re

import pytest
from playwright.sync_api import expect
from test_lessons_browser import (  # noqa: F401  fixtures
    SHOTS,
    folder_for_screenshots,
    lab,
    new_page,
    open_notebook,
    press,
    run_all,
    settled_digest,
)

# ruff: noqa: F811  a test takes a fixture by its name
pytestmark = pytest.mark.timeout(240)
expect.set_options(timeout=10_000)  # a kernel answers most of the presses


@pytest.fixture(scope="module")
def opened(browser, lab, folder_for_screenshots):
    """The reader's copy with every cell run."""
    for page in new_page(browser):
        open_notebook(page, lab, "work/reference/gallery.ipynb")
        assert run_all(page) == []
        page.set_default_timeout(10_000)
        yield page


@pytest.fixture
def show(opened, request):
    """What the cell with this code shows, in sight; it is photographed at the end, and nothing may have gone wrong."""
    shown = []

    def show(code):
        output = opened.locator(".jp-CodeCell").filter(has_text=code).locator(".jp-OutputArea-output").last
        output.scroll_into_view_if_needed()
        if output.locator("[data-digest]").count():
            settled_digest(output)
        shown.append(output)
        return output

    yield show
    name = request.node.name.removeprefix("test_")
    for number, output in enumerate(shown):
        output.screenshot(path=SHOTS / f"gallery_{name}{number or ''}.png")
    assert opened.trouble == []


def button(view, name, exact=True):
    return view.get_by_role("button", name=name, exact=exact)


def node(view, title):
    """The drawing of a node that is called so."""
    return view.locator(".vg-node:not(.vg-gone)").filter(has=view.page.locator(f".vg-name:text-is('{title}')")).first


def names(view):
    return view.locator(".vg-node:not(.vg-gone) .vg-name").all_text_contents()


def test_a_node_opens_its_details(show):
    view = show("viz.show(first)")
    panel = view.locator(".vg-panel")
    expect(panel).to_be_hidden()
    node(view, "tanh").click()
    expect(panel).to_contain_text("tanh")
    expect(panel).to_contain_text("(2,)")
    expect(node(view, "tanh")).to_have_class(re.compile("vg-chosen"))


def test_where_a_gradient_stops_there_are_bars_or_a_zero(show):
    view = show("viz.show(stops)")
    assert view.locator(".vg-stop-bars").count() >= 2
    assert set(view.locator(".vg-stop-zero").all_text_contents()) == {"0"}
    button(view, "Outline: the whole graph in words").click()
    expect(view.get_by_label("The graph as text")).to_contain_text("cut:")


def test_a_number_that_leaves_for_python_has_a_door(show):
    view = show("viz.show(door)")
    expect(view.locator(".vg-broken")).to_have_count(1)
    button(view, "item(), left for Python", exact=False).press("Enter")
    expect(view.locator(".vg-panel")).to_contain_text("came back into")


def test_the_graph_is_turned_by_three_buttons(show):
    view = show("viz.show(back, direction=")
    heads = view.locator(".vg-heads text")
    assert heads.all_text_contents() == ["Forward: values", "Backward: gradients"]
    press(view, button(view, "Backward"))
    assert "MulBackward0" in names(view) and "mul" not in names(view) and heads.count() == 0
    assert view.locator(".vg-freed").count() >= 1
    press(view, button(view, "Forward"))
    assert "mul" in names(view) and "MulBackward0" not in names(view)
    press(view, button(view, "Both"))
    assert {"mul", "MulBackward0"} <= set(names(view)) and heads.count() == 2
    assert view.get_by_role("group", name="Direction").locator("[aria-pressed=true]").all_text_contents() == ["Both"]


def test_the_arm_that_was_not_taken_stands_there_as_a_ghost(show):
    view = show("router(mg.tensor([1.5])).backward()")
    ghost = button(view, "arm that was not taken", exact=False)
    expect(ghost).to_have_count(1)
    ghost.press("Enter")
    expect(view.locator(".vg-panel")).to_contain_text("no, not in this run")
    assert view.get_by_text("grad: None", exact=True).count() == 2


def test_a_meter_says_which_arm_is_never_taken(show):
    table = show("viz.coverage(route").get_by_role("table", name="How many of the inputs took each arm")
    expect(table.get_by_role("row").filter(has_text="line 5")).to_contain_text("0 of 50, never taken")
    expect(table.locator(".vm-never")).to_have_count(1)


def test_a_loop_is_opened_and_shut(show):
    view = show('viz.show(loop, fold="loops")')
    nodes = view.locator(".vg-node:not(.vg-gone)")
    few = nodes.count()
    press(view, view.locator(".vg-kind-box").first)
    assert nodes.count() > few
    expect(view.locator(".vg-caption")).to_contain_text("unfolded")
    press(view, button(view, re.compile("^Fold .*6"), exact=False).first)
    assert nodes.count() == few


def test_pins_say_whom_the_optimizer_holds(show):
    view = show("late(body(mg.ones(1, 2)).tanh()).sum()")
    assert set(view.locator(".vg-pin title").all_text_contents()) == {"held by SGD"}
    panel = view.locator(".vg-panel")
    node(view, "body.weight").click()
    expect(panel).to_contain_text("held by SGD")
    node(view, "late.weight").click()
    expect(panel).to_contain_text("no optimizer")


def test_the_ledger_tells_each_use(show):
    expect(show("print(run.ledger())")).to_contain_text("SGD sets the value")


def test_the_stepper_goes_on_and_back_by_buttons_and_slider(show):
    view = show("steps = viz.stepper(run)")
    slider, where, lit = view.get_by_role("slider"), view.locator(".vs-where"), view.locator(".vs-line.vs-lit")
    expect(where).to_contain_text("0 of")
    button(view, "One moment on").click()
    expect(lit).to_contain_text("y = x * w")
    expect(view.locator(".vg-node.vs-now .vg-name")).to_have_text("mul")
    button(view, "One moment on").click()
    expect(lit).to_contain_text("z = y * y + y")
    button(view, "One moment back").click()
    expect(where).to_contain_text("1 of")
    slider.press("End")
    expect(view.locator(".vs-later")).to_have_count(0)
    button(view, "To the start").click()
    for _ in range(5):  # four ops forward, and the first backward
        slider.press("ArrowRight")
    expect(view.locator(".vs-phase")).to_have_text("backward")
    expect(lit).to_contain_text("z.sum().backward()")
    pills = view.locator(".vg-tag")
    waiting, ready = (pills.filter(has_text=words).locator("rect").first for words in ("waits for 3", "ready"))
    fills = [pill.evaluate("rect => getComputedStyle(rect).fill") for pill in (waiting, ready)]
    assert fills[0] != fills[1], "who is ready is not told by words alone"


def test_boxes_are_stepped_through_too(show):
    view = show("boxes = viz.stepper(folded)")
    button(view, "One moment on").click()
    expect(view.locator(".vs-where")).to_contain_text("1 of")
    expect(view.locator(".vg-node.vs-now")).to_have_count(1)
    pills = view.locator(".vg-node:not(.vg-gone) .vg-tag")
    assert pills.count() == 0, "nothing has come back yet"
    view.get_by_role("slider").press("End")
    expect(pills.filter(has_text="grad on 2 of 2")).to_have_count(2)


def test_the_lens_draws_a_matrix_in_the_details(show):
    view = show("viz.show(looked)")
    node(view, "permute dims=(1, 0)").click()
    panel = view.locator(".vg-panel")
    expect(panel.get_by_role("img", name="Heat map of").first).to_be_visible()
    expect(panel).to_contain_text("strides")
    expect(panel.get_by_text("from -5 to 6")).to_have_css("font-weight", "400")  # as alone, whatever views stand below


def test_one_goes_from_difference_to_difference(show):
    view = show("viz.show(wrong)")
    seen = set()
    for _ in range(2):
        button(view, "Next difference").click()
        focused = view.locator(".vg-node:focus")
        expect(focused).to_have_count(1)
        seen.add(focused.get_attribute("data-key"))
    assert len(seen) == 2
    view.page.keyboard.press("Enter")
    expect(view.locator(".vg-panel")).to_contain_text("difference")


def test_a_leak_is_a_rising_line_and_the_mended_loop_a_flat_one(show):
    leak = show("w, total = mg.ones(50, requires_grad=True), 0.0")
    expect(leak.get_by_role("status")).to_contain_text("Rising")
    leak.get_by_role("slider", name="Turn").press("Home")
    expect(leak.locator(".vl-words")).to_contain_text("Turn 1:")
    expect(show("total += loss.item()").get_by_role("status")).to_contain_text("Flat")


def test_the_oracle_takes_a_guess_by_key_and_tells(show):
    view = show("oracle = viz.oracle(square")
    view.get_by_label("The value to overwrite").select_option(index=0)
    view.locator(".vg-node").first.focus()
    view.page.keyboard.press("1")
    expect(view.locator(".vo-answer")).to_contain_text("x.mul_(2): error")
    expect(view.locator(".vo-answer")).to_contain_text("✗ Not so.")
    error = view.locator(".vg-node .vg-tag-error")
    expect(error.locator("text")).to_have_css("font-weight", "600")  # as alone, whatever views stand below
    node(view, "pow 2").click()
    button(view, "1 fine").click()
    expect(view.locator(".vo-answer")).to_contain_text("✓ Right.")
    expect(view).to_contain_text("1 of 2 right")


def test_modules_fold_and_unfold(show):
    view = show('viz.show(shared, fold="modules")')
    few = len(names(view))
    press(view, button(view, "Unfold all"))
    assert len(names(view)) > few and names(view).count("tied.weight") == 1
    press(view, button(view, "Fold all"))
    assert len(names(view)) <= few


def test_a_switch_put_on_from_outside_changes_the_graph(show):
    view = show("outside = viz.playground(")
    first = settled_digest(view)
    switch = view.get_by_role("switch", name="off, no_grad around 0")
    assert press(view, switch) != first
    expect(view.locator(".vg-caption")).to_contain_text("no longer recorded")
    expect(view.get_by_role("region", name="Code")).to_contain_text("no longer recorded")
    assert press(view, switch) == first


def test_every_kind_of_control_is_there(show):
    view = show("def controls(")
    expect(view.locator(".vg-note")).to_contain_text("y =")
    press(view, view.get_by_role("slider", name="x"), "Home")
    press(view, view.get_by_role("radio", name="exp"))
    expect(view.get_by_label("times")).to_have_value("1")
    view.get_by_role("textbox", name="label").fill("z")
    expect(view.locator(".vg-note")).to_contain_text("z =")


def test_a_captured_graph_shows_the_arm_that_ran(show):
    view = show("viz.show(walked.on(")
    titles = view.locator(".vg-frame text")
    expect(titles).to_have_text(["if x > 0", "then · not taken", "else · taken", "while y < 10 · 3 turns"])
    expect(view.locator(".vg-frame-idle text")).to_have_css("text-decoration-line", "line-through")
    press(view, view.locator(".vg-frame-head").nth(2), "Enter")
    expect(titles).to_have_text(["if x > 0", "then · not taken", "while y < 10 · 3 turns"])


def test_one_slider_moves_every_capture(show):
    view = show("abreast = viz.captures(")
    expect(view.get_by_role("table")).not_to_contain_text("≠")
    view.get_by_role("slider", name="x").press("Home")
    expect(view.get_by_role("table")).to_contain_text("≠ other than eager")
    expect(view.locator(".vg-absent .vg-name")).to_have_text("else: y = x.neg() …")
    expect(view.locator(".vg-frame-idle text")).to_have_text("then · not taken")


def test_a_graph_is_searched(show):
    view = show("outside = viz.playground(")
    view.locator(".vg-node").first.focus()
    view.page.keyboard.press("/")
    view.page.keyboard.type("weight")
    expect(view.locator(".vg-count")).to_have_text("1 of 4")
    view.page.keyboard.press("Enter")
    expect(view.locator(".vg-count")).to_have_text("2 of 4")


def test_contrast_and_the_full_screen(show):
    view = show("viz.show(first)")
    line = view.locator(".vg-edge-line").first
    button(view, "High contrast").click()
    expect(line).to_have_css("stroke-width", "2.2px")
    button(view, "High contrast").click()
    button(view, "Full screen").click()
    expect(button(view, "Leave full screen")).to_be_visible()
    view.page.screenshot(path=SHOTS / "gallery_full.png")
    button(view, "Leave full screen").click()
    expect(button(view, "Full screen")).to_be_visible()


def test_code_is_as_large_as_the_rest_at_the_projector(show):
    view = show("steps = viz.stepper(run)")
    button(view, "Larger, for a projector").click()
    expect(view.locator(".vs-line code").first).to_have_css("font-size", "19.2px")  # JupyterLab has a size of its own
    button(view, "Normal size").click()
    expect(view.locator(".vg-summary")).to_have_css("font-size", "13px")


def test_views_follow_a_dark_theme(opened, show):
    theme = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab %s'})"
    opened.evaluate(theme % "Dark")
    for code in ("steps = viz.stepper(run)", "viz.show(wrong)", "w, total = mg.ones(50, requires_grad=True), 0.0",
                 "oracle = viz.oracle(square", "outside = viz.playground(", "viz.coverage(route"):
        show(code)
    paper = opened.locator(".vg").first.evaluate("root => getComputedStyle(root).backgroundColor")
    assert all(int(part) < 90 for part in re.findall(r"\d+", paper)[:3]), paper
