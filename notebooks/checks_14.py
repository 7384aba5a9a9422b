"""Where lesson 14 keeps its files, a process that has no minigrad, and the checks of its tasks."""

import dataclasses
import json
from pathlib import Path

import minigrad as mg
from exercises.graders.beliefs import mistake
from exercises.graders.elsewhere import elsewhere as run_elsewhere
from minigrad import jit, static
from minigrad.jit.graph import If, Loop

SHELF = Path(__file__).parent.parent / "work" / "lesson_14"


def steps_of(node):
    """The graph that a session would run for this node of a static graph, with one result."""
    return dataclasses.replace(static.Session(graph=node.graph).steps(node), form=None)


def shelf():
    """The folder for what the lesson writes, made where it is missing."""
    SHELF.mkdir(parents=True, exist_ok=True)
    return SHELF


def elsewhere(program):
    """What a program prints in a new process, in the lesson's folder, where minigrad cannot be imported."""
    return run_elsewhere(program, shelf())


# The first task: who does what

KEEPS = {"one arm": "traced", "both arms": "scripted static", "an arm at a time": "compiled"}


def check_match(mine):
    """Whether each capture stands beside what it keeps of a branch."""
    wrong = [name for kept, names in KEEPS.items() for name in names.split() if mine.get(name) != kept]
    if not wrong:
        return "Right: all four."
    if not {mine.get(name) for names in KEEPS.values() for name in names.split()} <= set(KEEPS):
        return f"not yet: choose from {', '.join(KEEPS)}"
    return f"not yet: {len(wrong)} of 4 do something else; look again at what the panel says of {wrong[0]}. {mistake('M52')}"


# The second: a branch and a loop as nodes


def settle(x):
    """What the task's function is to give."""
    x = -x if x.sum() < 0 else x
    while x.sum() > 1:
        x = x / 2
    return x


def check_structure(function):
    """Whether `function` can be scripted to If and Loop, with the values and gradients of `settle`."""
    try:
        scripted = jit.script(function)
    except Exception as error:
        return f"not yet: jit.script says\n{error}"
    kinds = {type(step) for step in scripted.graph.every_step()}
    if not {If, Loop} <= kinds:
        missing = " and no ".join(kind.__name__ for kind in (If, Loop) if kind not in kinds)
        return f"not yet: there is no {missing} in the graph"
    for numbers in ([0.25], [5.0], [4.0], [-0.5], [-3.0, -4.0], [40.0, -1.0, 2.0], [0.0]):
        wrong = _other(scripted, function, numbers)
        if wrong:
            return f"not yet: at {numbers} {wrong}"
    return "Right: a branch and a loop in the graph, with both arms, any number of turns, and all gradients."


def _other(scripted, function, numbers):
    """In which way the outcome is not that of `settle`; None where it is."""
    x, s, f = (mg.tensor(numbers, requires_grad=True) for _ in range(3))
    wanted = settle(x)
    wanted.sum().backward()
    for what, run, given in (("the scripted function", scripted, s), ("the function itself", function, f)):
        found = run(given)
        if not mg.allclose(found.detach(), wanted.detach()):
            return f"{what} gives {found.tolist()}, and it should be {wanted.tolist()}"
        found.sum().backward()
        if not mg.allclose(given.grad, x.grad):
            return f"the gradient through {what} is {given.grad.tolist()}, and it should be {x.grad.tolist()}"
    return None


# The third: in a file

PROGRAM = """
import json, numpy, onnxruntime
session = onnxruntime.InferenceSession({name!r}, providers=["CPUExecutionProvider"])
for numbers in {inputs!r}:
    (found,) = session.run(None, {{session.get_inputs()[0].name: numpy.array(numbers, "float32")}})
    print(json.dumps(found.tolist()))
"""


def check_shipped(name, function):
    """Whether the file in the lesson's folder gives, without minigrad, what `function` gives, at any length."""
    path = shelf() / name
    if not path.exists():
        return f"not yet: there is no {name} in the folder of this lesson"
    inputs = [[1.0], [2.0, -3.0, 5.0], [-1.0, -2.0], [*map(float, range(9))]]
    said = elsewhere(PROGRAM.format(name=name, inputs=inputs)).splitlines()[1:]
    for numbers, line in zip(inputs, [*said, *[""] * len(inputs)]):
        wanted = function(mg.tensor(numbers)).tolist()
        try:
            found = json.loads(line)
        except ValueError:
            return f"not yet: {path.name} does not run for {len(numbers)} numbers. Is its length open?"
        if [round(x, 4) for x in found] != [round(x, 4) for x in wanted]:
            return f"not yet: at {numbers} the file gives {found}, the function {wanted}"
    again = shelf() / f"again_{name}"
    jit.save(jit.load(path), again)
    if again.read_bytes() != path.read_bytes():
        return "not yet: loaded and saved again, the file is another"
    return f"Right: {name} gives the same without minigrad, for {len(inputs)} lengths, and survives a round trip."
