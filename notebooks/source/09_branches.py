# %% [markdown]
# # 09 · Branches
#
# When you have finished this lesson you can say which parameters an `if` trains and which it leaves alone, turn a
# hard decision into one that can be learned, and use `where` without being bitten by `nan`.
#
# **Shift + Enter** runs a cell and moves on.

# %%
import minigrad as mg
import viz
from lesson import Curve, predict, progress

# %% [markdown]
# Here is a **router**: two small experts, and one `if` that sends each input to one of them. The right arm doubles
# what its expert says, so that you can tell the arms apart in the picture.

# %%
class Router(mg.nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = mg.nn.Linear(1, 1), mg.nn.Linear(1, 1)

    def forward(self, x, branch="auto"):
        if branch == "right" or (branch == "auto" and x > 0):
            y = 2 * self.right(x)
        else:
            y = self.left(x)
        return y

# %%
mg.manual_seed(0)
router = Router()

@viz.playground(x=(-3.0, 3.0), branch=["auto", "left", "right"])
def route(x=1.5, branch="auto"):
    router.zero_grad()
    x = mg.tensor([x])
    y = router(x, branch)
    y.backward()
    print("left.weight.grad  =", router.left.weight.grad)
    print("right.weight.grad =", router.right.weight.grad)

# %%
question = predict(
    "`x` is 1.5, so the `if` goes **right**. After `y.backward()`, what does `left.weight.grad` hold?",
    reveal=lambda: route,
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
route.states()

# %% [markdown]
# ### The same in PyTorch

# %%
# %%twin
left, right = nn.Linear(1, 1), nn.Linear(1, 1)
x = mg.tensor([1.5])
y = 2 * right(x) if x > 0 else left(x)
y.backward()
print("right:", right.weight.grad)
print("left: ", left.weight.grad)

# %% [markdown]
# The graph knows nothing of the `if`. It knows only **what ran**.
#
# ## Who learned something today?
#
# One input trains one arm. What an arm learns from a whole data set depends on how many inputs come its way. Here are
# three inputs, and one `backward()` for each.

# %%
@viz.playground(shift=(-3.0, 3.0, 0.5))
def one_pass(shift=0.0):
    router.zero_grad()
    asked = {"left": 0, "right": 0}
    for number in (-2.0, 1.0, 2.0):
        arm = "right" if number + shift > 0 else "left"
        router(mg.tensor([number + shift]), arm).backward()
        asked[arm] += 1
    return "\n".join(f"{arm:5}  {'■' * n}{'□' * (3 - n)}  {n} of 3 inputs" for arm, n in asked.items())

# %%
question = predict(
    "The inputs are -2, 1 and 2. How often is something added to `right.weight.grad` in one pass over them?",
    reveal=lambda: one_pass,
)
question

# %% [markdown]
# At `shift = 3` all inputs go right, and the left expert has learned nothing at all. No error, no warning: the loss
# falls, and half of the model is still as it was born. Count your branches when you train one.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
one_pass.states()

# %% [markdown]
# ## What does the `if` do to a tensor?
#
# Python can branch only on a plain `True` or `False`. So the number has to leave the graph: it is **read back**. The
# recording noticed:

# %%
with viz.watch() as run:
    y = router(mg.tensor([1.5]))
for read in run.graph.reads:
    print(f"{read.how}() in the line: {read.source.text}")

# %% [markdown]
# Each such line asks for the value *now*. On a GPU the program has to wait for it. And whoever replays a
# recorded graph never sees the other arm.

# %%
question = predict("`x` holds three numbers, two of them above 0. What does `if x > 0:` do?")
question

# %%
# %%twin
x = mg.tensor([-1.0, 0.5, 2.0])
print(x > 0)
try:
    print("one arm" if x > 0 else "the other")
except RuntimeError:
    print("RuntimeError: three answers where one is wanted")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(run.digest(), len(run.graph.reads))

# %% [markdown]
# ## Can the decision itself be learned?
#
# Say the threshold `t` is a number that we want to learn. Here are three **gates**, that is,
# three ways to choose between two arms at `t`:

# %%
def hard(x, t, left, right):
    return right * x if x > t else left * x

def both(x, t, left, right):
    return mg.where(x > t, right * x, left * x)

def soft(x, t, left, right):
    g = mg.sigmoid(4 * (x - t))
    return g * (right * x) + (1 - g) * (left * x)

# %%
gates = {"if": hard, "where": both, "sigmoid": soft}

@viz.playground(x=(0.5, 3.0, 0.05), gate=list(gates))
def decide(x=1.75, gate="if"):
    x = mg.tensor(x)
    t, left, right = (mg.tensor(v, requires_grad=True) for v in (1.5, -1.0, 2.0))
    y = gates[gate](x, t, left, right)
    y.backward()
    print("t.grad     =", t.grad)
    print("left.grad  =", left.grad)
    print("right.grad =", right.grad)

# %%
question = predict(
    "`x` is 1.75 and `t` is 1.5. With the gate `if`, what does `t.grad` hold after `y.backward()`?",
    reveal=lambda: decide,
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
decide.states()

# %%
question = predict(
    "Now the gate `where`, and again `right` is chosen. What does `left.grad` hold? Guess, then press `where` "
    "above.",
)
question

# %%
# %%twin
x, t = mg.tensor(1.75), mg.tensor(1.5, requires_grad=True)
left, right = mg.tensor(-1.0, requires_grad=True), mg.tensor(2.0, requires_grad=True)
mg.where(x > t, right * x, left * x).backward()
print("where:  ", t.grad, left.grad, right.grad)
g = mg.sigmoid(4 * (x - t))
(g * right * x + (1 - g) * left * x).backward()
print("sigmoid:", t.grad)

# %% [markdown]
# Only `sigmoid` lets `t` learn. It opens by degrees: just above `t` a little more than half of the answer comes from
# `right`, far above it nearly all.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()

# %% [markdown]
# ### Is `None` just another zero?
#
# An optimizer **skips** a parameter whose gradient is `None`. A zero is a gradient, and the step is made.

# %%
question = predict(
    "SGD with momentum has just moved a weight from 1.0 to 0.9. The next input takes the other arm, so the "
    "gradient of this weight is either `None` or zero. Where is the weight after the next step?",
)
question

# %%
# %%twin
for set_to_none in (True, False):
    w = mg.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    w.sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=set_to_none)
    optimizer.step()
    print(w.grad, f"-> w = {w.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()

# %% [markdown]
# ## Watch a threshold learn
#
# These data bend at 1: `2x` above it, `-x` below. All three numbers may learn; the threshold starts at the wrong
# place, -1. Once through `where`, once through the soft gate.

# %%
x = mg.linspace(-3, 3, 61)
truth = mg.where(x > 1, 2 * x, -x)

def train(name, gate):
    t, left, right = (mg.tensor(v, requires_grad=True) for v in (-1.0, -0.5, 1.0))
    optimizer = mg.optim.SGD([t, left, right], lr=0.1)
    for step in progress(range(150), name):
        loss = ((gate(x, t, left, right) - truth) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.add(step, **{name: t})
    return t.item()

# %%
curve = Curve("step", "threshold t", "Where is the bend?")
display(curve)
for step in (0, 149):
    curve.add(step, bend=1.0)
ends = {name: train(name, gate) for name, gate in (("where", both), ("sigmoid", soft))}
curve.draw()

# %%
for name, t in ends.items():
    print(f"{name:8} moved: {t != -1.0!s:6} within 0.1 of the bend: {abs(t - 1) < 0.1}")

# %% [markdown]
# Behind `where` the arms did their best around a threshold that could not move. The price of the soft gate: both
# experts run for every input. The three gates side by side:
#
# | gate | runs | chosen arm | other arm | threshold `t` |
# |---|---|---|---|---|
# | `if` | one arm | gradient | **None** | **None** |
# | `where` | both arms | gradient | **zero** | **None** |
# | `sigmoid` | both arms | its share | its share | gradient |
#
# ## Two kinds of nothing: cut, or zero
#
# A comparison is not the only step that teaches nothing. Here `y = (step(x) * w).sum()` with `x = [0.2, 1.7, 0.9]`.

# %%
steps = {
    "x > 1": lambda x: x > 1,
    "argmax": lambda x: x.argmax(),
    "round": lambda x: x.round(),
    "sigmoid": lambda x: mg.sigmoid(x - 1),
}

# %%
@viz.playground(step=list(steps))
def nothing(step="round"):
    x = mg.tensor([0.2, 1.7, 0.9], requires_grad=True)
    w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    h = steps[step](x)
    y = (h * w).sum()
    y.backward()
    print("x.grad =", x.grad)
    print("w.grad =", w.grad)

# %%
question = predict(
    "`x.round()` is a staircase. What does `x.grad` hold after `y.backward()`?",
    reveal=lambda: nothing,
)
question

# %%
# %%twin
w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
for step in (lambda x: x > 1, lambda x: x.argmax(), lambda x: x.round(), lambda x: mg.sigmoid(x - 1)):
    x = mg.tensor([0.2, 1.7, 0.9], requires_grad=True)
    (step(x) * w).sum().backward()
    print(x.grad)

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
nothing.states()

# %% [markdown]
# ## Your turn: an alarm that can learn
#
# The alarm is 1 above the threshold `t` and 0 below. Rewrite its one line so that a gradient reaches both `x` and
# `t`. Far from `t` the answer should still be close to 0 or 1. This is what tries it out:

# %%
def ring(alarm, at):
    x, t = mg.tensor(at, requires_grad=True), mg.tensor(0.5, requires_grad=True)
    with viz.watch() as run:
        y = alarm(x, t)
        if y.requires_grad:
            y.backward()
    return run, y.item(), x.grad, t.grad

# %%
def alarm(x, t):
    return (x > t) * 1.0  # change this line

viz.show(ring(alarm, at=0.5)[0])

# %%
far_above, far_below = ring(alarm, at=10.5)[1], ring(alarm, at=-9.5)[1]
gradients = ring(alarm, at=0.5)[2:]
if abs(far_above - 1) > 0.1 or abs(far_below) > 0.1:
    print("not yet: far above t the alarm should be close to 1, far below it close to 0")
elif any(gradient is None for gradient in gradients):
    print("not yet: the way back is cut; follow the arrows from x and t in the picture")
elif any(gradient.item() == 0 for gradient in gradients):
    print("not yet: there is a way back, but it is flat: the gradient is 0")
else:
    print("solved: gradients reach x and t")

# %% [markdown]
# Two kinds of nothing, and what can learn, side by side:
#
# | in the picture | `x.grad` | met with | what it means |
# |---|---|---|---|
# | dashed, tag *cut* | **None** | `>`, `==`, `argmax` | there is no way back |
# | solid, gradient 0 | **zeros** | `round`, `floor`, `sign` | there is a way back, and it is flat |
# | solid, gradient | numbers | `sigmoid`, `tanh` | this can learn |
#
# ## Does `where` protect from the arm it does not take?
#
# The square root of `x` where `x` is positive, else 0. Its slope grows without bound on the way to 0. `where` sees to
# it that 0 itself never takes that arm. Or does it?

# %%
@viz.playground(x=(-1.0, 2.0, 0.25), safe=False)
def root(x=0.0, safe=False):
    x = mg.tensor(x, requires_grad=True)
    grown = mg.sqrt(mg.where(x > 0, x, 1.0)) if safe else mg.sqrt(x)
    y = mg.where(x > 0, grown, 0.0)
    y.backward()
    return f"y      = {y.item():.4f}\nx.grad = {x.grad.item():.4f}"

# %%
question = predict(
    "`y = where(x > 0, sqrt(x), 0)` at `x = 0`. `y` is 0. What does `x.grad` hold?",
    reveal=lambda: root,
)
question

# %% [markdown]
# Move `x` around, then switch `safe` on. Now the **input** is masked first: wherever the root must not go, it gets
# 1.0 instead. It computes something harmless, its slope is finite, and 0 times a finite number is 0.
#
# So: mask what goes in, not only what comes out.

# %%
# %%twin
for value in (1.0, 0.0, -1.0):
    x = mg.tensor(value, requires_grad=True)
    mg.where(x > 0, mg.sqrt(x), 0.0).backward()
    z = mg.tensor(value, requires_grad=True)
    inside = mg.where(z > 0, z, 1.0)
    mg.where(z > 0, mg.sqrt(inside), 0.0).backward()
    print(f"x = {value:4}  where alone: {x.grad.item():.4f}  masked first: {z.grad.item():.4f}")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
root.states()

# %% [markdown]
# ## Your turn: stay finite at the edge
#
# `p log p` is what entropy is made of. It is 0 at `p = 0`, though `log 0` is minus infinity. The values below are
# right, the gradient at 0 is not. Repair it; the values must stay as they are.

# %%
def p_log_p(p):
    return mg.where(p > 0, p * mg.log(p), 0.0)  # repair this

# %%
p = mg.tensor([0.0, 0.25, 0.5, 1.0], requires_grad=True)
with viz.watch() as attempt:
    h = p_log_p(p)
    h.sum().backward()
print("values   ", h.detach())
print("gradients", p.grad)
viz.show(attempt)

# %%
def near(found, wanted):
    return all(abs(a - b) < 1e-4 for a, b in zip(found.tolist(), wanted, strict=True))

if not near(h, [0, -0.3466, -0.3466, 0]):
    print("not yet: the values should be 0, -0.3466, -0.3466, 0")
elif not abs(p.grad[0].item()) < float("inf"):
    print("not yet: the gradient at p = 0 is not a finite number")
elif not near(p.grad[1:], [-0.3863, 0.3069, 1.0]):
    print("not yet: above 0 the gradient should be log(p) + 1")
else:
    print("solved: finite at the edge, and right everywhere else")

# %% [markdown]
# ## If you have time: how soft should a gate be?
#
# `sigmoid((x - t) / temperature)` comes ever closer to a hard step as the temperature goes to 0.

# %%
def pull(x, temperature):
    t = mg.tensor(0.0, requires_grad=True)
    mg.sigmoid((x - t) / temperature).backward()
    return abs(t.grad.item())

def teach():
    curve = Curve("x", "size of t.grad", "What one input at x teaches a threshold at 0")
    for temperature in (1.0, 0.5, 0.1):
        for x in mg.linspace(-3, 3, 121).tolist():
            curve.add(x, **{f"temperature {temperature}": pull(x, temperature)})
    curve.draw()
    return curve.figure

# %%
question = predict(
    "At a low temperature the gate is nearly a hard step. Which inputs still teach `t` something?",
    reveal=teach,
)
question

# %% [markdown]
# Put a temperature into `soft`, train the threshold again with a temperature of 0.02, and then with a temperature that begins at 1 and
# falls with every step. Which one finds the bend, and why?

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
for temperature in (1.0, 0.5, 0.1):
    print(f"temperature {temperature}: {pull(0.0, temperature):.4f} at t, {pull(2.0, temperature):.4f} far away")

# %% [markdown]
# ## What you know now
#
# - Only the arm that **ran** is in the graph. The other arm's parameters keep `None`, and `None` is not zero.
# - The condition is **never differentiated**: a comparison is a cut. To learn a decision, make it soft.
# - `if` on a tensor reads its value back, and takes exactly one.
# - Comparison and argmax cut; rounding sends back zeros; neither teaches.
# - `where` runs **both** arms. Mask the input of the dangerous one first.
#
# **Next:** what becomes of a branch when the graph is recorded once, and run from then on?
# [13 · Record once, replay many](13_record_once_replay_many.ipynb). (Lesson 10, on loops and graphs as long as the data, is still to come.)
