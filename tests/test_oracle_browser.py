"""The oracle in a real browser: a value is chosen in the picture or the list, and predicted with a button or a key."""

import pytest

import minigrad as mg
import viz
from tests.test_stepper_browser import FILES, begin
from tests.test_widget_browser import page  # noqa: F401
from viz.oracles import Oracle
from viz.scripts import script

FILES |= {"/oracle.js": ("text/javascript", script("oracle.js")), "/oracle.css": ("text/css", Oracle._css)}
OWN = "values", "ways", "way", "guess", "answer", "tried", "score"


@pytest.fixture
def oracle(page):  # noqa: F811
    def curve(x):
        y = x**2
        return y.exp()

    oracle = viz.oracle(curve, mg.tensor([0.5, 1.0], requires_grad=True))
    begin(page, "oracle", oracle, *OWN)
    return oracle


def answer(page, oracle):  # noqa: F811
    """What Python does with the reader's guess."""
    oracle.guess = page.evaluate("model.get('guess')")
    for trait in ("tried", "answer", "score"):
        page.evaluate("([trait, what]) => model.set(trait, what)", [trait, getattr(oracle, trait)])
    return page.locator(".vo-answer").text_content()


def test_a_value_is_chosen_in_the_picture_and_predicted_with_the_mouse(page, oracle):  # noqa: F811
    assert page.get_by_label("The value to overwrite").input_value() == "source:x#0"
    page.locator(".vg-node", has_text="result").click()  # the flag of a result stands for what made it
    assert page.get_by_label("How it is overwritten").locator("option").all_text_contents() == [
        "#2.mul_(2)", "with no_grad(): #2.mul_(2)", "#2.data.mul_(2)"]
    page.get_by_role("button", name="error").click()
    assert answer(page, oracle).startswith("✓ Right. with no_grad(): #2.mul_(2): error. It is kept by exp (#2), whose")
    assert page.locator(".vg-tag-error").text_content() == "error: no_grad"
    assert page.get_by_text("1 of 1 right").is_visible()


def test_everything_works_by_key_and_is_told(page, oracle):  # noqa: F811
    page.locator(".vg-node").first.focus()
    page.keyboard.press("3")
    assert page.evaluate("model.get('guess')") == {
        "key": "source:x#0", "way": "no_grad", "guess": "silently wrong", "again": 1}
    told = answer(page, oracle)
    assert told.startswith("✗ Not so. with no_grad(): x.mul_(2): error.")
    assert page.locator(".vo-answer[role=status][aria-live=polite]").count() == 1
    ways = page.get_by_label("How it is overwritten")
    ways.select_option("data")
    ways.press("3")  # in a list a number looks for an entry
    assert page.evaluate("model.get('guess').again") == 1
    page.get_by_role("button", name="silently wrong").press("Enter")
    assert answer(page, oracle).startswith("✓ Right. x.data.mul_(2): silently wrong. It is kept by pow (#1)")
    assert page.locator(".vg-tag").all_text_contents() == ["error: no_grad", "wrong: data"]
