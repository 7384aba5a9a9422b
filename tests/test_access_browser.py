"""No view keeps anybody out: axe-core finds nothing serious in the widgets, a panel, a lesson and an exported page."""

import pytest
from test_lessons_browser import (  # noqa: F401  fixtures
    LESSONS,
    answer_every_question,
    folder_for_screenshots,
    lab,
    open_notebook,
    page,
    run_all,
    settled_digest,
)
from test_viz_pieces import Net
from test_widget_browser import FILES, POLICY, chain, edge, node, scene

import minigrad as mg
import viz
from tests.access import findings

# ruff: noqa: F811  a test takes a fixture by its name
pytestmark = pytest.mark.timeout(240)
OURS = ".vg, .vc, .vk"


@pytest.fixture
def widgets(page):
    """A page on which widgets can be started, in either theme."""
    def serve(route):
        kind, body = FILES.get(route.request.url.removeprefix("http://graph.test"), ("text/plain", ""))
        route.fulfill(body=body, headers={"content-type": f"{kind}; charset=utf-8", "content-security-policy": POLICY})

    page.route("http://graph.test/**", serve)

    def start(kind, traits, dark=False):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.goto("http://graph.test/")
        page.wait_for_selector("body[data-ready]", state="attached")
        page.evaluate("([kind, traits]) => start(kind, traits)", [kind, traits])
        return page

    return start


def drawing():
    """One of everything that a picture may have in it."""
    everything = chain(square=True)
    everything["nodes"] += [node("net", "box", x=400), node("data", "input", x=40, y=130),
                            node("cut", x=180, y=130, recorded=False, reason="no_grad", badges=["no_grad"]),
                            node("lost", "leaf", x=320, y=130, badges=["no gradient"])]
    everything["edges"].append(edge("data", "cut", recorded=False))
    frame = {"key": "f", "title": "body", "x": 150, "y": 90, "w": 70, "h": 70}
    return scene(everything["nodes"], everything["edges"]) | {
        "frames": [frame], "folds": {"way": "all", "shut": ["net"], "open": [["f", "body"]]},
        "glossary": [["leaf", "a tensor that no op made"]], "notice": "Folded by itself."}


GRAPH = {"selected": "w", "size": "normal", "note": "loss = 0.5", "error": "ValueError: no", "stale": False}
CONTROLS = [
    {"name": "no_grad", "kind": "switch", "hint": "around the body"}, {"name": "arm", "kind": "choice",
     "options": ["a", "b"]}, {"name": "x", "kind": "slider", "low": -3, "high": 3, "step": 1},
    {"name": "label", "kind": "text"}, {"name": "lr", "kind": "number"},
]  # fmt: skip
VALUES = {"no_grad": True, "arm": "a", "x": 1, "label": "", "lr": 0.1}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", ["normal", "large"])
def test_a_graph_with_everything_open(widgets, dark, size):
    page = widgets("graph", GRAPH | {"scene": drawing(), "size": size}, dark)
    page.get_by_role("button", name="How to read this").click()
    page.get_by_role("button", name="Outline").click()
    page.get_by_role("searchbox").fill("mul")
    assert findings(page, ".vg") == []
    page.get_by_role("button", name="High contrast").click()
    assert findings(page, ".vg") == []


def test_a_graph_whose_kernel_is_gone(widgets):
    assert findings(widgets("graph", GRAPH | {"scene": drawing(), "gone": "The kernel was restarted."}), ".vg") == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_controls_of_every_kind(widgets, dark):
    traits = {"controls": CONTROLS, "values": VALUES, "asked": 0, "done": 0, "size": "normal"}
    assert findings(widgets("controls", traits, dark), ".vc") == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_code_with_lines_that_changed(widgets, dark):
    lines = [[1, "def f(x):", ""], [2, "    return x * 2", "no longer recorded: mul (no_grad)"]]
    page = widgets("code", {"blocks": [{"title": "f", "lines": lines}], "size": "normal"}, dark)
    assert findings(page, ".vk") == []
    page.get_by_role("button", name="All lines").click()
    assert findings(page, ".vk") == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_exported_page(page, tmp_path, dark):
    mg.manual_seed(0)
    viz.playground(Net(), mg.ones(2, 3), loss=mg.sum).set().run.save(tmp_path / "graph.html")
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.goto((tmp_path / "graph.html").as_uri())
    page.wait_for_selector("#graph[data-settled=true]")
    page.keyboard.press("/")
    page.keyboard.type("linear")
    assert page.locator(".vg-count").text_content() == "1 of 3"
    assert findings(page, "html") == []


def test_a_lesson_in_jupyterlab(page, lab):
    open_notebook(page, lab, f"notebooks/{next(name for name in LESSONS if name.startswith('08'))}")
    assert run_all(page) == []
    answer_every_question(page)
    settled_digest(page.locator(".vg-around").first)
    parts = page.evaluate("""selector => [...document.querySelectorAll(selector)].filter((part) =>
        part.closest(".jp-OutputArea-output")).map((part, i) => { part.dataset.audit = i; return i; })""", OURS)
    assert len(parts) >= 6
    assert [line for part in parts for line in findings(page, f"[data-audit='{part}']")] == []
