# %% [markdown]
# # 14 · Keep the branch, ship the graph
#
# When you have finished this lesson you can keep an `if` and a loop in a graph, put the graph into a file, and run the
# file where there is no `minigrad`, and not even Python: you will draw a digit, and your own model will read it.
#
# **Shift + Enter** runs a cell and moves on.

# %%
import minigrad as mg
import viz
from checks_13 import quietly
from checks_14 import check_match, check_shipped, check_structure, elsewhere, shelf, steps_of
from digitpage import digit_page
from lesson import Curve, Pictures, predict, progress
from minigrad import jit, static

# %%
@jit.script
def bend(x):
    if x > 0:
        y = 2 * x
    else:
        y = -x
    return y

viz.show(viz.graph_of(bend, mg.tensor(-1.0)))

# %% [markdown]
# This graph was not recorded. `jit.script` has **read the source** of `bend` and translated it, so both arms are there: the one
# that this run took is lit, the other one waits.
#
# ## One function, captured in four ways
#
# The function as it is written, and four ways to keep it:

# %%
def plain(x):
    if x > 0:
        y = 2 * x
    else:
        y = -x
    return y

traced, compiled = quietly(plain, mg.tensor(1.0)), jit.compile(plain)
compiled_now = lambda x: compiled(x)  # asks its guards at each call

# %%
with static.Graph().as_default() as graph:
    x = static.placeholder("float32", [], name="x")
    y = static.cond(x > 0, lambda: 2 * x, lambda: -x)

described = steps_of(y)  # what a session would run

# %%
ways = {"eager": plain, "traced": traced, "scripted": bend, "compiled": compiled_now, "static": described}
four = viz.captures(ways, x=(-3.0, 3.0, 0.5))

question = predict("`x` is -1. Which of the four give something else than `plain`?", reveal=lambda: four.set(x=-1.0))
question

# %% [markdown]
# Move `x` to and fro over 0, and watch the arms. The captures do not just differ in speed; they are different programs.
# (While somebody watches, a compiled function runs as it is written. So its picture is that of `plain`.)

# %%
# %%twin
def bend(x):
    if x > 0:
        y = 2 * x
    else:
        y = -x
    return y

traced, scripted = mg.jit.trace(bend, mg.tensor(1.0)), mg.jit.script(bend)
for x in (mg.tensor(1.0), mg.tensor(-1.0)):
    print(f"traced {traced(x).item()}, scripted {scripted(x).item()}")

# %% [markdown]
# (PyTorch's third way, `torch.export`, does neither: it **refuses** such an `if`, with an error, until you write it as
# `torch.cond`.)
#
# **Match them.** What does each capture keep of a branch: `one arm`, `both arms`, or `an arm at a time`, with a guard?

# %%
mine = {"traced": "?", "scripted": "?", "compiled": "?", "static": "?"}
print(check_match(mine))

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
four.states()
print(viz.graph_of(bend, mg.tensor(-1.0)).digest(), viz.graph_of(bend, mg.tensor(1.0)).digest())

# %% [markdown]
# ## What stands in the graph: If and Loop
#
# In text, an `if` node has a condition and two **bodies**. What it gives comes out of the body that ran.

# %%
print(bend.graph)

# %%
@jit.script
def grow(x):
    y = 0 * x
    for _ in range(x.shape[0]):
        y = y + x
    return y

# %%
question = predict(
    "`grow` adds `x` to itself as often as `x` is long. How many `add` nodes are in its scripted graph?",
    reveal=lambda: viz.graph_of(grow, mg.ones(3)),
)
question

# %%
print([grow(mg.ones(n)).tolist() for n in range(1, 5)])

# %% [markdown]
# Gradients go through the arm that ran, and back through every turn of the loop.

# %%
# %%twin
@mg.jit.script
def slope(x):
    y = x * x
    if bool(x.sum() > 3):
        y = -y
    for _ in range(x.size(0)):
        y = y + x
    return y

for numbers in ([1.0], [1.0, 2.0, 3.0]):
    x = mg.tensor(numbers, requires_grad=True)
    slope(x).sum().backward()
    print(x.grad.tolist())

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(grow.graph)
print(viz.graph_of(grow, mg.ones(1)).digest(), viz.graph_of(grow, mg.ones(5)).digest())

# %% [markdown]
# ### What cannot be scripted
#
# Not all of Python has a place in such a graph. `jit.script` says what has not, points at it, and says what to write.

# %%
def loud(x):
    numbers = x.tolist()
    return x * sum(numbers)

try:
    jit.script(loud)
except jit.UnsupportedError as error:
    print(error)

# %% [markdown]
# ### Or say it with functions
#
# `jit.cond`, `jit.while_loop` and `jit.scan` are the same nodes, written as calls. They run eagerly too, with gradients, so
# you can try them at once. This is also how JAX and `torch.export` want it.

# %%
x = mg.tensor(-3.0, requires_grad=True)
y = jit.cond(x > 0, lambda x: 2 * x, lambda x: -x, (x,))
y.backward()
print(y, x.grad)

# %%
x, turns = jit.while_loop(lambda x, n: x < 100, lambda x, n: (x * 2, n + 1), (mg.tensor(1.0), 0))
print(x, turns)
last, sums = jit.scan(lambda total, x: (total + x, total + x), mg.tensor(0.0), mg.tensor([1.0, 2.0, 3.0]))
print(sums)

# %% [markdown]
# ## Your turn: keep the branch and the loop
#
# `settle` turns `x` around if its sum is negative, then halves it until the sum is at most 1. It goes through Python's numbers,
# so no capture can keep it. Rewrite it, with `if` and `while` on tensors or with `jit.cond` and `jit.while_loop`.

# %%
def settle(x):
    if sum(x.tolist()) < 0:
        x = -x
    while sum(x.tolist()) > 1:
        x = x / 2
    return x

# %%
print(check_structure(settle))

# %% [markdown]
# ## Into a file
#
# `jit.save` writes **ONNX**, a format that belongs to no framework: many programs run it, on phones, in browsers, on chips.

# %%
folder = shelf()
jit.save(bend, folder / "bend.onnx", mg.tensor(1.0))

# %% [markdown]
# Now a process of its own, where `minigrad` cannot be imported. All it has is the file and a runtime.

# %%
program = """
import numpy, onnxruntime
session = onnxruntime.InferenceSession("bend.onnx")
for number in (1.0, -1.0):
    print(number, "->", session.run(None, {"x": numpy.array(number, "float32")})[0])
"""

# %%
question = predict(
    "`bend` was scripted, then saved with the example 1. What does the file give for -1, elsewhere?",
    reveal=lambda: elsewhere(program),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(elsewhere(program))

# %% [markdown]
# ### And back again
#
# A file is not the end. `jit.load` brings the graph back, with its names, and with parameters that can be trained on.

# %%
mg.manual_seed(0)
jit.save(jit.trace(mg.nn.Linear(2, 1), mg.ones(1, 2)), folder / "line.onnx")
line = jit.load(folder / "line.onnx")
optimizer = mg.optim.SGD(line.parameters(), lr=0.1)
print(list(dict(line.named_parameters())))

# %%
for _ in range(50):
    loss = (line(mg.tensor([[1.0, 2.0]])) - 5).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("trained on:", loss.item() < 1e-6)

# %%
def round_trip():
    jit.save(jit.load(folder / "bend.onnx"), folder / "again.onnx")
    first, second = ((folder / name).read_bytes() for name in ("bend.onnx", "again.onnx"))
    return f"{len(first)} bytes, then {len(second)} bytes; the same: {first == second}"

question = predict("`bend.onnx` is loaded, and saved again under another name. Are the two files equal?", reveal=round_trip)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(round_trip().rpartition(";")[2])

# %% [markdown]
# ## Your turn: ship a loop
#
# `peaks` gives at each place the largest number so far. Capture it so that the loop stays, and save it as `peaks.onnx` so
# that it takes **any** length. (`jit.save(..., dynamic_axes={"xs": [0]})` says that axis 0 of `xs` is open.)

# %%
def peaks(xs):
    best, found = xs[0], []
    for i in range(xs.shape[0]):
        if xs[i] > best:
            best = xs[i]
        found.append(best)
    return mg.stack(found)

# %%
jit.save(quietly(peaks, mg.tensor([1.0, 3.0, 2.0])), folder / "peaks.onnx")  # repair this line

# %%
print(check_shipped("peaks.onnx", peaks))

# %% [markdown]
# Solved? Then you are ready for the real thing: a branch and a loop in one function, with gradients, in one file. It is graded on
# values, gradients and the structure of the shipped graph, and it tells you at once what is missing:
# **[Exercise 14 · Ship a branch and a loop](../exercises/release/14_shipping/shipping.ipynb)**.
#
# ## The digit page
#
# Everything together. First, train a reader of handwritten digits: pictures of 8 × 8 squares, a small network, one compiled step.

# %%
images, labels = mg.datasets.digits()
images = images / 16
Pictures(images[:6].reshape(-1, 8, 8), [str(label.item()) for label in labels[:6]])

# %%
mg.manual_seed(0)
order = mg.randperm(len(images))
train, test = order[:1500], order[1500:]
net = mg.nn.Sequential(mg.nn.Linear(64, 64), mg.nn.ReLU(), mg.nn.Linear(64, 10))
optimizer = mg.optim.Adam(net.parameters(), lr=0.005)

# %%
@jit.compile
def step(x, label):
    optimizer.zero_grad()
    loss = mg.nn.functional.cross_entropy(net(x), label)
    loss.backward()
    optimizer.step()
    return loss

# %% [markdown]
# Your hand will not draw as these hands did. So each batch is moved a square to the left or right, and gets some noise.

# %%
def varied(rows):
    shift = mg.randint(-1, 2, (1,)).item()
    moved = mg.roll(images[rows].reshape(-1, 8, 8), shift, 2).reshape(-1, 64)
    return moved + 0.2 * mg.randn(len(rows), 64)

# %%
curve = Curve("step", "loss", "Learning to read")
display(curve)
for number in progress(range(1200), "steps"):
    rows = train[mg.randint(0, len(train), (64,))]
    loss = step(varied(rows), labels[rows])
    if number % 10 == 0:
        curve.add(number, loss=loss)
curve.draw()

# %%
right = (net(images[test]).argmax(dim=1) == labels[test]).float().mean().item()
print("reads at least 95 % of the digits that it has not seen:", right >= 0.95)

# %% [markdown]
# Now the model that is shipped. On an empty paper there is nothing to read, and it should say so. That is a **branch**, and
# it goes into the file with the rest:

# %%
class Reader(mg.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        if x.sum() < 2:
            parts = mg.zeros(1, 10)
        else:
            parts = mg.softmax(self.net(x), dim=1)
        return parts

# %%
question = predict("`Reader(net)` is **traced** on a digit, and shipped. What does it say of an empty paper?")
question

# %%
reader = jit.script(Reader(net))
jit.save(reader, folder / "digits.onnx", images[:1])

# %% [markdown]
# Its picture, drawn here with a net that has learnt nothing yet: the program is the same.

# %%
new = mg.nn.Sequential(mg.nn.Linear(64, 64), mg.nn.ReLU(), mg.nn.Linear(64, 10))
viz.show(viz.graph_of(jit.script(Reader(new))))

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(quietly(Reader(net), images[:1])(mg.zeros(1, 64)).sum().item() > 0.99, reader(mg.zeros(1, 64)).sum().item())
print(viz.graph_of(reader, mg.zeros(1, 64)).digest())

# %% [markdown]
# And this is your model, in a page. The page holds the file, and a runtime made of WebAssembly; no Python is at work in it.
# **Draw a digit.** (The first time, the runtime is fetched through npm. If that cannot be done here, the cell says what to do.)

# %% tags=["nbval-ignore-output"]
digit_page(folder / "digits.onnx", folder / "digits.html")  # not compared: whether npm can be had depends on the machine

# %% [markdown]
# Send `work/lesson_14/digits.html` to somebody, or open it on a telephone: it is one file, and works without a network.
#
# Which digits does it get wrong? Clear the paper: the other arm answers.
#
# ## If you have time: a third arm
#
# The reader always names a digit, even for a scribble. Give `forward` another branch: where the largest part is below 0.6,
# return zeros. Script, save, and make the page anew. Then look at `print(reader.graph)`: an If inside of an If.

# %% [markdown]
# ## What you know now
#
# - `jit.script` reads the source: **both arms** of an `if` and the **body** of a loop stand in the graph, and gradients go through.
# - `jit.cond`, `jit.while_loop` and `jit.scan` say the same as calls, in eager mode too.
# - A trace keeps one arm, a compiled function one at a time behind guards, a script and a static graph keep both.
# - `jit.save` writes ONNX: it runs anywhere, loads again with parameters to train, and survives the round trip byte for byte.
# - Lengths that are to stay open have to be declared, or the example's length is in the file.
#
# **Next:** the clinic, with everything that can go wrong. (Of sixteen lessons 00, 05, 08, 09, 13 and 14 are here so far.)
