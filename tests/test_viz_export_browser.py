"""Exported files in a real browser, opened from the disk: the page works, asks for nothing, and says nothing."""

import pytest
from test_viz_export import HOSTILE, named, recorded


@pytest.fixture
def opened(browser, tmp_path):
    """A function that saves a run and opens the file; in the end nothing may have been said or asked for."""
    contexts, said, asked = [], [], []

    def opened(run, name="graph.html", **options):
        context = browser.new_context(viewport={"width": 1000, "height": 700}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        run.save(tmp_path / name)
        page.goto((tmp_path / name).as_uri())
        assert asked == [page.url]
        asked.clear()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == [] and [url for url in asked if url != "data:,"] == []


def test_a_page_from_the_disk_can_be_explored(opened):
    page = opened(recorded())
    page.wait_for_selector("#graph[data-settled=true]")
    assert page.title().startswith("Graph: 2 ops, 2 recorded")
    assert page.locator(".vg-node").count() == 4

    page.locator(".vg-node.vg-kind-leaf").click()
    panel = page.get_by_label("Details of the chosen node")
    assert "Ledger" in panel.inner_text() and "backward 1 adds: 6.0 -> 6.0" in panel.inner_text()
    page.keyboard.press("Escape")
    assert panel.is_hidden()

    page.locator(".vg-node.vg-kind-leaf").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert panel.locator("h3").inner_text() == "mul"

    page.get_by_role("button", name="To the start").click()
    assert page.locator(".vs-later.vg-node .vg-name").all_text_contents() == ["mul", "add 2.0", "y"]
    page.get_by_role("button", name="To the end").click()
    assert page.locator(".vs-later").count() == 0
    page.wait_for_selector("#graph[data-settled=true]")

    width = page.locator(".vg-svg").bounding_box()["width"]
    page.get_by_label("Zoom in").click()
    assert page.locator(".vg-svg").bounding_box()["width"] > 1.2 * width

    page.get_by_label("Outline: the whole graph in words").click()
    assert page.get_by_label("The graph as text").inner_text() == recorded().outline()
    page.get_by_label("Larger, for a projector").click()
    assert page.locator(".vg").get_attribute("data-size") == "large"


def test_a_page_follows_the_colours_of_the_system(opened):
    papers = {scheme: opened(recorded(), color_scheme=scheme).evaluate(
        "[document.body, document.querySelector('.vg')].map((part) => getComputedStyle(part).backgroundColor)")
        for scheme in ("light", "dark")}
    assert papers["light"][1] == "rgb(255, 255, 255)" and papers["dark"][1] == "rgb(20, 23, 29)"
    assert papers["light"][0] != papers["dark"][0]


def test_without_scripts_the_page_is_a_picture_and_words(opened):
    page = opened(recorded(), java_script_enabled=False)
    assert page.locator("noscript svg text", has_text="mul").is_visible()
    assert page.locator("noscript pre").is_visible() and page.locator(".vg").count() == 0


def test_hostile_labels_do_nothing_in_a_page(opened):
    for number, name in enumerate(HOSTILE):
        page = opened(named(name), f"{number}.html")
        page.wait_for_selector("#graph[data-settled=true]")
        page.locator(".vg-node").first.click()
        assert page.title().startswith("Graph: 2 ops")
        assert page.evaluate("document.querySelectorAll('img, iframe, script').length") == 2
        still = opened(named(name), f"{number}-still.html", java_script_enabled=False)
        assert still.locator("img, b, iframe").count() == 0 and still.locator("noscript svg").count() == 1


def seen(page, moment):
    """What can be read in a film at this moment, in milliseconds."""
    return page.evaluate("""(moment) => {
      for (const film of document.getAnimations()) { film.pause(); film.currentTime = moment; }
      const seen = (part) => part === document.documentElement
        || (getComputedStyle(part).opacity > 0.5 && seen(part.parentElement));
      return [...document.querySelectorAll("text")].filter(seen).map((part) => part.textContent);
    }""", moment)


def test_a_film_shows_one_step_after_another_and_begins_again(opened):
    page = opened(recorded(), "graph.steps.svg")
    assert [line for line in seen(page, 700) if line in ("given", "w", "mul", "grad", "forward")] == ["w", "given", "w"]
    forward = seen(page, 1400 + 700)
    assert {"w", "mul", "forward", "#1 mul of w, w → 9.0"} <= set(forward) and "add 2.0" not in forward
    assert {"add 2.0", "forward"} <= set(seen(page, 2 * 1400 + 700))
    assert {"backward", "#2 add sends back: #1 = 1.0"} <= set(seen(page, 3 * 1400 + 700))
    assert "grad" not in seen(page, 3 * 1400 + 700) and "grad" in seen(page, 4 * 1400 + 700)
    assert "done" in seen(page, 6 * 1400) and seen(page, 8 * 1400 + 700) == seen(page, 700)


def test_a_film_rests_for_readers_who_want_no_motion(opened):
    page = opened(recorded(), "graph.steps.svg", reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    assert {"w", "mul", "add 2.0", "grad", "done"} <= set(seen(page, 0)) and "forward" not in seen(page, 0)


def test_a_film_in_a_page_with_a_strict_policy_is_the_whole_picture(browser, tmp_path):
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src file:\">"
    film = recorded().steps_svg()
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset='utf-8'>{policy}{film}", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("document.getAnimations().length") == 0
    assert {"w", "mul", "add 2.0", "grad", "done"} <= set(seen(page, 0)) and "forward" not in seen(page, 0)
    page.close()
