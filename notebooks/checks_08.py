"""What lesson 08 shows below its pictures, and the checks of its two tasks."""

import itertools

import minigrad as mg
import viz
from exercises.graders.beliefs import mistake
from viz import words

CARDS = ("zero", "forward", "backward", "step")


def told(run, name="w"):
    """The ledger of one leaf, one line for each entry: what backward added, when it was cleared, when it moved."""
    graph = run.graph
    leaf = next(value for value in graph.sources() if value.name == name)
    entries = [words.entry(entry) for entry in graph.ledger.get(leaf.id, ())]
    return "\n".join([f"ledger of {name}", *(f"  {line}" for line in entries or ["nothing yet"])])


def outcome(play, order):
    """Where `w` stands after three rounds of this order, or the kind of error that stops it."""
    try:
        return round(play(order, rounds=3)[1].item(), 4)
    except (mg.GradError, NameError) as error:
        return type(error).__name__


def check_orders(mine, play):
    """Whether `mine` lists all orders of the four cards after which three rounds are three good steps, and no other."""
    good = {" ".join(cards) for cards in itertools.permutations(CARDS) if outcome(play, " ".join(cards)) == 0.512}
    mine = [" ".join(order.replace(",", " ").split()) for order in mine]
    for order in mine:
        if sorted(order.split()) != sorted(CARDS):
            return f"not yet: `{order}` should have each of {', '.join(CARDS)} once"
        if order not in good:
            end = outcome(play, order)
            return f"not yet: three rounds of `{order}` end with {end}; three good steps end at 0.512.\n{mistake('M32')}"
    if len(set(mine)) < len(good):
        return f"not yet: {len(set(mine))} found, and there are more"
    return "Right: these are all. Nothing clears between backward and step; the rest follows from what needs what."


def check_update(update):
    """Whether `update(loader, w)` leaves the gradient of the whole batch in `w.grad`, for several sizes."""
    for rows, size in ((7, 3), (6, 3), (8, 5), (4, 9), (10, 4)):
        x = mg.arange(1, rows + 1).float()
        loader = mg.data.DataLoader(mg.data.TensorDataset(x), batch_size=size)
        w = mg.tensor(1.0, requires_grad=True)
        with viz.watch() as run:
            update(loader, w)
        whole = 2 * (x * x).mean().item()
        parts = " + ".join(str(min(size, rows - start)) for start in range(0, rows, size))
        if w.grad is None:
            return f"not yet: no gradient has come to w, for {parts} rows"
        if abs(w.grad.item() - whole) > 1e-4 * whole:
            found = f"w.grad is {w.grad.item():.2f}, the whole batch gives {whole:.2f}"
            return f"not yet: for {parts} rows {found}.\n{mistake('M33')}"
        if run.graph.backwards != len(loader):
            return f"not yet: the numbers are right, but {parts} rows should make {len(loader)} graphs, one by one"
    return "Right, for any number of rows and any batch size."
