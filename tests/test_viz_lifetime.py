"""How long graphs live: what is counted at each mark, which names are found, and that watching keeps nothing alive."""

import gc
import itertools
import weakref
from collections import deque
from xml.etree import ElementTree

import pytest

import minigrad as mg
import viz
from minigrad import modes, nn, optim


@pytest.fixture(autouse=True)
def no_watcher_is_left():
    """Each test ends as it began: nobody watches."""
    yield
    assert modes.state.watchers == ()


W = mg.ones(50, requires_grad=True)


def counts(life):
    return [mark.nodes for mark in life.marks]


def loop(keep, turns=4, **options):
    """A loop of three ops a turn and a backward; `keep(loss, held)` may put something into `held`."""
    held = {}
    with viz.lifetime(**options) as life:
        for _ in range(turns):
            loss = (W * W * W).sum()
            loss.backward()
            keep(loss, held)
            life.mark()
    return life


def test_a_sum_of_losses_keeps_every_graph_and_a_sum_of_numbers_none():
    total = 0.0
    with viz.lifetime() as life:
        for _ in life.turns(range(4)):
            loss = (W * W * W).sum()
            total += loss
    assert counts(life) == [4, 8, 12, 16] and [mark.earlier for mark in life.marks] == [0, 4, 8, 12]
    assert life.lives.grows() and life.names() == ["total"] and life.marks[-1].holders[0].turns == (1, 2, 3)
    total = 0.0
    with viz.lifetime() as life:
        for _ in life.turns(range(4)):
            loss = (W * W * W).sum()
            total += loss.item()
    assert counts(life) == [3, 3, 3, 3] and life.lives.most_graphs() == 1 and life.names() == []
    assert life.verdict() == "Flat: no graph outlives its turn, at most 3 nodes."


def test_the_saved_bytes_go_with_backward_and_the_nodes_do_not():
    with viz.lifetime() as life:
        y = (W * W).exp().sum()
        life.mark()
        y.backward()
        life.mark()
        del y
        life.mark()
    assert [(mark.nodes, mark.nbytes) for mark in life.marks] == [(3, 400), (3, 0), (0, 0)]


class Holder:
    """Something of the learner's own that holds a tensor."""

    shared = []

    def __init__(self):
        self.hidden = None


@pytest.mark.parametrize(("keep", "name"), [
    (lambda loss, held: held.setdefault("all", []).append(loss), "held['all'][0 to 2]"),
    (lambda loss, held: held.__setitem__("last", held.get("last", 0.0) * 0.5 + loss), "held['last']"),
    (lambda loss, held: held.setdefault("fn", []).append(loss.grad_fn), "held['fn'][0 to 2]"),
    (lambda loss, held: held.setdefault("us", set()).add(loss), "an item of held['us']"),
    (lambda loss, held: held.setdefault("f", []).append(lambda: loss), "loss in held['f']"),
    (lambda loss, held: held.setdefault("pair", []).append((loss, 1)), "held['pair']"),
])  # fmt: skip
def test_the_name_that_holds_a_graph_is_found(keep, name):
    held = {}
    with viz.lifetime(every=None) as life:
        for _ in range(4):
            loss = (W * W).sum()
            keep(loss, held)
            life.mark()
    assert any(found.startswith(name) for found in life.names()), life.names()
    assert {turn for holder in life.marks[-1].holders for turn in holder.turns} == {1, 2, 3}


def test_attributes_of_objects_modules_and_classes_are_names():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.seen = nn.Linear(50, 1), []

        def forward(self, x):
            y = self.body(x)
            self.seen.append(y)
            return y

    net, thing = Net(), Holder()
    with viz.lifetime() as life:
        for _ in life.turns(range(3)):
            thing.hidden = net(W * 1).sum()
            Holder.shared.append(thing.hidden)
            net.body.weight.grad = None
    Holder.shared.clear()
    assert life.names() == ["net.seen[0 to 1]", "Holder.shared[0 to 1]"]


def test_a_hidden_state_reaches_back_and_a_cut_one_does_not():
    def run(cut):
        h = mg.zeros(50)
        with viz.lifetime() as life:
            for _ in life.turns(range(4)):
                h = (h * W).tanh()
                h = h.detach() if cut else h
        return life

    assert counts(run(False)) == [2, 4, 6, 8] and run(False).names() == ["h"]
    assert counts(run(True)) == [0, 0, 0, 0]


@pytest.mark.parametrize("keep", [3, None])
def test_what_is_kept_for_a_while_only_is_not_called_rising(keep):
    last, h = deque(maxlen=keep), mg.zeros(50)
    with viz.lifetime() as life:
        for turn in life.turns(range(9)):
            if keep is None and turn % 3 == 0:
                h = h.detach()  # truncated: the graph reaches back three turns
            h = (h * W).tanh() if keep is None else h
            last.append((W * W).sum() if keep else 0)
    assert life.lives.most_graphs() == 3 and not life.lives.grows()
    assert life.verdict() == f"At most 3 turns are alive at once. Held by {'last[0 to 1]' if keep else 'h'}."


def test_what_no_name_leads_to_is_said_to_be_held_all_the_same():
    hidden = itertools.cycle([(W * W).sum() for _ in range(0)] or [0])
    with viz.lifetime() as life:
        for _ in life.turns(range(3)):
            hidden = itertools.chain([(W * W).sum()], hidden)
    assert [holder.name for holder in life.marks[-1].holders] == [None]
    assert "something without a name here (turns 1 to 2)" in life.text()


def test_frames_around_are_looked_into():
    def inner(life, n):
        kept = [(W * 2).sum() for _ in range(n)]
        life.mark()
        return kept

    outer = []
    with viz.lifetime() as life:
        for _ in range(3):
            outer.append(inner(life, 1))
    assert life.names() == ["outer[0][0]", "outer[1][0]"]


def test_turns_end_with_each_backward_or_each_step():
    opt = optim.SGD([W], lr=0.0)

    def train(every):
        with viz.lifetime(every=every) as life:
            for turn in range(3):
                (W * W).sum().backward()
                (W * W).sum().backward()
                if turn:
                    opt.step()
        return len(life.marks)

    assert [train(every) for every in ("backward", "step", None)] == [6, 2, 0]
    with pytest.raises(ValueError, match="every must be"):
        viz.lifetime(every="epoch")


def test_marks_by_hand_put_an_end_to_automatic_ones():
    life = loop(lambda loss, held: None)
    assert [mark.name for mark in life.marks] == ["1", "2", "3", "4"] and counts(life) == [3, 3, 3, 3]


def test_watching_keeps_nothing_alive_and_makes_no_cycle():
    gc.collect()
    gc.disable()
    try:
        with viz.lifetime() as life:
            loss = (W * W).sum()
            seen = weakref.ref(loss), weakref.ref(loss.grad_fn)
            life.mark()
            del loss
            assert [reference() for reference in seen] == [None, None]
        gone = weakref.ref(life)
        del life
        assert gone() is None
    finally:
        gc.enable()


def test_locals_of_functions_are_not_kept_by_looking_at_them():
    gone = []

    def body(life):
        h = W * 2
        life.mark()
        gone.append(weakref.ref(h))
        h = None
        gone.append(gone[0]() is None)
        return h

    with viz.lifetime() as life:
        held = [(W * 2).sum()]
        life.mark()
        body(life)
        del held
    assert gone[1]


def test_text_and_chart_say_the_same():
    held = []
    with viz.lifetime() as life:
        for _ in life.turns(range(3)):
            held.append((W * W).sum())
    bundle, _ = life._repr_mimebundle_()
    assert bundle["text/plain"] == life.text() and "held[0 to 1] (turns 1 to 2)" in life.text()
    root = ElementTree.fromstring(life.svg())
    told = " ".join(part.text or "" for part in root.iter())
    assert all(words in told for words in ("Rising: 3 turns", "held[0 to 1] (turns 1 to 2)", "4 of earlier turns"))
    assert life.svg() == life.svg()


def test_before_the_first_mark():
    with viz.lifetime() as life:
        pass
    assert life.text() == "Nothing is marked yet." and "image/svg+xml" not in life._repr_mimebundle_()[0]
    with pytest.raises(ValueError, match="nothing is marked yet"):
        life.svg()


def test_names_from_the_learner_cannot_break_the_picture():
    held = {"<script>&\"'\n" * 40: []}
    with viz.lifetime() as life:
        for _ in life.turns(range(3)):
            next(iter(held.values())).append((W * W).sum())
    ElementTree.fromstring(life.svg())
    assert max(map(len, life.text().split("\n"))) < 200
