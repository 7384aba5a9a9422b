"""The exercise of lesson 08: what only its grader has to see. What holds for every exercise: test_exercises.py."""

import pytest

from exercises.graders.accumulation import check, grade
from exercises.graders.accumulation.cases import drawn
from tests.exercises_08 import right, wrong
from viz import scene
from viz.dot import FLOW


def test_a_finding_points_at_the_line_and_the_node():
    report = check(wrong.divided_by_number_of_parts)
    assert report.finding.source.text == "loss = loss_fn(model(x), y) / len(parts)"
    marked = [report.graph.steps[report.graph.values[mark].producer].op for mark in report.finding.marks]
    assert marked == ["div", "div", "div"]
    assert report.html().count("here: M33") == 3
    assert "marked in the graph: #5 div, #10 div, #15 div" in str(report)


def test_a_mark_is_around_its_node_though_numbers_have_left_the_graph():
    report = check(wrong.divided_by_number_of_parts)  # which reads each loss, for the report
    nodes = scene.drawn(report.graph)["nodes"]
    assert sum(node["kind"] == "escape" for node in nodes) == 3
    marked = [node for node in nodes if node["kind"] == "op" and node["title"].startswith("div")]
    assert len(marked) == report.html().count('stroke-dasharray="7 4"') == 3
    for node in marked:
        left, top = (f"{node[side] - node[size] / 2 - 6:.1f}".removesuffix(".0") for side, size in ("xw", "yh"))
        assert f'<rect x="{left}" y="{top}" ' in report.html()


def test_the_drawing_shows_each_way_back_beside_its_arrow():
    report = check(wrong.divided_by_number_of_parts)
    back = sum(edge["flows"] for edge in scene.drawn(report.graph)["edges"])
    assert back and report.html().count(f'stroke="{FLOW}" stroke-width="1.6"') == back


def test_the_cut_is_marked_where_it_is():
    report = check(wrong.detached_loss)
    (mark,) = report.finding.marks
    assert report.graph.steps[report.graph.values[mark].producer].op == "detach"


def test_an_order_is_told_with_the_line_that_is_at_fault():
    report = check(wrong.zero_grad_between_backward_and_step)
    assert report.order == "(forward, backward, read back) x 3, zero_grad, step"
    assert report.finding.source.text == "optimizer.zero_grad()"
    assert report.html().count("here: M32") == 2  # both parameters


def test_forward_alone_is_told_that_backward_is_missing():
    def answer(model, loss_fn, parts, optimizer):
        return sum(loss_fn(model(x), y).item() for x, y in parts)

    assert check(answer).finding.reason == "no-backward"


def test_going_around_the_model_is_seen():
    def answer(model, loss_fn, parts, optimizer):
        optimizer.zero_grad()
        total = sum(len(x) for x, _ in parts)
        mean = 0.0
        for x, y in parts:
            loss = loss_fn(model.forward(x), y) * len(x) / total
            loss.backward()
            mean += loss.item()
        optimizer.step()
        return mean

    assert check(answer).finding.reason == "graphs-missing"


def test_an_answer_for_the_shown_parts_alone_fails_on_hidden_ones(capsys):
    def answer(model, loss_fn, parts, optimizer):
        total = 6 if len(parts) == 3 else 4
        optimizer.zero_grad()
        mean = 0.0
        for x, y in parts:
            loss = loss_fn(model(x), y) * len(x) / total
            loss.backward()
            mean += loss.item()
        optimizer.step()
        return mean

    assert check(answer).status == "right"
    with pytest.raises(AssertionError, match="M33"):
        grade(answer, "G", seeds=(1,))
    assert "not right yet" in capsys.readouterr().out  # its report is displayed: no example shows this


def test_what_the_answer_prints_is_shown_once(capsys):
    def answer(model, loss_fn, parts, optimizer):
        print("here I am")
        return right.scaled_loss(model, loss_fn, parts, optimizer)

    assert check(answer).status == "right"
    assert capsys.readouterr().out == "here I am\n"


def test_the_mode_that_an_answer_leaves_behind_is_put_back():
    import minigrad as mg

    def answer(model, loss_fn, parts, optimizer):
        mg.set_grad_enabled(False)
        return right.scaled_loss(model, loss_fn, parts, optimizer)

    assert check(answer).finding.code == "M18"
    assert mg.is_grad_enabled()


def test_hidden_cases_hold_what_the_exercise_promises():
    for seed in (1, 81):
        sizes = [case.sizes for case in drawn(seed)]
        assert any(len(split) == 1 for split in sizes) and any(1 in split for split in sizes if len(split) > 1)
        assert any(len(set(split)) > 1 for split in sizes) and any(len(split) >= 5 for split in sizes)
        assert {case.stale for case in drawn(seed)} == {True, False}
        assert drawn(seed) == drawn(seed)
    assert drawn(1) != drawn(81)
