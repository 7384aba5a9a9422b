# %% [markdown] grade_id="task"
# # Exercise 13 · A tracer of your own
#
# `jit.trace` runs a function once, keeps what ran, and runs that from then on. Write the same, small: two functions.
#
# | you write | it |
# |---|---|
# | `record(function, example)` | calls `function(*example)` **once**, and returns a *tape*: what your `replay` needs |
# | `replay(tape, inputs)` | runs what is on the tape on other inputs, and returns the result |
#
# `example` and `inputs` are tuples of tensors. What the tape looks like is up to you. When you are done:
#
# - a replay gives what the recorded ops give on the new inputs, even where the function would go another way now,
# - gradients come back through it, to its inputs and to tensors that the function used besides (a weight, say),
# - it leaves behind the very graph that eager mode would, and never calls the function again.
#
# What runs, you are told by `listen`:

# %% grade_id="tools"
import minigrad as mg
from exercises.graders.tracer import listen

x = mg.tensor([1.0, 2.0])
with listen() as heard:
    y = 3 * x.tanh()

for op, inputs, output in heard:
    print(op, inputs, output)  # and op(*inputs) runs it again, on these inputs or on others

# %% [markdown] grade_id="tools-note"
# Each input is the very object that the op got: a tensor of the example, the output of an earlier op, another tensor,
# or a plain number. Whether two names stand for the same tensor, `is` tells (or `id`, as the key of a dictionary); `==`
# would compare their numbers.

# %% grade_id="tracer" answer=true
def record(function, example):
    with listen() as heard:
        result = function(*example)
    ### BEGIN SOLUTION
    place = {id(x): number for number, x in enumerate(example)}
    steps = []
    for op, inputs, output in heard:
        steps.append((op, [(True, place[id(x)]) if id(x) in place else (False, x) for x in inputs]))
        place[id(output)] = len(place)
    return steps, place[id(result)]
    ### END SOLUTION


def replay(tape, inputs):
    ### BEGIN SOLUTION
    steps, result = tape
    values = list(inputs)
    for op, sources in steps:
        values.append(op(*[values[x] if known else x for known, x in sources]))
    return values[result]
    ### END SOLUTION


# %% [markdown] grade_id="how"
# ## Check it
#
# Run the next cell as often as you like; after a change, run the cell above first. It lets your tracer record four
# functions: one uses a result twice, one has two inputs with the same numbers, one has a branch and a weight, and one a
# loop. It draws the graph of your replay. While something is wrong, it marks the place to look at and offers three
# hints to open; the third says most.

# %% grade_id="check-tracer"
from exercises.graders.tracer import check as check_tracer

check_tracer("record", "replay")

# %% [markdown] grade_id="task-counterexamples"
# ## Where any tracer goes wrong
#
# Here are three functions, each traced on one example.

# %% grade_id="functions"
from exercises.graders.traced import quietly


def turn(x):
    if x[0] > x[-1]:
        return x * x
    return x + x


def fold(x):
    total = x[0]
    for i in range(1, len(x)):
        total = total * 0.5 + x[i]
    return total


def stretch(x):
    width = x.max().item() - x.min().item()
    return x * width


traced = {  # jit.trace, without its warnings
    "turn": quietly(turn, mg.tensor([1.0, 2.0, 3.0])),
    "fold": quietly(fold, mg.tensor([1.0, 1.0, 1.0])),
    "stretch": quietly(stretch, mg.tensor([2.0, 2.0, 2.0])),
}

# %% [markdown] grade_id="counterexamples-note"
# For each, give an input at which the trace is wrong **and nobody notices**: function and trace both run without an
# error, and give different numbers. Find the **shortest** there is, the one with the fewest numbers.
#
# Return them in a dictionary, as `{"turn": mg.tensor([...]), "fold": mg.tensor([...]), "stretch": mg.tensor([...])}`.

# %% grade_id="counterexamples" answer=true
def counterexamples():
    ### BEGIN SOLUTION
    return {"turn": mg.tensor([1.0, 0.0]), "fold": mg.ones(4), "stretch": mg.tensor([1.0, 2.0])}
    ### END SOLUTION


# %% grade_id="check-counterexamples"
from exercises.graders.counterexamples import check as check_counterexamples

check_counterexamples("counterexamples")

# %% [markdown] grade_id="points"
# ## Points
#
# Of the tracer, **v**alues (2), **g**radients (2) and the **s**tructure of the replayed graph (3) count separately.
# When it is graded, it has to record other functions: of up to three inputs, of odd shapes, with and without branches.
# Of the counterexamples it counts that they are some (2), and that there are no shorter ones (1).

# %% grade_id="values" points=2
from exercises.graders.tracer import check

print(check("record", "replay").verdict("V"))
### BEGIN HIDDEN TESTS
# ruff: noqa: E402  a notebook imports where it needs a thing; learners do not see this line
from exercises.graders.tracer import grade

grade(record, replay, "V", seeds=(131, 132))
### END HIDDEN TESTS

# %% grade_id="gradients" points=2
from exercises.graders.tracer import check

print(check("record", "replay").verdict("G"))
### BEGIN HIDDEN TESTS
from exercises.graders.tracer import grade

grade(record, replay, "G", seeds=(131, 132))
### END HIDDEN TESTS

# %% grade_id="structure" points=3
from exercises.graders.tracer import check

print(check("record", "replay").verdict("S"))
### BEGIN HIDDEN TESTS
from exercises.graders.tracer import grade

grade(record, replay, "S", seeds=(131, 132))
### END HIDDEN TESTS

# %% grade_id="parting" points=2
from exercises.graders.counterexamples import check

print(check("counterexamples").verdict("V"))
### BEGIN HIDDEN TESTS
from exercises.graders.counterexamples import grade

grade(counterexamples, "V")
### END HIDDEN TESTS

# %% grade_id="shortest" points=1
from exercises.graders.counterexamples import check

print(check("counterexamples").verdict("S"))
### BEGIN HIDDEN TESTS
from exercises.graders.counterexamples import grade

grade(counterexamples, "S")
### END HIDDEN TESTS
