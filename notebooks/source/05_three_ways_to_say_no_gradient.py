# %% [markdown]
# # 05 · Three ways to say no gradient
#
# When you have finished this lesson you can say, before you run a line, what `no_grad`, `detach` and freezing each switch
# off, and why `eval()` is none of them.
#
# **Press Shift + Enter until a picture appears** (three cells). It shows the net of this lesson, with all its switches.

# %%
import minigrad as mg
import viz
from checks_05 import back, check_evaluate, check_fine_tune, cost
from lesson import Curve, predict
from minigrad import nn

F = nn.functional

# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.drop, self.head = nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)

    def forward(self, x, detach=False):
        h = self.drop(self.body(x).tanh())
        return self.head(h.detach() if detach else h)

mg.manual_seed(0)
net, x, truth = Net(), mg.randn(5, 3), mg.randn(5, 2)

# %%
def train_step(no_grad=False, detach=False, freeze_body=False, freeze_head=False, eval=False):
    mg.manual_seed(1)  # so that dropout drops the same numbers each time
    net.zero_grad()
    net.train(not eval)
    net.body.requires_grad_(not freeze_body)
    net.head.requires_grad_(not freeze_head)
    with viz.watch() as run, mg.set_grad_enabled(not no_grad):
        loss = F.mse_loss(net(x, detach), truth)
    return cost(run) + "\n" + back(loss, net)

panel = viz.playground(train_step)
panel

# %% [markdown]
# Five rows of three numbers go through the **body**, a `tanh`, a dropout (the `mul` with a random mask) and the **head**; then the loss, then
# `backward()`. Below the picture stand three counters: how many ops ran, how many were recorded, and how many bytes the
# recorded ones keep for the way back. (`set_grad_enabled(False)` is `no_grad` in a form that takes a switch.)
#
# Leave the switches alone for a moment. Each one comes with a question first.

# %% [markdown]
# ## Does `eval()` stop gradients?
#
# Many people write `model.eval()` and believe that nothing is recorded from then on.

# %%
question = predict(
    "Only `eval` is switched on. How many of the four parameters get a gradient?",
    reveal=lambda: viz.playground(train_step).set(eval=True),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()

# %%
# %%twin
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)).eval()
y = model(mg.ones(5, 3))
print(model.training, y.requires_grad)
y.sum().backward()
print([p.grad is not None for p in model.parameters()])

# %% [markdown]
# ## Then what does `no_grad` stop?

# %%
question = predict(
    "Only `no_grad` is switched on. Of the seven ops, how many run and how many are recorded?",
    reveal=lambda: viz.playground(train_step).set(no_grad=True),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()

# %% [markdown]
# With all switches off, the first panel keeps 372 bytes for the way back; in a large net they are gigabytes. Where do 372
# bytes come from? Look at the column *saved* in the outline of the first panel, or count here. A number takes 4 bytes.
#
# | kept | numbers | bytes |
# |---|---|---|
# | `x`, for the weight of the body | 5 x 3 | 60 |
# | the result of `tanh` | 5 x 4 | 80 |
# | which numbers dropout kept | 5 x 4 | 80 |
# | what went into the head | 5 x 4 | 80 |
# | the weight of the head | 2 x 4 | 32 |
# | the difference in the loss | 5 x 2 | 40 |
# | together | | **372** |
#
# ## Is `no_grad` a kind of `eval()`?
#
# The other way round, many people believe that inside `no_grad` a net is "not training". Two layers care about that:
# **dropout** throws numbers away by chance, and **batch norm** keeps a running mean of all it has seen. Here is one after the
# other. The same four rows go through ten times, under each pair of switches.

# %%
rows = mg.tensor([[1.0], [2.0], [3.0], [6.0]])

def ten_runs(eval, no_grad):
    mg.manual_seed(3)
    layers = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(0.5)).train(not eval)
    with mg.set_grad_enabled(not no_grad):
        outputs = [layers(rows)[3, 0] for _ in range(10)]
    return outputs, layers[0].running_mean

seen = {(eval, no_grad): ten_runs(eval, no_grad) for eval in (False, True) for no_grad in (False, True)}

# %% jupyter={"source_hidden": true}
# The table that you fill in: a column opens with your guess.
COLUMNS = {
    "ten times the same?": lambda outputs, mean: "no" if len({y.item() for y in outputs}) > 1 else "yes",
    "running mean": lambda outputs, mean: f"0 -> {mean.item():.3f}" if mean.item() else "stays 0",
    "recorded?": lambda outputs, mean: "yes" if outputs[0].requires_grad else "no",
}

def table(columns):
    """The four pairs of switches with the first so many columns filled in."""
    lines = ["".join(f"{head:<22}" for head in ["", *COLUMNS]).rstrip()]
    for (eval, no_grad), measured in seen.items():
        name = ("eval()" if eval else "train()") + (" + no_grad" if no_grad else "")
        cells = [show(*measured) if i < columns else "?" for i, show in enumerate(COLUMNS.values())]
        lines.append("".join(f"{cell:<22}" for cell in [name, *cells]).rstrip())
    return "\n".join(lines)

# %%
print(table(0))

# %% [markdown]
# Fill this table column by column.

# %%
first = predict(
    "In which rows of the table will the ten outputs be ten times the same number?",
    reveal=lambda: table(1),
)
first

# %%
second = predict("In which rows does the running mean of batch norm move away from 0?", reveal=lambda: table(2))
second

# %%
third = predict("And in which rows is the graph recorded?", reveal=lambda: table(3))
third

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
first.drive()
second.drive()
third.drive()
print(table(3))

# %% [markdown]
# See one of the ten runs, with the outputs of all ten below it. A number is either dropped (0) or doubled. In training,
# batch norm takes the mean of these four rows, in the box `standardize`; after `eval()` that box is gone, and what it has
# stored comes in as `0.running_mean` and `0.running_var`. `0.weight` and `0.bias` are its own two parameters.

# %%
@viz.playground
def one_run(eval=False, no_grad=False):
    mg.manual_seed(3)
    layers = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(0.5)).train(not eval)
    with mg.set_grad_enabled(not no_grad):
        y = layers(rows)
    outputs, mean = seen[eval, no_grad]
    shown = "  ".join(f"{y.item():.2f}" for y in outputs)
    return f"last row, ten times   {shown}\nrunning mean          {COLUMNS['running mean'](outputs, mean)}"

one_run

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
one_run.states()

# %%
# %%twin
norm, drop = nn.BatchNorm1d(1), nn.Dropout(0.5)
with mg.no_grad():
    for _ in range(10):
        norm(mg.tensor([[1.0], [2.0], [3.0], [6.0]]))
    dropped = (drop(mg.ones(1000)) == 0).sum().item()
print(norm.running_mean)
print("dropout has dropped:", dropped > 0)

# %% [markdown]
# For outputs that repeat and cost nothing you want **both**: `eval()` and `no_grad`.
#
# ## Are freezing, `no_grad` and `detach` the same thing?
#
# All three make some gradient stay away. Say you want to leave the **head** as it is. There are three things you might try.

# %%
freeze = predict(
    "You **freeze the head**: `net.head.requires_grad_(False)`. Which parameters still get a gradient?",
    reveal=lambda: viz.playground(train_step).set(freeze_head=True),
)
freeze

# %% [markdown]
# The panel of the next question has all three ways in one place.

# %%
@viz.playground(way=["record all", "freeze the head", "no_grad around the head", "detach before the head"])
def three_ways(way="record all"):
    net.eval().zero_grad()
    net.requires_grad_(True)
    net.head.requires_grad_(way != "freeze the head")
    h = net.body(x).tanh()
    h = h.detach() if way == "detach before the head" else h
    with mg.set_grad_enabled(way != "no_grad around the head"):
        y = net.head(h)
    return back(F.mse_loss(y, truth), net)

# %%
around = predict(
    "The body runs as usual, then `with mg.no_grad(): y = net.head(h)`. Which parameters get a gradient?",
    reveal=lambda: three_ways.set(way="no_grad around the head"),
)
around

# %%
cut = predict(
    "Nothing is frozen, and the head gets `h.detach()`. Which parameters get a gradient?",
    reveal=lambda: viz.playground(train_step).set(detach=True),
)
cut

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
freeze.drive()
around.drive()
cut.drive()
three_ways.states()

# %%
# %%twin
for way in ["freeze", "no_grad", "detach"]:
    body, head = mg.tensor(2.0, requires_grad=True), mg.tensor(3.0, requires_grad=way != "freeze")
    h = (body * 5).detach() if way == "detach" else body * 5
    with mg.set_grad_enabled(way != "no_grad"):
        y = h * head
    if y.requires_grad:
        y.backward()
    print(way, body.grad, head.grad)

# %% [markdown]
# ### Which one costs less?
#
# You train half of the net, and may choose which half.

# %%
question = predict(
    "When are fewer ops recorded: with the **body** frozen, or with the **head** frozen?",
    reveal=lambda: viz.playground(train_step).set(freeze_body=True),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
panel.states()

# %% [markdown]
# Now press `detach` in this panel as well, and then take `freeze_body` back. The same two parameters get their gradient
# each time, but with `detach` alone the body is recorded again, although nobody ever goes back there.
#
# ## Can you freeze something in the middle?
#
# "`requires_grad_(False)` works on anything": it worked on the head, so why not on what lies between body and head?

# %%
def freeze_middle():
    net.requires_grad_(True)
    h = net.body(x)
    try:
        h.requires_grad_(False)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"
    return f"h.requires_grad = {h.requires_grad}"

# %%
question = predict("`h = net.body(x)`, and then `h.requires_grad_(False)`. What happens?", reveal=freeze_middle)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(freeze_middle())

# %%
# %%twin
h = mg.ones(2, requires_grad=True) * 2
try:
    h.requires_grad_(False)
except RuntimeError:
    print("refused: h is not a leaf")
print(h.detach().requires_grad)

# %% [markdown]
# ## Can anything made inside `no_grad` want a gradient?
#
# It sounds as if nothing in there ever could. A tensor `t` can be made inside `no_grad` in three ways: by a **factory** such as `mg.ones(..., requires_grad=True)`, as the
# result of an **operation** on a tensor that wants a gradient, or as the parameter of a new **layer**.

# %%
@viz.playground(made_by=["a factory", "an operation", "a layer"])
def inside(made_by="a factory"):
    with mg.no_grad():
        if made_by == "a factory":
            t = mg.ones(2, requires_grad=True)
        elif made_by == "an operation":
            w = mg.tensor([1.0, 2.0], requires_grad=True)
            t = w.tanh()
        else:
            t = nn.BatchNorm1d(2).weight
    y = t.exp().sum()  # no_grad is over
    return f"t.requires_grad = {t.requires_grad}"

# %%
question = predict(
    "Three flags: what is `t.requires_grad` for a factory, for an operation, and for a layer?",
    reveal=lambda: inside.set(made_by="an operation"),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
inside.states()

# %%
# %%twin
w = mg.tensor([1.0, 2.0], requires_grad=True)
with mg.no_grad():
    print("factory  ", mg.ones(2, requires_grad=True).requires_grad)
    print("operation", (w * 2).requires_grad)
    print("layer    ", nn.Linear(2, 2).weight.requires_grad)

# %% [markdown]
# ## Which one do I want?
#
# | you want | take | it acts on |
# |---|---|---|
# | outputs only, no way back at all | `with mg.no_grad():`, or `@mg.no_grad()` above a function | every op while the block runs |
# | some parameters to stay as they are | `part.requires_grad_(False)` | these leaves, until you take it back |
# | to use a value, but send nothing back through it | `h.detach()` | this one arrow |
# | layers to behave as after training | `model.eval()` | how layers compute; never the recording |
#
# ## Your turn: a fair test
#
# Change `evaluate` so that it records nothing, and gives the same outputs each time it is called.

# %%
def evaluate(model, rows):
    return model(rows)  # change this line, add others

# %%
print(check_evaluate(evaluate, Net, x))

# %% [markdown]
# ## Your turn: train the body under a frozen head
#
# The head was trained well and has to stay as it is, to the last bit. Train the body so that the loss goes down, and so that
# the head's parameters do not even get a gradient.

# %%
def fine_tune(model, rows, truth):
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        loss = F.mse_loss(model(rows), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

# %%
verdict, tuned = check_fine_tune(fine_tune, Net, x, truth)
print(verdict)

# %% [markdown]
# This is one more step of your tuned model. Are the right parameters marked *frozen*, and where does the way back lead?

# %%
viz.show(tuned)

# %% [markdown]
# ## If you like: what does depth cost?
#
# In a stack of layers, each one keeps something for the way back. This is what a forward pass keeps, for stacks of 1 to 12
# layers of 8 numbers, with 16 rows going in.

# %%
def kept(depth, no_grad=False):  # in bytes
    stack = nn.Sequential(*[part for _ in range(depth) for part in (nn.Linear(8, 8), nn.Tanh())])
    rows = mg.ones(16, 8)
    with viz.watch() as run, mg.set_grad_enabled(not no_grad):
        stack(rows)
    return run.saved_bytes()

curve = Curve("layers", "bytes kept")
for depth in range(1, 13):
    curve.add(depth, recorded=kept(depth), no_grad=kept(depth, no_grad=True))
curve.draw()
curve

# %% [markdown]
# Find the formula without trying numbers: what does a `tanh` keep, what does a `linear`, and what do two of them share? The
# first layer is special, because nobody wants the gradient of the input.

# %%
def formula(depth):
    return 512 * depth  # change this line

# %%
right = [formula(depth) == kept(depth) for depth in (1, 2, 5, 20)]
print("Right, for any depth." if all(right) else f"not yet: right for {sum(right)} of 4 depths")

# %% [markdown]
# ## What you know now
#
# - `no_grad` stops the recording of **every op** while it is on. Around a part in the middle it cuts off all that comes before.
# - Freezing is a property of **leaves**. Gradients pass through a frozen part on their way to others.
# - `detach` cuts **one arrow**.
# - `eval()` changes how layers compute and records as before. A fair test wants `eval()` **and** `no_grad`.
# - Inside `no_grad`, new leaves may want gradients; results of operations may not.
#
# **Next:** gradients that arrive do not replace what is there, they add up:
# [08 · Accumulation on purpose and by accident](08_accumulation.ipynb).
