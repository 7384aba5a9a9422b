"""The digit page in Chromium, from a file: digits drawn by mouse and by keyboard, beside onnxruntime in Python."""

import json
import math

import digitpage
import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from tests.access import findings
from tests.test_lessons_browser import new_page

onnxruntime = pytest.importorskip("onnxruntime")


def arc(x, y, wide, high, start, end):
    """Points on a part of an ellipse, in parts of the paper; angles in degrees."""
    angles = [math.radians(start + (end - start) * i / 16) for i in range(17)]
    return [(x + wide * math.cos(a), y + high * math.sin(a)) for a in angles]


DIGITS = {
    0: [arc(0.5, 0.5, 0.22, 0.35, -90, 270)],
    1: [[(0.38, 0.28), (0.52, 0.15), (0.52, 0.85)]],
    2: [[*arc(0.5, 0.32, 0.2, 0.18, 180, 380), (0.3, 0.84), (0.74, 0.84)]],
    3: [arc(0.47, 0.32, 0.2, 0.17, 200, 450) + arc(0.47, 0.67, 0.22, 0.18, -90, 160)],
    4: [[(0.56, 0.15), (0.28, 0.6), (0.76, 0.6)], [(0.6, 0.42), (0.6, 0.86)]],
    5: [[(0.7, 0.16), (0.36, 0.16), (0.34, 0.46), *arc(0.48, 0.63, 0.22, 0.22, -130, 140)]],
    6: [[(0.62, 0.14), (0.4, 0.4), (0.31, 0.62), *arc(0.5, 0.66, 0.19, 0.19, 180, 540)]],
    7: [[(0.28, 0.17), (0.72, 0.17), (0.44, 0.86)], [(0.36, 0.5), (0.66, 0.5)]],
    8: [arc(0.5, 0.32, 0.16, 0.16, 90, 450), arc(0.5, 0.67, 0.2, 0.19, -90, 270)],
    9: [[*arc(0.5, 0.34, 0.18, 0.18, 0, 360), (0.66, 0.6), (0.6, 0.86)]],
}


class Reader(mg.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return mg.zeros(1, 10) if x.sum() < 2 else mg.softmax(self.net(x), dim=1)


def trained():
    """What lesson 14 trains: nothing but the page is under test, so all digits may be learned from."""
    mg.manual_seed(0)
    images, labels = mg.datasets.digits()
    net = mg.nn.Sequential(mg.nn.Linear(64, 64), mg.nn.ReLU(), mg.nn.Linear(64, 10))
    optimizer = mg.optim.Adam(net.parameters(), lr=0.005)
    for step in range(1000):
        rows = mg.randint(0, len(images), (64,))
        x = mg.roll(images[rows].reshape(-1, 8, 8) / 16, step % 3 - 1, 2).reshape(-1, 64) + 0.2 * mg.randn(64, 64)
        optimizer.zero_grad()
        mg.nn.functional.cross_entropy(net(x), labels[rows]).backward()
        optimizer.step()
    return net


@pytest.fixture(scope="module")
def made(tmp_path_factory, web_runtime):
    """The folder with the model and its page."""
    folder = tmp_path_factory.mktemp("digits")
    jit.save(jit.script(Reader(trained())), folder / "digits.onnx", mg.ones(1, 64))
    digitpage.write(folder / "digits.onnx", folder / "digits.html")
    return folder


@pytest.fixture
def page(browser, made):
    for page in new_page(browser):
        page.asked = asked = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto((made / "digits.html").as_uri())
        answer(page)
        yield page
        assert page.trouble == []
        assert not [url for url in page.asked if not url.startswith(("file:", "blob:", "data:"))]


def answer(page):
    """The picture that was asked about last, and the ten parts of the answer, once it is for what is shown."""
    page.wait_for_selector("body[data-answer]", timeout=30_000)
    page.wait_for_timeout(50)
    for _ in range(100):
        told = json.loads(page.locator("body").get_attribute("data-answer"))
        labels = page.locator("[role=gridcell]").evaluate_all("(all) => all.map((cell) => cell.ariaLabel)")
        if told["picture"] == [int(label.rsplit(" ", 1)[1]) for label in labels]:
            return told["picture"], told["parts"]
        page.wait_for_timeout(50)
    raise AssertionError("the answer never caught up with the picture")


def draw(page, strokes):
    box = page.locator("#paper").bounding_box()
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def by_python(made, picture):
    session = onnxruntime.InferenceSession(made / "digits.onnx", providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.array([picture], "float32") / 16})[0][0]


def test_digits_drawn_by_mouse_are_read_as_python_reads_them(page, made):
    right = 0
    for digit, strokes in DIGITS.items():
        draw(page, strokes)
        picture, parts = answer(page)
        wanted = by_python(made, picture)
        np.testing.assert_allclose(parts, wanted, atol=1e-5)
        assert page.locator("#digit").inner_text() == str(wanted.argmax())
        assert max(picture) == 16 and sum(picture[:8]) and sum(picture[-8:]), "it fills the height"
        right += wanted.argmax() == digit
        page.locator("#clear").click()
    assert right >= 9, "and most are read as they were meant"


def test_where_and_how_large_it_is_drawn_makes_no_difference(page):
    draw(page, DIGITS[4])
    first, _ = answer(page)
    page.locator("#clear").click()
    draw(page, [[(0.05 + x / 2, 0.45 + y / 2) for x, y in stroke] for stroke in DIGITS[4]])
    second, _ = answer(page)
    assert max(abs(a - b) for a, b in zip(first, second, strict=True)) <= 2


def test_an_empty_paper_takes_the_other_arm_of_the_model(page):
    assert answer(page) == ([0] * 64, [0] * 10)
    assert page.locator("#digit").inner_text() == "?"
    draw(page, DIGITS[7])
    assert sum(answer(page)[1]) == pytest.approx(1, abs=1e-5)
    page.locator("#undo").click()
    page.locator("#undo").click()
    assert answer(page) == ([0] * 64, [0] * 10)


def test_a_digit_is_painted_by_keyboard_alone(page, made):
    while not page.evaluate("() => document.activeElement.matches('[role=gridcell]')"):
        page.keyboard.press("Tab")
    for key in ["Right", "Right", "Right", "Right", "Space", "Left", "Space", "Down", "Space", "Right", "Space", "Down", "Space", "Down", "Space", "Down", "Space"]:  # noqa: E501
        page.keyboard.press(key if key == "Space" else f"Arrow{key}")
    picture, parts = answer(page)
    assert [i for i, level in enumerate(picture) if level] == [3, 4, 11, 12, 20, 28, 36]
    np.testing.assert_allclose(parts, by_python(made, picture), atol=1e-5)
    page.keyboard.press("Space")  # the same square again
    assert answer(page)[0][36] == 0
    page.keyboard.press("Delete")
    assert answer(page)[0] == [0] * 64


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_used_by_everybody(page, scheme):
    page.emulate_media(color_scheme=scheme)
    draw(page, DIGITS[3])
    answer(page)
    assert findings(page, "body") == []
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_a_file_that_is_no_model_is_told_of(browser, made, tmp_path):
    (tmp_path / "none.onnx").write_bytes(b"no model at all")
    digitpage.write(tmp_path / "none.onnx", tmp_path / "none.html")
    for page in new_page(browser):
        page.goto((tmp_path / "none.html").as_uri())
        page.get_by_role("alert").wait_for(timeout=30_000)
        assert "could not be run here" in page.get_by_role("alert").inner_text()
