"""The misconceptions that findings name. The codes are the course's own and never change their meaning."""

BELIEFS = {
    "M04": "Python numbers stay connected.",
    "M05": "Wrapping tensors in tensor([...]) keeps history.",
    "M16": "eval() stops gradients.",
    "M17": "no_grad is a kind of eval().",
    "M18": "no_grad, freezing and detach are one thing.",
    "M26": "retain_graph=True cures any backward error.",
    "M27": "The graph survives backward.",
    "M28": "Summing losses for a report costs nothing.",
    "M29": "A list of outputs is just numbers.",
    "M31": "backward() sets .grad.",
    "M32": "zero_grad goes anywhere.",
    "M33": "Accumulate and you get the big batch.",
    "M35": "Forgetting to clear just slows learning.",
    "M50": "Trace understands if.",
    "M51": "No warning means a good trace.",
    "M52": "Script, export and trace differ only in speed.",
    "M53": "print in a recorded function runs each time.",
    "M54": "In a static graph a node has a value.",
}


def mistake(code):
    """A misconception as learners are told of it: its code and its sentence."""
    return f'A common mistake ({code}): "{BELIEFS[code]}"'
