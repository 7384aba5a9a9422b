# %% [markdown]
# # Gallery: every view of a recorded graph
#
# A page to look things up in: what you can ask a graph, each with the few lines that ask it. The lessons use these views;
# here they stand side by side. Everything is drawn from what was recorded in the `with` block, and everything in a picture
# is in its *Outline* too.
#
# **Shift + Enter** runs a cell and moves on.

# %%
import lesson  # errors in few lines
import minigrad as mg
import viz

# %% [markdown]
# ## Forward and backward
#
# `viz.watch()` records what runs in the block; afterwards the run can be shown, told in words, and compared by its digest.

# %%
x, w = mg.tensor([1.0, 2.0]), mg.tensor([3.0, -1.0], requires_grad=True)
with viz.watch() as first:
    loss = (x * w).tanh().sum()
    loss.backward()
viz.show(first)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(first.outline())

# %% [markdown]
# ## Where a gradient stops
#
# Two bars across an edge: what comes back stops there, and `.grad` stays `None`. A **0** on an edge is another kind of
# nothing: the gradient goes on, and it is zero. `x.grad` is zeros here only because of `round`.

# %%
x = mg.tensor([0.2, 1.7], requires_grad=True)
with viz.watch() as stops:
    a = (x.detach() * 3).sum()
    b = (x > 1).sum()
    c = x.round().sum()
    (a + b + c).backward()
viz.show(stops)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print("\n".join(line for line in stops.outline().splitlines() if line.startswith(("cut:", "zero:"))))
print(stops.digest())

# %% [markdown]
# ## What leaves for Python
#
# A box that is open to the right is a door: `item()`, `numpy()`, an `if`. Only the number comes back from there (dotted),
# and no gradient follows it. So `x * x.item()` has the slope 3 at 3, and not 6.

# %%
x = mg.tensor(3.0, requires_grad=True)
with viz.watch() as door:
    y = x * x.item()
    y.backward()
viz.show(door)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print([line for line in door.outline().splitlines() if line.startswith("read back")])
print("x.grad =", x.grad.item(), door.digest())

# %% [markdown]
# The same with `tensor([...])`: it copies numbers into a new tensor. `stack` would keep the history.

# %%
a, b = mg.tensor(1.0, requires_grad=True), mg.tensor(2.0, requires_grad=True)
with viz.watch() as copied:
    t = mg.tensor([a, b])
    y = (t * t).sum()
viz.show(copied)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print([line for line in copied.outline().splitlines() if line.startswith("copied")])
print("recorded:", y.requires_grad, copied.digest())

# %% [markdown]
# ## The way back, drawn
#
# **Backward** turns the arrows: each op is called what its `grad_fn` is called, and what it keeps for the way back hangs
# on it, struck out once it is freed. What `no_grad` kept from being recorded is there as a ghost.

# %%
w = mg.tensor(2.0, requires_grad=True)
with viz.watch() as back:
    y = w.exp() * w
    with mg.no_grad():
        size = y * y
    y.backward()
viz.show(back, direction="both")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(back.outline(direction="backward"))

# %% [markdown]
# ## The arm that was not taken
#
# Only the arm that ran is in the graph. The other one stands beside it as a ghost, and its parameters have `None`.

# %%
class Router(mg.nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = mg.nn.Linear(1, 1), mg.nn.Linear(1, 1)

    def forward(self, x):
        return self.right(x) if x.sum() > 0 else self.left(x)

# %%
mg.manual_seed(0)
router = Router()
with viz.watch() as arms:
    router(mg.tensor([1.5])).backward()
viz.show(arms)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print([line for line in arms.outline().splitlines() if line.startswith("not taken")])
print(arms.digest())

# %% [markdown]
# How often does each arm run over a whole data set? An arm that no input takes learns nothing, and is flagged.

# %%
def route(x):
    if x.mean() > 0:
        return router.right(x[:1])
    elif x.mean() < -9:
        return x[:1]
    return router.left(x[:1])

viz.coverage(route, mg.randn(50, 3))

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
mg.manual_seed(1)
print(viz.coverage(route, mg.randn(50, 3)))

# %% [markdown]
# ## A loop, rolled up and unrolled
#
# A loop is no node: each turn leaves its own. Rolled up it is one box that says how many ops a turn has; press **+**.

# %%
cell, h = mg.nn.RNNCell(2, 3), mg.zeros(1, 3)
with viz.watch() as loop:
    for _ in range(6):
        h = cell(mg.ones(1, 2), h) * 0.9
viz.show(loop, fold="loops")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
for rolled in [node for node in loop.scene(fold="loops")["nodes"] if node["kind"] == "box"]:
    print(rolled["title"], "|", rolled["subtitle"], "|", len(loop.scene(fold=None)["nodes"]), "nodes unrolled")

# %% [markdown]
# ## Ledger: `.grad` has a history
#
# Everything that happens to a leaf is written down with the line that did it. `w` is used three times, so three uses send
# something in each backward, and they add up.

# %%
w = mg.tensor(3.0, requires_grad=True)
opt = mg.optim.SGD([w], lr=0.1)
with viz.watch() as run:
    for _ in range(2):
        opt.zero_grad()
        y = w * w + w
        y.backward()
        opt.step()
print(run.ledger())

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(run.ledger().count("use in"), "uses;", run.ledger().count("SGD sets the value"), "steps")
print(run.digest())

# %% [markdown]
# ## Pins: whom does the optimizer hold?
#
# The late layer was made after the optimizer. Gradients come to it, but no pin is in it: it will never learn.

# %%
body, late = mg.nn.Linear(2, 2), mg.nn.Linear(2, 1)
opt = mg.optim.SGD(body.parameters(), lr=0.1)
with viz.watch() as run:
    loss = late(body(mg.ones(1, 2)).tanh()).sum()
loss.backward()
viz.show(run)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
for value in run.graph.sources():
    print(value.name or value.role, "->", ", ".join(run.graph.pins.get(value.id, ())) or "-", "| lacks a pin:", run.graph.lacks_pin(value))
print(run.digest())

# %% [markdown]
# ## Stepper
#
# Press *Next*, or let it play: what is to come is faint, what happens is ringed, and the line of code that does it is lit.
# On the way back watch the pills: the first `mul` may only go on when **all three** gradients have come.

# %%
x = mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
w = mg.tensor([1.0, -1.0, 2.0], requires_grad=True)
with viz.watch() as run:
    y = x * w
    z = y * y + y
    z.sum().backward()

steps = viz.stepper(run)
steps

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
steps.states()
print(steps.next().words(), steps.previous().words(), sep="\n\n")

# %% [markdown]
# The same run, one level up: a network folded into its modules can be stepped through box by box.

# %%
mg.manual_seed(0)
net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh(), mg.nn.Linear(3, 1))
with viz.watch() as folded:
    net(mg.ones(4, 2)).sum().backward()

boxes = viz.stepper(folded)
boxes.fold_by("modules")
boxes

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(len(boxes.moments), [node["title"] for node in boxes.scene["nodes"] if node["kind"] == "box"])
boxes.unfold()
print(boxes.at, boxes.moments[1]["words"].partition(" ->")[0])

# %% [markdown]
# ## Lens
#
# Click a box. A matrix is drawn as a heat map, more numbers as a histogram; below stand strides, whose memory it shares,
# and who keeps it for backward.

# %%
a = mg.arange(12.0).reshape(3, 4) - 5
a.requires_grad_()
with viz.watch() as looked:
    t = a.T
    b = (t * t).sum(1)
    b.sum().backward()

viz.show(looked)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(viz.lens(looked, "t"), viz.lens(looked, "a"), sep="\n\n")

# %% [markdown]
# ## Two graphs side by side
#
# `run.diff(other)` says what is added (+), gone (−) and changed (~) on the way from one run to another. Here one function
# runs on two inputs, and its `if` takes another arm for each: so the ghost of the other arm differs too, as a door would.

# %%
def branchy(x, w, b):
    h = x * w
    y = (h + b).tanh() if x > 0 else h.exp()
    return y.sum()

def recorded(number, function=branchy):
    x, w, b = mg.tensor([number]), mg.tensor([2.0], requires_grad=True), mg.tensor([0.5], requires_grad=True)
    with viz.watch() as run:
        function(x, w, b)
    return run

# %%
arms = recorded(-1.0).diff(recorded(1.0))
viz.show(arms)

# %% [markdown]
# Press **N** on a node to go to the next difference, and **Enter** to read what it was before. As text:

# %%
print(arms.outline())

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(arms.text(), *arms.digests, sep="\n")
print([(node["title"], node["mark"]) for node in viz.show(arms).scene["nodes"] if node["mark"]])

# %% [markdown]
# The same function with recording switched off: **the same result, and another graph**. Nothing is
# added or gone, and everything that was recorded is marked ~.

# %%
switched = recorded(1.0).diff(recorded(1.0, mg.no_grad()(branchy)))
switched

# %% [markdown]
# A learner was asked for `mean(relu(x * w + b))`. The numbers agree, so a check of values alone would pass.

# %%
def expected(x, w, b):
    return (x * w + b).relu().mean()

def answer(x, w, b):
    return ((x * w).relu() + b.detach()).mean()

wrong = viz.diff(recorded(1.0, expected), recorded(1.0, answer))
viz.show(wrong)

# %% [markdown]
# And a right answer, written in another way and with other names, is the same graph:

# %%
def other_way(data, weight, bias):
    inner = mg.add(bias, data * weight)
    return mg.relu(inner).mean()

same = recorded(1.0, expected).diff(recorded(1.0, other_way))
same

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
for found in (switched, wrong, same):
    print(found.text(), *found.digests, "same values" if found.same_values else "other values", "", sep="\n")

# %% [markdown]
# ## Lifetime: a loop that leaks
#
# `total += loss` looks harmless. But `total` is a tensor now, and behind it stands the graph of every turn.

# %%
w, total = mg.ones(50, requires_grad=True), 0.0
with viz.lifetime() as life:
    for step in life.turns(range(6)):
        loss = (w * w).exp().sum()
        total += loss
life

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(life.text())

# %% [markdown]
# ## The same loop, mended
#
# `loss.item()` is a number. Nothing hangs on it, and each graph goes when its turn ends.

# %%
total = 0.0
with viz.lifetime() as life:
    for step in life.turns(range(6)):
        loss = (w * w).exp().sum()
        total += loss.item()
life

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(life.text())
print(life.lives.most_graphs(), "graph alive at once at most")

# %% [markdown]
# ## A hidden state is more than data
#
# Each state hangs on the one before it, so without a cut the first turn would be alive to the end. Cut at every third
# turn, the graph reaches back three turns and no further.

# %%
h = mg.zeros(50)
with viz.lifetime() as life:
    for step in life.turns(range(6)):
        if step % 3 == 0:
            h = h.detach()
        h = (h * w).tanh()
life

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(life.text())
print([mark.graphs for mark in life.marks])

# %% [markdown]
# ## A list of outputs is not just numbers
#
# Who holds the graphs? The tags at the end of the line say which names do.

# %%
losses = []
with viz.lifetime() as life:
    for step in life.turns(range(6)):
        losses.append((w * w).sum())
        losses[-1].backward()
life

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(life.text())

# %% [markdown]
# ## In-place oracle
#
# "Never change a tensor in place" is said often, and is half true. Choose a value, choose how it is overwritten, and say
# what `backward()` will do (keys 1, 2, 3). Then it is really done.

# %%
def square(x):
    y = x ** 2
    return y

oracle = viz.oracle(square, mg.tensor([1.0, 3.0], requires_grad=True))
oracle

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
oracle.answers()
print(oracle.try_("x", guess="fine"))
print(oracle.try_("y", guess="fine"))
print(oracle)

# %% [markdown]
# After `exp` it is the other way round: try it. And a view shares its memory, and the version of it: overwriting `last` is
# an error although only `first` is kept. With `.data` nobody is told, which goes well here, and with `first` does not.

# %%
def parts(x):
    y = x * 3.0
    first = y[0:1]
    last = y[1:2]
    return first * first + last

views = viz.oracle(parts, mg.tensor([0.0, 1.0], requires_grad=True))
views

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
views.answers()
print(views.try_("last", guess="fine"))
print(views.try_("last", guess="fine", way="data"))

# %% [markdown]
# ## Modules fold, and a shared weight is one thing
#
# A box is a call of a module: press **+**. `tied` is called twice, and its weight is drawn once, with an arrow to each use.

# %%
class Tied(mg.nn.Module):
    def __init__(self):
        super().__init__()
        self.tied, self.head = mg.nn.Linear(3, 3), mg.nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.tied(self.tied(x).relu()))

# %%
mg.manual_seed(0)
twice = Tied()
with viz.watch() as shared:
    twice(mg.ones(2, 3)).sum().backward()
viz.show(shared, fold="modules")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(shared.outline(fold="modules"))
for value in shared.graph.sources():
    print(value.name, "is used", len(shared.graph.consumers()[value.id]), "x")

# %% [markdown]
# ## A playground from outside
#
# Put switches on any model without touching its code. Press one: the graph changes, and below it the lines that now do
# something else say what.

# %%
mg.manual_seed(0)
net, x = mg.nn.Sequential(mg.nn.Linear(3, 4), mg.nn.Tanh(), mg.nn.Linear(4, 2)), mg.randn(5, 3)

# %%
outside = viz.playground(
    net, x, loss=mg.mean,
    cut=viz.detach_after("0"), ice=viz.freeze("2"), off=viz.no_grad_around("0"), act=viz.branch_at("1", relu=mg.relu),
)
outside

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
outside.states()
print(outside.set(off=True).lines())
outside.set(off=False)

# %% [markdown]
# `accumulate` runs the model several times. Off, `zero_grad()` comes before each pass; on, the gradients add up. Press
# a parameter and read its ledger.

# %%
passes = viz.playground(net, x, loss=mg.mean, add=viz.accumulate(2))
passes

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
passes.states()
print("\n".join(passes.set(add=True).outline().split("ledger of 2.bias\n")[1].splitlines()[:2]))

# %% [markdown]
# ## Every kind of control
#
# What a control is follows from the argument: a bool is a switch, a pair a slider, a list a choice, a text a text, and a
# widget of `ipywidgets` is taken as it is.

# %%
import ipywidgets

@viz.playground(power=range(1, 4), op=["exp", "sin"])
def controls(on=True, x=(-2.0, 2.0), power=2, op="sin", label="y", times=ipywidgets.BoundedIntText(1, min=1, max=3)):
    w = mg.tensor(x, requires_grad=True)
    for _ in range(times):
        w = getattr(mg, op)(w) if on else w**power
    return f"{label} = {w.item():.3f}"

controls

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
controls.states()
print(controls.set(x=1.0, label="z", times=3).text)

# %% [markdown]
# ## What jit has captured
#
# A traced, scripted, compiled or loaded function is drawn as a run is, before anything has run: a branch is a frame with
# both arms, a loop one with its ways back. `.on(...)` runs it once and shows which way that went.

# %%
from minigrad import jit

@jit.script
def walk(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    while y < 10:
        y = y + 3
    return y

# %%
walked = viz.graph_of(walk)
viz.show(walked.on(-1.0))

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(walked.on(-1.0).ways())
print(walked.digest() == walked.on(-1.0).digest() == walked.on(7.0).digest())
print(viz.diff(walked, walked.on(7.0)).summary)

# %% [markdown]
# `captures` puts several captures of one function side by side. Move the slider below 0: the trace goes on with the arm
# that its example took, and the one that it has lost is struck out.

# %%
import warnings

def bent(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    return y + 1

with warnings.catch_warnings(action="ignore"):
    traced = jit.trace(bent, mg.tensor(1.0), check_trace=False)

# %%
abreast = viz.captures({"trace": traced, "script": jit.script(bent), "eager": bent}, x=(-2.0, 2.0))
abreast.set(x=1.0)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
abreast.states()
print(abreast.set(x=-1.0).text)
print(abreast.diff("trace").text())
abreast.set(x=1.0);

# %% [markdown]
# ## Looking for something, and taking it along
#
# `/` in a picture searches it; *Full screen* (four corners) and *◐* help in a large room. `save` keeps the picture: for
# slides, as a page to explore, or as a film.

# %%
import pathlib, tempfile

with tempfile.TemporaryDirectory() as folder:
    for ending in ("svg", "png", "pdf", "html", "dot", "steps.svg", "gif"):
        outside.run.save(pathlib.Path(folder) / f"graph.{ending}")
    saved = sorted(path.name for path in pathlib.Path(folder).iterdir())

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(*saved)
print(outside.run.dot("modules").source.count("box3d"), "boxes in the folded DOT")
