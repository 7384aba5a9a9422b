"""Search, full screen, contrast and the code beside the graph, in a real browser."""

import pytest
from test_widget_browser import chain, change, focused, node, page, scene, settle, show  # noqa: F401  fixtures

# ruff: noqa: F811  a test takes a fixture by its name


def field(page):
    return page.get_by_role("searchbox", name="Search the graph")


def found(page, name="vg-found"):
    return page.locator(f".vg-node.{name}").evaluate_all("all => all.map(group => group.dataset.key)")


def told(page):
    return page.locator(".vg-count").text_content()


def wide():
    """Twelve ops in a row, too wide and too high for the stage."""
    nodes = [node(f"n{i}", x=100 + 300 * i, y=60 + 100 * i, title="relu" if i % 4 else "linear",
                  detail=[["module", f"body.{i}"], ["shape", f"({i}, 7)"]], subtitle=f"({i}, 7)") for i in range(12)]
    return scene(nodes, []) | {"width": 3700, "height": 1300}


# Search


def test_search_marks_what_it_finds_and_says_which_of_how_many(page):
    show(page, wide())
    field(page).fill("linear")
    assert (found(page), found(page, "vg-here"), told(page)) == (["n0", "n4", "n8"], ["n0"], "1 of 3")
    page.keyboard.press("Enter")
    assert (found(page, "vg-here"), told(page)) == (["n4"], "2 of 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert (found(page, "vg-here"), told(page)) == (["n8"], "3 of 3")
    ring = page.locator(".vg-node.vg-here .vg-ring").evaluate("ring => getComputedStyle(ring).strokeWidth")
    other = page.locator(".vg-node.vg-found:not(.vg-here) .vg-ring").first
    assert ring == "4.5px" and other.evaluate("ring => getComputedStyle(ring).strokeDasharray") != "none"
    assert len(found(page, "vg-other")) == 9


@pytest.mark.parametrize(("query", "keys"), [
    ("BODY.3", ["n3"]), ("(5, 7)", ["n5"]), ("relu body.1", ["n1", "n10", "n11"]), ("elementwise (2,", ["n2"]),
    ("  ", []), ("nosuch", []), ("<b>", []), (".*", []),
])  # fmt: skip
def test_search_looks_at_names_shapes_modules_and_kinds(page, query, keys):
    show(page, wide())
    field(page).fill(query)
    assert found(page) == keys
    if not keys:
        assert told(page) == ("none" if query.strip() else "") and not found(page, "vg-other")


def test_what_is_found_is_brought_into_sight(page):
    show(page, wide())
    field(page).fill("body.11")
    inside = """key => { const box = document.querySelector(`[data-key=${key}]`).getBoundingClientRect(),
        stage = document.querySelector(".vg-stage").getBoundingClientRect();
        return box.left >= stage.left && box.right <= stage.right && box.top >= stage.top
            && box.bottom <= stage.bottom }"""
    assert page.evaluate(inside, "n11")
    field(page).fill("body.0")
    assert page.evaluate(inside, "n0")


def test_the_slash_leads_to_the_field_and_escape_to_what_was_found(page):
    show(page, chain())
    page.locator("[data-key=w]").focus()
    page.keyboard.press("/")
    assert field(page).evaluate("input => input === document.activeElement") and field(page).input_value() == ""
    page.keyboard.type("mul/")
    assert field(page).input_value() == "mul/" and told(page) == "none"
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    assert focused(page) == "mul" and found(page) == [] and page.locator(".vg-other").count() == 0


def test_keys_in_the_field_are_no_commands_of_the_notebook(page):
    show(page, chain())
    page.evaluate("window.heard = []; document.addEventListener('keydown', (event) => heard.push(event.key))")
    field(page).press("b")
    field(page).press("Enter")
    assert page.evaluate("heard") == []


def test_a_new_graph_is_looked_at_anew_and_the_place_stays(page):
    show(page, chain())
    field(page).fill("elementwise")
    assert told(page) == "1 of 1"
    change(page, chain(square=True))
    settle(page)
    assert told(page) == "1 of 2" and found(page) == ["mul", "square"] and found(page, "vg-here") == ["mul"]


def test_nothing_found_beside_folded_boxes_does_not_say_that_there_is_nothing(page):
    show(page, scene([node("net", "box"), node("y", x=200)], []))
    field(page).fill("nosuch")
    assert told(page) == "none shown"


# The whole screen


def full(page):
    return page.evaluate("document.querySelector('.vg').classList.contains('vg-full')")


def test_full_screen_takes_the_screen_and_gives_it_back(page):
    show(page, chain())
    page.get_by_role("button", name="Full screen", exact=True).click()
    back = page.get_by_role("button", name="Leave full screen")
    back.wait_for()
    assert page.evaluate("document.fullscreenElement.className") == "vg vg-full"
    assert page.locator(".vg").bounding_box()["width"] == page.evaluate("innerWidth")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Full screen", exact=True).wait_for()
    assert not full(page)


def test_where_the_screen_is_refused_the_page_is_filled(page):
    show(page, chain())
    page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('no')); }")
    page.locator("#out").evaluate("out => { out.style.cssText = 'transform: scale(1); width: 500px' }")
    page.get_by_role("button", name="Full screen", exact=True).click()
    page.get_by_role("button", name="Leave full screen").wait_for()
    box = page.locator(".vg").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1000, 700)
    page.locator("[data-key=w]").press("Escape")
    page.get_by_role("button", name="Full screen", exact=True).wait_for()
    assert not full(page) and page.locator(".vg").bounding_box()["width"] == 500


def test_a_picture_uses_the_height_of_the_screen(page):
    show(page, chain() | {"width": 300, "height": 600})
    before = page.locator(".vg-svg").bounding_box()["height"]
    page.set_viewport_size({"width": 1400, "height": 1100})
    page.get_by_role("button", name="Full screen", exact=True).click()
    page.get_by_role("button", name="Leave full screen").wait_for()
    page.wait_for_timeout(200)  # the page's policy allows no polling of expressions
    assert page.locator(".vg-svg").bounding_box()["height"] > 1.3 * before


# Contrast


def test_contrast_is_a_switch_and_follows_the_system(page):
    show(page, chain())
    line = page.locator(".vg-edge-line").first
    button = page.get_by_role("button", name="High contrast")

    def width():
        return line.evaluate("path => getComputedStyle(path).strokeWidth")

    assert (width(), button.get_attribute("aria-pressed")) == ("1.4px", "false")
    button.click()
    assert (width(), button.get_attribute("aria-pressed")) == ("2.2px", "true")
    button.click()
    page.emulate_media(contrast="more")
    page.wait_for_selector(".vg[data-contrast=more]")
    assert (width(), button.get_attribute("aria-pressed")) == ("2.2px", "true")


def test_with_the_colours_of_the_system_everything_has_one_of_them(page):
    page.emulate_media(forced_colors="active", color_scheme="dark")
    show(page, chain())
    ink = page.locator("[data-key=mul] .vg-shape").evaluate("shape => getComputedStyle(shape).stroke")
    paper = page.locator(".vg").evaluate("root => getComputedStyle(root).backgroundColor")
    assert {ink, paper} == {"rgb(255, 255, 255)", "rgb(0, 0, 0)"}


# The code


BLOCKS = [{"title": "step", "lines": [[1, "def step(on):", ""], [2, "    y = x * 2", ""]]},
          {"title": "Net.forward", "lines": [[7, "def forward(self, x):", ""],
                                             [8, "    return <b>x</b>", "no longer recorded: mul (no_grad)"]]}]


def code(page, blocks=BLOCKS):
    page.evaluate("traits => start('code', traits)", {"blocks": blocks, "size": "normal"})
    return page.get_by_role("region", name="Code")


def test_only_what_changed_is_shown_until_one_asks_for_all(page):
    shown = code(page)
    assert shown.get_by_role("status").text_content() == "1 line of the code does something else than before"
    [line] = shown.locator("li").all()
    assert line.text_content() == "8▸    return <b>x</b>changed: no longer recorded: mul (no_grad)"
    shown.get_by_role("button", name="All lines").press("Enter")
    assert shown.locator("li").count() == 4 and shown.locator("li.vk-lit").count() == 1
    assert shown.locator("h4").all_text_contents() == ["step", "Net.forward"]
    shown.get_by_role("button", name="Only what changed").click()
    assert shown.locator("li").count() == 1


def test_without_a_change_the_code_is_shut_and_without_code_there_is_nothing(page):
    plain = [{"title": "f", "lines": [[1, "def f():", ""]]}]
    shown = code(page, plain)
    assert shown.locator("li").count() == 0 and shown.get_by_role("status").text_content() == "Code"
    shown.get_by_role("button", name="Show the code").click()
    assert shown.locator("li").count() == 1 and shown.locator("h4").count() == 0
    page.evaluate("model.set('blocks', [])")
    assert not shown.is_visible()


# The tools, and the whole in small


FOLDS = {"way": "all", "shut": ["a"], "open": [["b", "body"]]}


@pytest.mark.parametrize("room", [1180, 968, 862])
def test_the_tools_stand_in_one_row_and_each_keeps_its_name(page, room):
    page.set_viewport_size({"width": room, "height": 700})
    show(page, chain() | {"folds": FOLDS}, direction="forward")
    tools = page.get_by_role("toolbar").get_by_role("button")
    tops = tools.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 8, "they wrap"
    for name in ("Fit all of the graph", "Forward", "Backward", "Both", "Fold all", "Unfold all", "How to read this",
                 "Outline: the whole graph in words", "High contrast", "Full screen", "Larger, for a projector"):
        found = page.get_by_role("button", name=name, exact=True)
        assert found.count() == 1 and found.get_attribute("title"), name
    help_ = page.get_by_role("button", name="How to read this")
    assert help_.locator(".vg-word").is_visible() == (room == 1180)
    assert help_.locator(".vg-icon").is_visible() == (room != 1180)
    help_.focus()
    page.keyboard.press("Enter")
    assert page.locator(".vg-legend").is_visible()


def test_a_picture_that_is_not_seen_whole_has_the_whole_below_it(page):
    show(page, wide())
    small, stage = page.locator(".vg-overview"), page.locator(".vg-stage")
    assert small.is_visible() and small.locator(".vg-small-node").count() == 12
    before = stage.evaluate("stage => stage.scrollLeft")
    box = small.locator("svg").bounding_box()
    left = float(small.locator(".vg-seen").get_attribute("x"))
    page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2)
    assert stage.evaluate("stage => stage.scrollLeft") > before
    page.wait_for_function("left => Number(document.querySelector('.vg-seen').getAttribute('x')) > left", arg=left)
    page.get_by_role("button", name="Fit all of the graph").click()
    assert not small.is_visible()
    show(page, chain())
    assert not small.is_visible()


@pytest.mark.parametrize("room", [846, 968])
def test_a_picture_a_little_too_wide_is_shrunk_with_its_labels_large_enough_to_read(page, room):
    page.set_viewport_size({"width": room + 18, "height": 700})
    end = node("y", "output", 1240)
    show(page, chain() | {"nodes": [*chain()["nodes"][:2], end], "width": 1290, "height": 160})
    stage = page.locator(".vg-stage")
    assert stage.evaluate("stage => stage.scrollWidth - stage.clientWidth") == 0
    assert not page.locator(".vg-overview").is_visible()
    nose = page.locator(".vg-kind-output .vg-shape").bounding_box()
    assert nose["x"] + nose["width"] <= stage.evaluate("stage => stage.getBoundingClientRect().right") - 3
    seen = page.locator(".vg-edge-label text").first.evaluate(
        "text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a")
    assert seen > 9


def test_the_key_begins_with_the_signs_of_this_picture_and_follows_it(page):
    show(page, chain())
    page.get_by_role("button", name="How to read this").click()
    here, others = page.locator(".vg-legend > .vg-key"), page.locator(".vg-others .vg-key")
    assert "a gradient came back" in here.inner_text() and "Dashed" not in here.inner_text()
    assert "Dashed and hollow" in others.text_content() and not others.is_visible()
    assert page.locator(".vg-tint").all_inner_texts() == ["elementwise"]
    page.evaluate("scene => model.set('scene', scene)", chain(recorded=False))
    assert "Dashed and hollow" in here.inner_text() and "a gradient came back" not in here.inner_text()
    page.get_by_text("Signs that are not in this picture").click()
    page.evaluate("scene => model.set('scene', scene)", chain())
    assert others.is_visible() and here.locator("li").count() + others.locator("li").count() == 25
