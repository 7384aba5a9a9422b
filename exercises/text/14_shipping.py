# %% [markdown] grade_id="task"
# # Exercise 14 · Ship a branch and a loop
#
# `damp` goes one of two ways, and then over its numbers, as many as there are:

# %% grade_id="original"
import minigrad as mg
from minigrad import jit


def damp(x):
    if sum(x.tolist()) > 1:
        y = x.tanh()
    else:
        y = 0.25 - x
    state = mg.tensor(0.0)
    for i in range(len(x.tolist())):
        state = 0.5 * state + y[i]
    return state


print(damp(mg.tensor([1.0, 2.0, 0.5])))

# %% [markdown] grade_id="refused-note"
# It asks Python's numbers which way to go and how often to turn, so no capture can keep it:

# %% grade_id="refused"
try:
    jit.script(damp)
except jit.UnsupportedError as error:
    print(error)

# %% [markdown] grade_id="task-more"
# Write it anew, and bring it into a file that runs where there is no `minigrad`.
#
# | you write | it |
# |---|---|
# | `keep(x)` | gives what `damp(x)` gives, its gradient too, with a branch and a loop that a capture can keep |
# | `ship(keep, path)` | captures the function `keep` and writes it, as an ONNX model, to the file `path` |
#
# When you are done, the file
#
# - holds the branch, with both formulas in its arms, and the loop, with its body,
# - takes an input of **any** length from 1 on,
# - gives what `damp` gives, in a process of its own that has nothing but the file and a runtime,
# - and is the same, byte for byte, when it is loaded and saved again.
#
# How you say it is up to you: with `if` and `for` on tensors, or with calls from `minigrad.jit`.

# %% grade_id="shipping" answer=true
def keep(x):
    ### BEGIN SOLUTION
    y = jit.cond(x.sum() > 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
    state, _ = jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)
    return state
    ### END SOLUTION


def ship(keep, path):
    ### BEGIN SOLUTION
    jit.save(jit.trace(keep, mg.ones(3)), path, dynamic_axes={"x": [0]})
    ### END SOLUTION


# %% [markdown] grade_id="how"
# ## Check it
#
# Run the next cell as often as you like; after a change, run the cell above first. It calls your `keep` on four inputs,
# lets your `ship` write a file, draws the graph that is in it, and runs it in a process without `minigrad`. While
# something is wrong, it marks the place to look at and offers three hints to open; the third says most.

# %% grade_id="check"
from exercises.graders.shipping import check

check("keep", "ship")

# %% [markdown] grade_id="points"
# ## Points
#
# **V**alues (3: of `keep`, and of the file elsewhere), **g**radients (2) and the **s**tructure of the shipped graph (3)
# count separately. When it is graded, other inputs are used: each length from 1 to 9, both arms.

# %% grade_id="values" points=3
from exercises.graders.shipping import check

print(check("keep", "ship").verdict("V"))
### BEGIN HIDDEN TESTS
# ruff: noqa: E402  a notebook imports where it needs a thing; learners do not see this line
from exercises.graders.shipping import grade

grade(keep, ship, "V", seeds=(141, 142))
### END HIDDEN TESTS

# %% grade_id="gradients" points=2
from exercises.graders.shipping import check

print(check("keep", "ship").verdict("G"))
### BEGIN HIDDEN TESTS
from exercises.graders.shipping import grade

grade(keep, ship, "G", seeds=(141, 142))
### END HIDDEN TESTS

# %% grade_id="structure" points=3
from exercises.graders.shipping import check

print(check("keep", "ship").verdict("S"))
### BEGIN HIDDEN TESTS
from exercises.graders.shipping import grade

grade(keep, ship, "S", seeds=(141, 142))
### END HIDDEN TESTS
