"""The meter of branches in a real browser, under a strict policy: a table that follows the theme."""

import pytest
from test_viz_branches import METER, measured

from tests.access import findings
from tests.test_widget_browser import BOOT, FILES, STATIC, page, script  # noqa: F401  fixtures

CODE = "def f(x):\n    if x > 0:\n        y = 1\n    elif x < -9:\n        y = 2\n    else:\n        y = 3"
BOOT_METER = BOOT.replace("import controls", 'import meter from "./meter.js";\nimport controls').replace(
    "{ graph, controls, code }", "{ graph, controls, code, meter }")


@pytest.fixture
def start(page, monkeypatch):  # noqa: F811
    def drawn(meter, theme="light"):
        css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "meter.css", "graph.css"))
        monkeypatch.setitem(FILES, "/boot.js", ("text/javascript", BOOT_METER))
        monkeypatch.setitem(FILES, "/meter.js", ("text/javascript", script("meter.js")))
        monkeypatch.setitem(FILES, "/graph.css", ("text/css", css))
        page.emulate_media(color_scheme=theme)
        page.reload()
        page.wait_for_selector("body[data-ready]", state="attached")
        page.evaluate("([kind, traits]) => start(kind, traits)", ["meter", {"meter": meter}])
        return page

    return drawn


def test_the_meter_is_a_table_that_is_read_row_by_row(start):
    page = start(measured(CODE, [1, 2, 3, -1, -2]).plain())  # noqa: F811
    table = page.get_by_role("table", name="How many of the inputs took each arm")
    rows = [" ".join(row.inner_text().split()) for row in table.get_by_role("row").all()[1:]]
    assert rows == ["if x > 0: y = 1 line 3 3 of 5", "elif x < -9: y = 2 line 5 0 of 5, never taken",
                    "else: y = 3 line 7 2 of 5"]
    assert page.locator(".vg-summary").inner_text() == METER.split("\n")[0]
    assert [page.get_by_role("columnheader").nth(at).text_content() for at in (0, 3)] == ["Arm", "Inputs that took it"]
    assert page.locator(".vm").bounding_box()["height"] < 150, "the rows are broken into pieces"
    parts = [float(part.get_attribute("width")) for part in page.locator(".vm-part").all()]
    assert parts == [108, 72] and page.locator(".vm-never .vm-part").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_meter_follows_the_theme_and_keeps_nobody_out(start, theme):
    page = start(measured(CODE, [1, 2, 3, -1, -2]).plain(), theme)  # noqa: F811
    paper = page.locator(".vm").evaluate("root => getComputedStyle(root).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 29)"}[theme]
    assert findings(page, ".vm") == []


@pytest.mark.parametrize(("theme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 29)")])
def test_the_saved_picture_of_the_meter_follows_the_theme_too(browser, theme, paper):
    saved = browser.new_page(color_scheme=theme)
    saved.set_content(measured(CODE, [1, 2, 3, -1, -2])._repr_mimebundle_()[0]["text/html"])
    assert saved.locator("img").evaluate("""async (image) => {
      await image.decode();
      const canvas = document.createElement("canvas").getContext("2d");
      canvas.drawImage(image, 0, 0);
      return `rgb(${[...canvas.getImageData(8, 8, 1, 1).data].slice(0, 3).join(", ")})`;
    }""") == paper
    box = saved.locator("img").bounding_box()
    assert box["height"] < 200
    saved.close()


def test_the_words_of_an_arm_that_is_never_taken_stay_off_its_bar(browser):
    saved = browser.new_page()
    saved.set_content(measured(CODE.replace("-9", "-9 - 1 - 1 - 1 - 1 - 1 - 1 - 1"), [1]).svg())
    right = max(text.bounding_box()["x"] + text.bounding_box()["width"] for text in saved.get_by_text("(line").all())
    assert right < saved.locator("rect[stroke]").first.bounding_box()["x"] - 6
    saved.close()


def test_no_branch_is_a_sentence_and_a_condition_cannot_become_markup(start):
    page = start(measured("def f(x):\n    return x", [1]).plain())  # noqa: F811
    assert page.locator(".vm").inner_text() == "f on 1 input: no branch that could be found ran"
    assert page.locator("table").count() == 0
    meter = measured(CODE, [1]).plain()
    meter["arms"][0]["text"] = "<img src=x onerror=alert(1)>"
    page = start(meter)
    assert page.locator("tbody th").first.inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("img").count() == 0
