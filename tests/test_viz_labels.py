"""Where things stand where it is crowded: in unrolled loops, and in captured graphs with their frames and ways back."""

import pytest

import viz
from minigrad import jit


def walk(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    while y < 10:
        y = y + 3
    return y


def halves(x, n: int):
    i = 0
    while i < n:
        if x > 1:
            x = x / 2
        i = i + 1
    return x


def nested(x):
    y = x
    while y < 10:
        z = y * 2
        while z < 20:
            z = z + 1
        y = y + z
    return y


def swap(a, b):
    while b > 0:
        a, b = b, a - b
    return a


def total(x, n: int):
    found = x * 0
    for i in range(n):
        found = found + x * i
    return found


CAPTURED = pytest.mark.parametrize("function", [walk, halves, nested, swap, total], ids=lambda one: one.__name__)


def captured(function):
    return viz.graph_of(jit.script(function)).scene()


@CAPTURED
def test_the_result_of_a_loop_stands_behind_its_frame(function):
    scene = captured(function)
    loops = [frame for frame in scene["frames"] if frame["title"].startswith(("while", "for"))]
    (result,) = (node for node in scene["nodes"] if node["kind"] == "output")
    assert loops and all(result["x"] - result["w"] / 2 > frame["x"] + frame["w"] for frame in loops)
