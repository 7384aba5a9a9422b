# %% [markdown]
# # 08 · Accumulation on purpose and by accident
#
# When you have finished this lesson you can say at any line of a training loop what stands in `.grad`, and train with
# a batch that does not fit into memory.
#
# **Shift + Enter** runs a cell and moves on.

# %%
import minigrad as mg
import viz
from checks_08 import check_orders, check_update, told
from lesson import Curve, predict

# %%
@viz.playground(passes=(1, 4, 1))
def ledger(passes=1, accumulate=True):
    with viz.watch() as run:
        w = mg.tensor(3.0, requires_grad=True)
        for _ in range(passes):
            if not accumulate:
                w.grad = None
            loss = w * w
            loss.backward()
    return f"{told(run)}\nw.grad = {w.grad.item()}"

ledger

# %% [markdown]
# One forward, one backward. Below the picture stands the **ledger** of `w`: each line is an entry in `w.grad`. The square
# of 3 grows at rate 6, so the first entry is 6.
#
# ## What does a second `backward()` do?
#
# Leave `passes` alone for a moment.

# %%
def twice():
    with viz.watch() as run:
        w = mg.tensor(3.0, requires_grad=True)
        for _ in range(2):
            loss = w * w
            loss.backward()
    return run

question = predict(
    "Two forwards, two backwards, and nothing clears `w.grad`. What does it hold then?",
    reveal=twice,
)
question

# %% [markdown]
# Now go back to the first picture of this lesson: move `passes`, and switch `accumulate` off. Then each turn begins with
# `w.grad = None`, and the ledger says *cleared*.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
ledger.states()

# %% [markdown]
# ### The same in PyTorch
#
# One graph, two backwards through it. `retain_graph=True` keeps it alive for the second.

# %%
# %%twin
x = mg.tensor(3.0, requires_grad=True)
z = 2 * x * x
z.backward(retain_graph=True)
print(x.grad)
z.backward()
print(x.grad)

# %% [markdown]
# ## Is it so bad to forget the clearing?
#
# `loss = 3 * w`, so every backward has the same 3 to add. The step takes `0.1 * w.grad` from `w`.

# %%
@viz.playground(steps=(1, 4, 1))
def descend(steps=3, clear=False):
    with viz.watch() as run:
        w = mg.tensor(1.0, requires_grad=True)
        optimizer = mg.optim.SGD([w], lr=0.1)
        for _ in range(steps):
            if clear:
                optimizer.zero_grad()
            (3 * w).backward()
            optimizer.step()
    return told(run)

# %%
question = predict(
    "Three steps, nothing is ever cleared. Which gradient does the **third** step use?",
    reveal=lambda: descend.set(),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
descend.states()

# %% [markdown]
# What does forgetting do to training? The goal here is the bottom of `w * w`, at 0.

# %%
def train(clear, steps=60):
    w = mg.tensor(1.0, requires_grad=True)
    optimizer = mg.optim.SGD([w], lr=0.05)
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
        yield w.item()

# %%
def both():
    curve = Curve("step", "w", "On the way to 0")
    for step, (cleared, forgot) in enumerate(zip(train(True), train(False))):
        curve.add(step, cleared=cleared, forgot=forgot)
    curve.draw()
    return curve.figure

question = predict("Without clearing, how does `w` move?", reveal=both)
question

# %%
for clear in (True, False):
    late = [abs(w) for w in train(clear)][-20:]
    print(f"clear={clear!s:5}  stays within 0.1 of the goal: {max(late) < 0.1}")

# %%
# %%twin
w = mg.tensor(1.0, requires_grad=True)
optimizer = optim.SGD([w], lr=0.1)
for _ in range(3):
    (3 * w).backward()
    optimizer.step()
    print(f"w.grad = {w.grad.item():.1f}, w = {w.item():.1f}")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()

# %% [markdown]
# ## Where may `zero_grad` stand?
#
# A training loop has four cards. Here you can lay them in five orders, and play them for some rounds.

# %%
def play(order, rounds=2):
    with viz.watch() as run:
        w = mg.tensor(1.0, requires_grad=True)
        optimizer = mg.optim.SGD([w], lr=0.1)
        for card in order.split() * rounds:
            if card == "zero":
                optimizer.zero_grad()
            elif card == "forward":
                loss = w * w
            elif card == "backward":
                loss.backward()
            elif card == "step":
                optimizer.step()
    return run, w

# %%
orders = [
    "zero forward backward step", "forward zero backward step", "forward backward zero step",
    "forward backward step zero", "forward backward step",
]

@viz.playground(order=orders, rounds=(1, 3, 1))
def cards(order=orders[0], rounds=2):
    run, w = play(order, rounds)
    return f"{told(run)}\nw = {w.item():.4f}"

# %%
question = predict(
    "`w` begins at 1, and a good step takes it to 0.8. Where is it after one round of "
    "`forward backward zero step`?",
    reveal=lambda: cards.set(order=orders[2], rounds=1),
)
question

# %% [markdown]
# Play the others, two rounds each. Three orders make the same good steps, one makes no step at all, and one is the loop
# that forgets.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
cards.states()

# %%
# %%twin
for clear_late in (False, True):
    w = mg.tensor(1.0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    (w * w).backward()
    if clear_late:
        optimizer.zero_grad()
    optimizer.step()
    print(f"w = {w.item():.2f}")

# %% [markdown]
# ## Your turn: all orders that work
#
# The four cards can be laid in 24 orders. In which of them do three rounds make three good steps? Some of the others raise
# an error: type `play("step backward forward zero")` into a cell of your own to see one.

# %%
mine = ["zero forward backward step"]  # add the others

# %%
print(check_orders(mine, play))

# %% [markdown]
# ## Do five rows in three parts make the big batch?
#
# Now on purpose. The batch does not fit into memory, so it comes in parts: forward, backward, and the graph of this part
# is gone before the next begins. `.grad` adds up. The loss is the mean of the squares of `w * x`,
# and for the rows 1 to 5 in one piece it gives `w` a gradient of 22.

# %%
splits = {
    "5": [[1., 2., 3., 4., 5.]],
    "1+1+1+1+1": [[1.], [2.], [3.], [4.], [5.]],
    "2+2+1": [[1., 2.], [3., 4.], [5.]],
    "1+4": [[1.], [2., 3., 4., 5.]],
}
shares = {
    "as it is": lambda part, parts: 1,
    "1 / parts": lambda part, parts: 1 / len(parts),
    "rows / all rows": lambda part, parts: len(part) / 5,
}

# %%
def big_batch(split, share):
    w = mg.tensor(1.0, requires_grad=True)
    parts = splits[split]
    for part in parts:
        loss = ((w * mg.tensor(part)) ** 2).mean()
        (loss * shares[share](part, parts)).backward()
    return f"w.grad = {w.grad.item():.2f}; the whole batch gives 22.00"

def panel(split, share):
    return viz.playground(big_batch, split=list(splits), share=list(shares)).set(split=split, share=share)

# %%
question = predict(
    "In one piece the batch gives 22. Now in parts of 2, 2 and 1 rows, each loss as it is. "
    "Is `w.grad` still 22?",
    reveal=lambda: panel("2+2+1", "as it is"),
)
question

# %%
question_parts = predict(
    "Parts of 2, 2 and 1 rows again, each loss divided by 3, the number of parts. And now?",
    reveal=lambda: panel("2+2+1", "1 / parts"),
)
question_parts

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
question_parts.drive()
panel("2+2+1", "1 / parts").states()

# %%
# %%twin
parts = [[1.0, 2.0], [3.0, 4.0], [5.0]]
for name, share in {"as it is": lambda p: 1, "1 / parts": lambda p: 1 / 3, "rows": lambda p: len(p) / 5}.items():
    w = mg.tensor(1.0, requires_grad=True)
    for part in parts:
        (((w * mg.tensor(part)) ** 2).mean() * share(part)).backward()
    print(f"{name:9} {w.grad.item():.2f}")

# %% [markdown]
# ## Two losses: one backward or two?
#
# Two losses often share most of the graph: here the **trunk** `h`. Do they need two backwards?

# %%
@viz.playground(how=["sum, one backward", "two backwards", "two, the first retains"])
def two_losses(how="sum, one backward"):
    with viz.watch() as run:
        w = mg.tensor(2.0, requires_grad=True)
        h = w * w
        size, error = h * 0.5, (h - 1) ** 2
        if how == "sum, one backward":
            (size + error).backward()
        else:
            size.backward(retain_graph="retains" in how)
            error.backward()
    return told(run)

# %%
question = predict(
    "`size` alone gives `w` a gradient of 2, `error` alone one of 24. What does one "
    "backward of their sum give?",
    reveal=lambda: two_losses.set(),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
two_losses.states()

# %%
# %%twin
for together in (True, False):
    w = mg.tensor(2.0, requires_grad=True)
    h = w * w
    size, error = h * 0.5, (h - 1) ** 2
    if together:
        (size + error).backward()
    else:
        size.backward(retain_graph=True)
        error.backward()
    print(w.grad)

# %% [markdown]
# And the parts of a batch? They share no trunk, and a sum would keep all their graphs alive at once. There it is one
# backward each.

# %% [markdown]
# ## Cleared to nothing, or cleared to zero?
#
# `zero_grad()` leaves `None`; `zero_grad(set_to_none=False)` leaves zeros. With momentum the optimizer can tell them apart.

# %%
@viz.playground
def coast(set_to_none=True):
    w = mg.tensor(1.0, requires_grad=True)
    optimizer = mg.optim.SGD([w], lr=0.1, momentum=0.9)
    (1.0 * w).backward()
    optimizer.step()
    print(f"after a step with gradient 1: w = {w.item():.2f}")
    optimizer.zero_grad(set_to_none=set_to_none)
    optimizer.step()
    print(f"one more step, w.grad = {w.grad}: w = {w.item():.2f}")

# %%
question = predict(
    "A step with momentum has moved `w` from 1 to 0.9. Clear, and step again without a "
    "backward. Where is `w`?",
    reveal=lambda: coast.set(),
)
question

# %%
# %%twin
for set_to_none in (True, False):
    w = mg.tensor(1.0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    (1.0 * w).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=set_to_none)
    optimizer.step()
    print(w.grad, f"-> w = {w.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
coast.states()

# %% [markdown]
# ## Your turn: a loader whose last batch is small
#
# Back to the parts of a batch. This is what the three shares have done:
#
# | each loss | parts of equal size | parts of different size |
# |---|---|---|
# | as it is | too large, by the number of parts | too large |
# | divided by the number of parts | right | **wrong, and close enough to go unnoticed** |
# | times its share of the rows | right | right |
#
# A loader's last batch is nearly always smaller. Here it is too: seven rows, three at a time, are 3, 3 and 1.
# Repair one line, so that `w.grad` is that of all seven. `len(x)` is the number of rows in a part,
# `len(loader.dataset)` that of all.

# %%
def update(loader, w):
    for (x,) in loader:
        loss = ((w * x) ** 2).mean() / len(loader)  # repair this line
        loss.backward()

# %%
print(check_update(update))

# %% [markdown]
# Solved? Then you are ready for the real thing, with a model, an optimizer, and parts of any size. It is graded on values,
# gradients and the structure of the graph, and it tells you at once what is missing:
# **[Exercise 08 · The big batch in small parts](../exercises/release/08_accumulation/accumulation.ipynb)**.
#
# ## If you have time: when no share helps
#
# Accumulation rests on one thing: the loss of a row does not depend on the other rows of its part. Batch norm breaks it.

# %%
x = mg.tensor([[1.0], [2.0], [3.0], [10.0]])

def gradient(parts, norm):
    mg.manual_seed(0)
    layer = mg.nn.Linear(1, 1)
    for part in parts:
        h = layer(part)
        h = mg.nn.functional.batch_norm(h, mg.zeros(1), mg.ones(1), training=True) if norm else h
        ((h - part) ** 2).mean().mul(len(part) / 4).backward()
    return layer.weight.grad

# %%
def compare():
    lines = []
    for norm in (False, True):
        whole, halves = gradient([x], norm), gradient([x[:2], x[2:]], norm)
        lines.append(f"batch norm {norm!s:5}  equal: {abs((whole - halves).item()) < 1e-4}")
    return "\n".join(lines)

question = predict(
    "Two equal halves, each weighed by its rows. With batch norm in the model, is the "
    "gradient that of the whole batch?",
    reveal=compare,
)
question

# %% [markdown]
# Find another layer, or another loss, for which no share makes the parts equal to the whole.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(compare())

# %% [markdown]
# ## What you know now
#
# - `backward()` **adds** to `.grad`. Whoever wants to begin anew has to clear.
# - Clear anywhere but between backward and step. Forgetting it makes every step use all gradients so far.
# - Parts make the big batch when each loss is weighed by its **share of the rows**.
# - Losses that share a graph: add them, one backward. Parts of a batch: one backward each, one graph at a time.
# - `None` makes the optimizer skip a parameter. Zero is a gradient.
#
# **Next:** ordinary `if`s decide which parameters learn anything at all: [09 · Branches](09_branches.ipynb).
