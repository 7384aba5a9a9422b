# %% [markdown]
# # 13 · Record once, replay many
#
# When you have finished this lesson you can say what a recorded graph keeps and what it loses, find the smallest input
# that shows it, and let a training step be recorded once and run from then on without Python.
#
# **Shift + Enter** runs a cell and moves on.

# %%
import minigrad as mg
import viz
from checks_13 import check_counterexamples, check_tracer, quietly, sweep
from lesson import predict
from minigrad import jit, static

# %%
def bend(x):
    if x > 0:
        y = 2 * x
    else:
        y = -x
    return y

# %%
@viz.playground(x=(-3.0, 3.0, 0.5))
def eager(x=1.0):
    y = bend(mg.tensor(x))
    return y

eager

# %% [markdown]
# This is how all lessons so far have worked: Python runs, and what runs is recorded, anew for every call. Move `x` below
# 0: another graph.

# %%
def three_calls():
    with viz.watch() as run:
        for number in (1.0, 2.0, -1.0):
            bend(mg.tensor(number))
    return run

question = predict("`bend` is called at 1, at 2 and at -1. How many graphs are recorded?", reveal=three_calls)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
eager.states()

# %% [markdown]
# Each call pays for its recording. So why not record **once**, and run the graph from then on? This lesson shows two
# ways, and what each costs you.
#
# ## The old way: describe first, run later
#
# TensorFlow 1 was made like this, and `minigrad.static` is a small copy of it. No tensor is in sight: a `placeholder` is a hole for
# one, and each line only adds a node to a graph.

# %%
with static.Graph().as_default() as graph:
    x = static.placeholder("float32", [None], name="x")
    w = static.Variable(2.0, name="w")
    y = x * w
    total = static.sum(y)
    start = static.global_variables_initializer()

# %%
question = predict("`y = x * w` has run, and `w` begins at 2. What does `print(y)` show?", reveal=lambda: repr(y))
question

# %% [markdown]
# A **session** runs the graph: you *fetch* some nodes, and *feed* the holes that they need.

# %%
session = static.Session(graph=graph)
session.run(start)
print(session.run(y, {x: [1.0, 2.0, 3.0]}))
print(session.run(total, {x: [10.0, 20.0]}))

# %%
viz.show(viz.graph_of(session.steps(total)))

# %% [markdown]
# The length of `x` is still a `?`, and no box has a value but `w`: a session keeps variables from run to run.

# %%
def fetched():
    return f"session.run(w) = {session.run(w)}"

question_feed = predict("What has to be fed to fetch `w`?", reveal=fetched)
question_feed

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
question_feed.drive()
print(fetched())

# %% [markdown]
# ### Where does the error show?
#
# Here `x + three` cannot work for two numbers. Which line complains?

# %%
def describe():
    with static.Graph().as_default() as graph:
        x = static.placeholder("float32", [None], name="x")
        three = static.constant([1.0, 2.0, 3.0])
        loss = static.sum(x + three)
    return graph, x, loss

# %%
def late():
    graph, x, loss = describe()
    try:
        static.Session(graph=graph).run(loss, {x: [1.0, 2.0]})
    except static.RunError as error:
        return str(error)

question = predict("`describe()` is called, then a session feeds `x` two numbers. Where does it raise?", reveal=late)
question

# %% [markdown]
# Here the message names the line, because `minigrad` kept it. TensorFlow 1 often could not: in a large model the run failed far from
# its cause. In define-by-run the line itself raises, with the values at hand.

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(late())

# %% [markdown]
# ## The second way: record one call
#
# `jit.trace` runs your function once, on an example, and keeps the graph. You go on writing ordinary Python.

# %%
traced = jit.trace(bend, mg.tensor(1.0))
print(traced.code)

# %% [markdown]
# Read the code: that is all that `traced` will ever do. And read the warning: it says what was lost.

# %%
side_by_side = viz.captures({"eager": bend, "traced": traced}, x=(-3.0, 3.0, 0.5))

question = predict(
    "The trace was made at `x = 1`. What does `traced` give at -1?",
    reveal=lambda: side_by_side.set(x=-1.0),
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
side_by_side.states()

# %% [markdown]
# In the trace's graph the comparison is still there, but nothing depends on it any more.

# %%
# %%twin
def bend(x):
    return 2 * x if x > 0 else -x

traced = mg.jit.trace(bend, mg.tensor(1.0))
for number in (1.0, -1.0):
    x = mg.tensor(number)
    print(f"at {number}: recorded {traced(x).item()}, eager {bend(x).item()}")

# %% [markdown]
# ## Hunting for the counterexample
#
# How do you know that a trace is good? Run both on many inputs, and look for the smallest at which they part.
# `jit.divergence` does it, and names the op.

# %%
print(jit.divergence(traced, bend))

# %% [markdown]
# Now a loop: `grow` adds `x` to itself as often as `x` is long. At `[1, 1, 1]` it gives `[3, 3, 3]`.

# %%
def grow(x):
    y = 0 * x
    for _ in range(x.shape[0]):
        y = y + x
    return y

grown = quietly(grow, mg.ones(2))

# %%
lengths = [mg.ones(n) for n in range(1, 6)]
question = predict(
    "`grow` was traced with two numbers. What does the trace give for **five** ones?",
    reveal=lambda: sweep(grown, grow, lengths),
)
question

# %%
viz.show(viz.graph_of(grown))

# %% [markdown]
# The loop is not in the graph, only its turns are. No tensor decided how often it turns, so PyTorch has nothing to warn of; `minigrad`
# runs the function again with other lengths, and tells you:

# %%
grown = jit.trace(grow, mg.ones(2))

# %%
# %%twin
import warnings

def grow(x):
    y = 0 * x
    for _ in range(x.shape[0]):
        y = y + x
    return y

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    grown = mg.jit.trace(grow, mg.ones(2))
print("warnings by the tracer:", sum("Tracer" in warning.category.__name__ for warning in said))
print(grown(mg.ones(5)))

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(sweep(grown, grow, lengths))
print(jit.divergence(grown, grow, lengths))

# %% [markdown]
# ## Your turn: three counterexamples
#
# Three functions, each traced on an example. For each, give an input at which the trace is wrong. Make it as short
# as you can. Think first: what did the example's run not see?

# %%
def choose(x):
    """One arm is kept."""
    return x * x if x.sum() > 2 else x + x

def average(x):
    """The loop is unrolled."""
    return sum(x[i] for i in range(len(x))) / len(x)

def scale(x):
    """A number leaves for Python."""
    return x / x.max().item()

# %%
tasks = {"choose": (choose, mg.tensor([3.0])), "average": (average, mg.ones(3)), "scale": (scale, mg.tensor([1.0, 4.0]))}
mine = {
    "choose": mg.tensor([2.0]),  # change these
    "average": mg.tensor([1.0, 1.0, 1.0]),
    "scale": mg.tensor([4.0, 4.0]),
}

# %%
print(check_counterexamples(mine, tasks))

# %% [markdown]
# ## What happens while recording, and what at each replay?
#
# Only ops on tensors are recorded. Everything else that Python does, it does once.

# %%
@viz.playground(replays=(0, 5, 1))
def counters(replays=3):
    heard = []
    def chatty(x):
        heard.append("running")  # a print, a counter, a line in a log
        return 2 * x
    traced = jit.trace(chatty, mg.ones(1), check_trace=False)
    at_recording = len(heard)
    for _ in range(replays):
        traced(mg.ones(1))
    return f"while recording: {at_recording}\nat {replays} replays:   {len(heard) - at_recording}"

# %%
question = predict(
    "A function that says *running* is traced once, and the trace is called three times. How often does it speak?",
    reveal=lambda: counters,
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
counters.states()

# %% [markdown]
# The same holds for what a **mode** decides. Dropout looks at `training` while it runs, and a trace keeps what it did then.

# %%
model = mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Dropout(0.5))
in_training = quietly(model, mg.ones(1, 2))
in_evaluation = quietly(model.eval(), mg.ones(1, 2))

# %%
def both():
    return f"recorded in training:\n{in_training.code}\n\nrecorded in evaluation:\n{in_evaluation.code}"

question = predict("A model was traced while it was training. Then `traced.eval()`. Does dropout stop?", reveal=both)
question

# %% [markdown]
# That is why a model is put into `eval()` before it is traced: whatever its layers decide by their mode is fixed.

# %%
# %%twin
mg.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 64), nn.Dropout(0.5))
x = mg.ones(1, 64)
in_training = mg.jit.trace(model, x, check_trace=False)
in_training.eval()
print("zeros after eval():", (in_training(x) == 0).any().item())
in_evaluation = mg.jit.trace(model.eval(), x)
print("recorded in eval():", (in_evaluation(x) == 0).any().item())

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(both())

# %% [markdown]
# ## A whole training step
#
# Nothing says that only a forward can be recorded. Here are forward, loss, backward and update in one function:

# %%
mg.manual_seed(0)
layer = mg.nn.Linear(2, 1)
optimizer = mg.optim.SGD(layer.parameters(), lr=0.1)

def step(x, target):
    optimizer.zero_grad()
    loss = ((layer(x) - target) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss

# %%
x, target = mg.ones(4, 2), mg.zeros(4, 1)
traced_step = jit.trace(step, (x, target))
print(traced_step.code)

# %%
def after_lr_0():
    before = layer.weight.clone()
    optimizer.param_groups[0]["lr"] = 0.0
    traced_step(mg.ones(4, 2), mg.ones(4, 1))
    optimizer.param_groups[0]["lr"] = 0.1
    return f"the weights have moved: {not mg.equal(before, layer.weight)}"

question = predict(
    "The step was traced with a learning rate of 0.1. Now the optimizer's `lr` is set to 0, and the trace runs once "
    "more. Do the weights move?",
    reveal=after_lr_0,
)
question

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(after_lr_0())

# %% [markdown]
# ## Record again when it no longer fits: `jit.compile`
#
# A trace never asks whether it still fits. `jit.compile` does, at every call: shapes, modes, the branch that was taken. These questions
# are its **guards**. When one says no, the call is recorded anew, and both recordings are kept. What it keeps is not run node
# by node, but turned into lines of NumPy.

# %%
fast_bend = jit.compile(bend)
for number in (1.0, 2.0, -1.0, 3.0, -2.0):
    fast_bend(mg.tensor(number))

# %%
question = predict(
    "A compiled `bend` is called at 1, 2, -1, 3 and -2. How often is it recorded?",
    reveal=fast_bend.report,
)
question

# %%
fast = jit.compile(step)
for rows in (4, 4, 4, 3, 4):
    fast(mg.ones(rows, 2), mg.zeros(rows, 1))
print(fast.report())

# %% [markdown]
# The step is one Python function now; `print(fast.source())` shows it. Does it give what the eager step gives? And is it faster?

# %%
def losses(step, steps=50):
    mg.manual_seed(0)
    layer.reset_parameters()
    return [step(x, target).item() for _ in range(steps)]

eager_losses, compiled_losses = losses(step), losses(fast)
print("the same losses:", mg.allclose(mg.tensor(eager_losses), mg.tensor(compiled_losses)))

# %% tags=["nbval-ignore-output"]
from time import perf_counter  # not compared: how fast it is depends on the machine

def rate(step):
    begin = perf_counter()
    losses(step, 500)
    return 500 / (perf_counter() - begin)

print(f"compiled, it makes about {rate(fast) / rate(step):.0f} times as many steps in a second")

# %% jupyter={"source_hidden": true} tags=["check"]
# %%check
question.drive()
print(fast_bend.report())

# %% [markdown]
# What each way keeps, side by side:
#
# | | branches | loops | numbers read by Python | notices that it no longer fits |
# |---|---|---|---|---|
# | eager | all | all | read anew | needs not |
# | `jit.trace` | the one that ran | as many turns as ran | fixed | never |
# | `jit.compile` | one per recording | one number of turns per recording | guarded | at each call |
# | `static` | those that you describe | those that you describe | none: nodes have no value | needs not |
#
# ### And `torch.jit`?
#
# PyTorch's own `torch.jit.trace` is still there, and tells you to use something else (`mg` stands for `torch`):

# %%
# %%twin
import warnings

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    mg.jit.trace(lambda x: 2 * x, mg.ones(1))
print(*{str(warning.message) for warning in said if warning.category is DeprecationWarning})

# %% [markdown]
# The successors, `torch.compile` (guards, as here) and `torch.export` (one graph to ship), record as well. What recording
# keeps and loses is the same question under any name.
#
# ## Your turn: a tracer of your own
#
# A tracer hands your function a **stand-in**. Whatever is done with it, it writes down. Finish `put` and `replay_steps`; a step
# is `(name, op, inputs)`, and an input is the name of an earlier result, or a number.

# %%
OPS = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "tanh": lambda a: a.tanh()}

class StandIn:
    def __init__(self, name, steps):
        self.name, self.steps = name, steps

    def put(self, op, *others):
        inputs = [self.name, *(other.name if isinstance(other, StandIn) else other for other in others)]
        return self  # write the step down, and return the stand-in of its result

    __add__ = lambda self, other: self.put("add", other)
    __mul__ = lambda self, other: self.put("mul", other)
    tanh = lambda self: self.put("tanh")

# %%
def record(function):
    steps = []
    result = function(StandIn("x", steps))
    return steps, result.name

def replay_steps(steps, result, x):
    known = {"x": x}
    for name, op, inputs in steps:
        pass  # look the inputs up, run OPS[op] on them, and remember what comes out
    return known[result]

# %%
print(record(lambda x: (x * x + 3).tanh()))
print(check_tracer(record, replay_steps))

# %% [markdown]
# Solved? Then `record` the function `lambda x: x if x else x + 1`, and find out which arm your tracer keeps, and why it gives no warning.
#
# And then the real thing: a tracer that watches a run, and hunts for mistakes that nobody notices. It is graded on values, gradients
# and the structure of the replayed graph, and it tells you at once what is missing:
# **[Exercise 13 · A tracer of your own](../exercises/release/13_tracer/tracer.ipynb)**.
#
# ## If you have time: a guard of your own
#
# `careful(function, example)` should replay its trace where it fits, and record again where it does not. For `bend`
# one question is enough. Which one? Which would do for `grow`?

# %%
def careful(function, fits, example):
    kept = [(example, quietly(function, example))]
    def run(x):
        for seen, traced in kept:
            if fits(seen, x):
                return traced(x)
        kept.append((x, quietly(function, x)))
        return kept[-1][1](x)
    return run

# %%
guarded = careful(bend, lambda seen, x: True, mg.tensor(1.0))  # ask a better question
print(sweep(guarded, bend, [mg.tensor(number) for number in (2.0, -1.0, -3.0, 1.0)]))

# %% [markdown]
# ## What you know now
#
# - In a **static** graph a node has no value before a run, and what is wrong shows only then.
# - A **trace** keeps what ran: one arm, so many turns, the numbers and the mode of that moment. Prints happen once.
# - No warning is no proof. **Sweep inputs** and look for the smallest at which recorded and eager part.
# - `jit.compile` records again when a **guard** says that the recording no longer fits; a whole step may go into it.
#
# **Next:** what if both arms should be in the graph, and the graph in a file that runs without Python?
# [14 · Keep the branch, ship the graph](14_keep_the_branch_ship_the_graph.ipynb).
