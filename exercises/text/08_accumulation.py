# %% [markdown] grade_id="task"
# # Exercise 08 · The big batch in small parts
#
# Your batch does not fit into memory, so it comes in parts, and the parts are **not equally large**. Update the model
# once, exactly as the whole batch would have.
#
# | argument | it is |
# |---|---|
# | `model` | call it: `model(x)` |
# | `loss_fn` | `loss_fn(model(x), y)` is the **mean** loss over the rows of `x` |
# | `parts` | a list of pairs `(x, y)`; `len(x)` is the number of rows |
# | `optimizer` | has `zero_grad()` and `step()` |
#
# When `accumulate` is done:
#
# - the `.grad` of each parameter is the gradient of the mean loss over **all rows of all parts**, to ten digits,
# - the optimizer has made **one** step with it,
# - the mean loss over all rows is returned as a plain number,
# - and there was never more than **one graph** in memory.
#
# Whatever `.grad` holds when you begin is left from somebody else.

# %% grade_id="accumulate" answer=true
def accumulate(model, loss_fn, parts, optimizer):
    ### BEGIN SOLUTION
    total = sum(len(x) for x, _ in parts)
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / total
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean
    ### END SOLUTION


# %% [markdown] grade_id="how"
# ## Check it
#
# Run the next cell as often as you like; after a change, run the cell above first. It tries your function on parts of
# 3, 1 and 2 rows and draws the graph of what happened. While something is wrong, it marks the place to look at and
# offers three hints to open; the third says most.

# %% grade_id="check"
from exercises.graders.accumulation import check

check("accumulate")

# %% [markdown] grade_id="points"
# ## Points
#
# **V**alues (2), **g**radients (3) and the **s**tructure of the graph (3) count separately. When it is graded, other
# parts are used: any number, of any size.

# %% grade_id="values" points=2
from exercises.graders.accumulation import check

print(check("accumulate").verdict("V"))
### BEGIN HIDDEN TESTS
# ruff: noqa: E402  a notebook imports where it needs a thing; learners do not see this line
from exercises.graders.accumulation import grade

grade(accumulate, "V", seeds=(81, 82))
### END HIDDEN TESTS

# %% grade_id="gradients" points=3
from exercises.graders.accumulation import check

print(check("accumulate").verdict("G"))
### BEGIN HIDDEN TESTS
from exercises.graders.accumulation import grade

grade(accumulate, "G", seeds=(81, 82))
### END HIDDEN TESTS

# %% grade_id="structure" points=3
from exercises.graders.accumulation import check

print(check("accumulate").verdict("S"))
### BEGIN HIDDEN TESTS
from exercises.graders.accumulation import grade

grade(accumulate, "S", seeds=(81, 82))
### END HIDDEN TESTS
