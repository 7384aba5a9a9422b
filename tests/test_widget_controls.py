"""The controls of a panel in a real browser, on the same page with a made-up model as the graph."""

from test_widget_browser import page  # noqa: F401  fixtures

# ruff: noqa: F811  a test takes a fixture by its name

CONTROLS = [
    {"name": "no_grad", "kind": "switch"},
    {"name": "x", "kind": "slider", "low": -3.0, "high": 3.0, "step": 0.1},
    {"name": "arm", "kind": "choice", "options": ["auto", "left", "right"]},
    {"name": "<b>label</b>", "kind": "text"},
]
VALUES = {"no_grad": False, "x": 1.0, "arm": "auto", "<b>label</b>": "hello"}


def controls(page):
    page.evaluate("([kind, traits]) => start(kind, traits)", ["controls", {
        "controls": CONTROLS, "values": VALUES, "asked": 0, "done": 0, "size": "normal"}])


def saved(page):
    return page.evaluate("model.saves.map(traits => traits.values)")


def test_controls_show_their_values_and_their_names(page):
    controls(page)
    assert page.get_by_role("switch", name="no_grad").get_attribute("aria-checked") == "false"
    assert page.get_by_role("slider", name="x").input_value() == "1"
    assert page.get_by_role("radio", name="auto").get_attribute("aria-checked") == "true"
    assert page.get_by_role("textbox", name="<b>label</b>").input_value() == "hello"


def test_a_switch_works_by_key_and_says_on_or_off(page):
    controls(page)
    switch = page.get_by_role("switch", name="no_grad")
    switch.focus()
    page.keyboard.press("Space")
    assert switch.get_attribute("aria-checked") == "true"
    assert "on" in switch.text_content()
    assert saved(page) == [VALUES | {"no_grad": True}]


def test_a_choice_moves_with_the_arrow_keys(page):
    controls(page)
    page.get_by_role("radio", name="auto").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("model.get('values').arm") == "right"
    assert page.get_by_role("radio", name="right").get_attribute("tabindex") == "0"


def test_an_emptied_number_shows_again_where_the_slider_stands(page):
    controls(page)
    number = page.get_by_role("spinbutton", name="x, as a number")
    number.fill("2")
    number.press("Tab")
    number.fill("")
    number.press("Tab")
    assert number.input_value() == "2.0"
    assert [values["x"] for values in saved(page)] == [2]


def test_while_python_is_busy_only_the_newest_values_wait(page):
    controls(page)
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.get_by_role("slider", name="x").press(key)
    assert [values["x"] for values in saved(page)] == [1.1]
    page.evaluate("model.set('done', 1)")
    assert [values["x"] for values in saved(page)] == [1.1, 1.3]


def test_controls_without_a_kernel_cannot_be_moved(page):
    controls(page)
    page.evaluate("model.set('gone', 'The kernel was restarted: run this cell again.')")
    assert page.locator(".vc").evaluate("part => part.inert")
    page.locator(".vc-switch").click(force=True, no_wait_after=True)
    assert saved(page) == []


def test_values_set_from_python_move_the_controls(page):
    controls(page)
    page.evaluate("values => model.set('values', values)", VALUES | {"no_grad": True, "x": -2.0, "arm": "left"})
    assert page.get_by_role("switch", name="no_grad").get_attribute("aria-checked") == "true"
    assert page.get_by_role("slider", name="x").input_value() == "-2"
    assert page.get_by_role("radio", name="left").get_attribute("aria-checked") == "true"
