"""Folded boxes in a real browser: opened and shut with the mouse and with the keys, while Python answers."""

import pytest

import minigrad as mg
import viz
from minigrad import nn
from tests.test_widget_browser import (  # noqa: F401
    change,
    focused,
    page,
    settle,
    show,
)
from viz.record import Run


@pytest.fixture(scope="module")
def run():
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 8), nn.Tanh()), nn.Linear(8, 2))
    with Run() as run:
        (net(mg.ones(4, 3)) ** 2).mean().backward()
    run.close()
    return run


def answer(page, widget):  # noqa: F811
    """What Python does with the reader's last wish."""
    widget.folding = page.evaluate("model.get('folding')")
    change(page, widget.scene)
    settle(page)


def titles(page):  # noqa: F811
    return sorted(page.locator(".vg-kind-box .vg-name").all_text_contents())


def test_a_click_opens_a_box_and_its_frame_shuts_it_again(page, run):  # noqa: F811
    widget = viz.show(run, fold="modules")
    show(page, widget.scene)
    assert titles(page) == ["0 Linear", "2 Sequential", "3 Linear"]
    assert page.locator(".vg-plus").count() == 3 and page.locator(".vg-frame").count() == 1
    page.get_by_role("button", name="2 Sequential, folded").click()
    answer(page, widget)
    assert titles(page) == ["0 Linear", "0 Linear", "3 Linear"]
    assert page.get_by_text("unfolded: 2 Sequential").count() == 1
    page.get_by_role("button", name="Fold 2 Sequential").click()
    answer(page, widget)
    assert titles(page) == ["0 Linear", "2 Sequential", "3 Linear"]
    assert page.get_by_text("folded: 2 Sequential", exact=True).count() == 1


def test_enter_opens_space_tells_and_the_keyboard_stays_where_it_was(page, run):  # noqa: F811
    widget = viz.show(run, fold="modules")
    show(page, widget.scene)
    box = page.get_by_role("button", name="2 Sequential, folded")
    box.press(" ")
    panel = page.locator(".vg-panel")
    assert "2.0.weight (8, 8), has a gradient" in panel.text_content()
    box.press("Escape")
    box.press("Enter")
    answer(page, widget)
    inside = focused(page)
    assert inside and "2" in inside
    page.keyboard.press(" ")
    page.locator(".vg-panel").get_by_role("button", name="Fold 2 Sequential").click()
    answer(page, widget)
    assert focused(page) == page.locator(".vg-node", has_text="2 Sequential").get_attribute("data-key")


def test_all_is_folded_and_unfolded_from_the_toolbar(page, run):  # noqa: F811
    widget = viz.show(run)
    show(page, widget.scene)
    plain = page.locator(".vg-node").count()
    assert page.get_by_role("button", name="Unfold all").is_disabled()
    page.get_by_role("button", name="Fold all", exact=True).click()
    answer(page, widget)
    assert titles(page) == ["Sequential"]
    page.get_by_role("button", name="Unfold all").click()
    answer(page, widget)
    assert (titles(page), page.locator(".vg-node").count()) == ([], plain)


def test_nothing_to_fold_no_buttons(page):  # noqa: F811
    with Run() as run:
        y = mg.ones(2, requires_grad=True) * 2
    show(page, viz.show(run).scene)
    assert not page.get_by_role("button", name="Fold all").is_visible()
    del y
