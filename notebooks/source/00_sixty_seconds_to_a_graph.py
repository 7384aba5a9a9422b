# %% [markdown]
# # 00 · Sixty seconds to a graph
#
# When you have finished this lesson you can read the picture of a computation, predict how it changes when the code
# changes, and train a small network on real images with the graph of one step on view.
#
# **Click the next cell and press Shift + Enter.** That runs it and moves on. Do the same with the cell after it.

# %%
import minigrad as mg
import viz
from lesson import Curve, Pictures, predict, progress, ready

ready()

# %%
@viz.playground(w=(-3.0, 3.0), x=(-3.0, 3.0), b=(-3.0, 3.0))
def line(w=2.0, x=1.5, b=-1.0):
    w = mg.tensor(w, requires_grad=True)
    b = mg.tensor(b, requires_grad=True)
    x = mg.tensor(x)
    y = w * x + b
    return f"y = {y:.2f}"

line

# %% [markdown]
# That picture is the **computation graph** of `y = w * x + b`. Nobody drew it: it was recorded while the line ran, and it
# is recorded anew each time you move a slider. Move one. The numbers change, the graph stays the same.
#
# ### How to read it
#
# | you see | it is |
# |---|---|
# | a rounded box, grey | a **leaf requiring grad**: a tensor that you made and that asks for a gradient, `w` and `b` |
# | a rounded box, plain | an **input**: it was given too, but asks for no gradient, `x` (PyTorch calls it a leaf as well) |
# | a coloured box | an **op**: something that was computed; the colour says of what kind |
# | an arrow | a tensor on its way, with its **shape**; `()` means a single number |
# | a flag | a result that nothing used any further |
# | dashes | computed but **not recorded**: no gradient can come back that way |
#
# Click a box to see its value, its gradient, and the line of code that made it. Without a mouse: Tab until a box has a
# frame, the arrow keys to go from box to box, Enter to open one.
# The button *Outline* shows the same graph as text.

# %% [markdown] tags=["check"]
# (The thin bars that say `%%check` belong to the tests of this course. They show nothing; pass over them.)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
line.states()

# %% [markdown]
# ## Predict, then look
#
# From here on, most pictures come after a question. A wrong guess is worth more than a right one, so do guess.
# Here `b` is used twice.

# %%
def used_twice():
    with viz.watch() as run:
        w = mg.tensor(2.0, requires_grad=True)
        b = mg.tensor(-1.0, requires_grad=True)
        y = w * b + b
    return run

question = predict("In `y = w * b + b`, how many arrows leave `b`?", reveal=used_twice)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(used_twice().digest())

# %% [markdown]
# ## Record any code: `viz.watch()`
#
# `with viz.watch() as run:` records what happens inside, and `viz.show(run)` draws it.

# %%
x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
with viz.watch() as run:
    y = (x * x).sum()
viz.show(run)

# %% [markdown]
# The arrow into `sum` carries three numbers, the arrow out of it one: `(3,)` becomes `()`.
#
# **Now backwards.** `y.backward()` walks the same arrows from right to left and leaves a gradient in each leaf that
# asked for one. The gradient says: if this number grew by a little, how fast would `y` grow?

# %%
question = predict(
    "`y` is the sum of the squares of `x = [1, 2, 3]`. What will `x.grad` hold after `y.backward()`?",
)
question

# %%
y.backward()
x.grad

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(run.digest())

# %% [markdown]
# Look at the picture above again: it has followed. The way back is marked now, and the leaf holds a gradient. This is the
# same graph as text, as the button *Outline* shows it. (*freed*: what `backward()` has used, it lets go. *ledger*: what
# was added to `x.grad`. *digest*: a fingerprint; the same graph has the same one.)

# %%
print(run.outline())

# %% [markdown]
# ### The same in PyTorch
#
# `minigrad` has PyTorch's names and PyTorch's rules. A cell that begins with `%%twin` runs here on minigrad; what
# PyTorch 2.13 printed for the very same lines was recorded, and the cell tells you whether they agree.

# %%
# %%twin
x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x * x).sum()
y.backward()
print(y)
x.grad

# %% [markdown]
# ## The graph is made by running
#
# There is no graph before the code runs, and the next run makes a new one. So ordinary Python decides what it looks like.
# Here a `for` loop repeats one line.

# %%
@viz.playground(times=(0, 6, 1))
def power(times=3):
    x = mg.tensor(1.1, requires_grad=True)
    y = 1.0
    for _ in range(times):
        y = y * x
    return f"y = {y:.4f}"

question = predict(
    "With `times` at 3 there are three `mul` boxes. How many will there be at 6?",
    reveal=lambda: power.set(times=6),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
power.states()
question.drive()

# %% [markdown]
# ## Turn it on once: `viz.watch(model)`
#
# So far you asked for each picture. Watch a model, and every later forward is drawn in the same place.

# %%
layer = mg.nn.Linear(2, 1)
view = viz.watch(layer)
view

# %% [markdown]
# Run the next cell and look **above**, at the picture; then run the one after it, and look again. A double frame marks a
# **parameter**: a leaf that belongs to a layer. Now change `4` to another number (click into the cell, or press Enter) and
# run **both cells** again.

# %%
out = layer(mg.ones(4, 2))

# %%
out.mean().backward()

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
print(view.digest())

# %% [markdown]
# ## Your turn: draw this graph with code
#
# This is the graph of a function `mystery(p, q)` that lives in another file.

# %%
from puzzles import mystery

def record(function):
    p, q = mg.tensor(0.5, requires_grad=True), mg.tensor(2.0, requires_grad=True)
    with viz.watch() as run:
        result = function(p, q)
    return run

target = record(mystery)
viz.show(target)

# %% [markdown]
# Write `mine` so that its drawing is the same. Then run this cell and the next. An op such as `sin` is written `mg.sin(p)`.
# `p * q` and `q * p` count as the same, and names do not matter: two graphs are the same when their **digests** are equal.

# %%
def mine(p, q):
    return p + q  # change this line

attempt = record(mine)
viz.show(attempt)

# %%
same = attempt.digest() == target.digest()
print("the same graph" if same else "not yet: compare the two pictures above")

# %% [markdown]
# ## All of it at once: a network that reads digits
#
# Scikit-learn carries 1,797 handwritten digits of 8 x 8 pixels (E. Alpaydin and C. Kaynak, UCI Machine Learning
# Repository, 1998). We keep a fifth aside: the network never trains on those.

# %%
from sklearn.datasets import load_digits

pixels, digits = load_digits(return_X_y=True)
images, labels = mg.tensor(pixels, dtype=mg.float32) / 16, mg.tensor(digits)
order = mg.randperm(len(images), generator=mg.Generator().manual_seed(0))
train, test = order[360:], order[:360]
print(len(train), "to train on,", len(test), "held out")

# %% [markdown]
# Two layers with a bend (`ReLU`) between them: 64 pixels in, 128 numbers in the middle, 10 scores out.

# %%
mg.manual_seed(1)
model = mg.nn.Sequential(mg.nn.Linear(64, 128), mg.nn.ReLU(), mg.nn.Linear(128, 10))
optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = mg.data.DataLoader(
    mg.data.TensorDataset(images[train], labels[train]), batch_size=64, shuffle=True
)

# %% [markdown]
# First **one** step, recorded. Guess before you run its cell.

# %%
question = predict("A batch of shape `(64, 64)` goes into the first layer. What shape comes out of the first layer?")
question

# %%
batch, truth = next(iter(loader))
with viz.watch() as step:
    loss = mg.nn.functional.cross_entropy(model(batch), truth)
    loss.backward()
viz.show(step)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(step.digest())

# %% [markdown]
# Find the four parameters, and follow the 64 images of the batch along the arrows.
#
# And now some hundreds of such steps, each with a new graph that is forgotten as soon as the step is over.

# %%
def read(rows):
    with mg.no_grad():
        return model(images[rows]).argmax(dim=1)

def accuracy(rows):
    return (read(rows) == labels[rows]).float().mean().item()

# %%
curve = Curve("step", "loss", "Learning to read digits")
display(curve)
step_number = 0
for epoch in progress(range(30), "epochs"):
    for batch, truth in loader:
        loss = mg.nn.functional.cross_entropy(model(batch), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.add(step_number, loss=loss)
        step_number += 1
curve.draw()

# %%
print("at least 97 % of the held-out digits are read correctly:", accuracy(test) >= 0.97)

# %% [markdown]
# The exact figure is `accuracy(test)`: type it into a cell of your own (press Esc, then **B** for a new cell below).
#
# Which digits does the network still get wrong? Would you have read them?

# %%
guesses, truths = read(test), labels[test]
wrong = guesses != truths
words = [f"{t.item()}, read as {g.item()}" for t, g in zip(truths[wrong], guesses[wrong])]
Pictures(images[test][wrong].reshape(-1, 8, 8), words)

# %% [markdown]
# ## What you know now
#
# - A graph is **recorded by running** the code, and recorded anew on every run.
# - Inputs, leaves and parameters were given; ops were computed; every use of a tensor is an arrow of its own.
# - `backward()` goes back along the arrows and leaves gradients in the leaves.
#
# **Next:** you can switch the recording off. There are three ways, and they are not the same:
# [05 · Three ways to say no gradient](05_three_ways_to_say_no_gradient.ipynb). (Of sixteen lessons 00, 05, 08, 09, 13 and 14 are here so far.)
