"""minigrad/DIFFERENCES.md, by topic: where minigrad differs from PyTorch. Made by `python -m tests.twin_torch --table`.

It says what the rows of `DIFFERENCES` say, which cases of the twin table prove, and what stands in FURTHER here: what
no recorded answer shows. Each row there has a program (written as a case's) and what minigrad answers; PyTorch, where
it is installed, has to answer something else.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import minigrad

from . import families  # noqa: F401  they enter themselves
from .cases import FAMILIES, Case
from .differences import DIFFERENCES
from .run import run

FILE = Path(minigrad.__file__).with_name("DIFFERENCES.md")

TOPICS = {  # topic: the files of families that belong to it
    "Tensors": "creation promotion printing",
    "Operations": "elementwise reductions shapes sorting indexing linalg",
    "In place, views": "inplace",
    "Autograd": "autograd functions modes",
    "nn": "activations functional losses modules module_tools recurrent",
    "optim": "optimisers",
    "Data and files": "",
    "Not in minigrad": "",
}


NAME = r"(?<![\w.'])[A-Za-z]\w*(?:\.\w+)*(?:\(\.\.\.\)|\[\w+\])?"  # as add_, nn.functional, Tensor(...), x[mask]


class Further(NamedTuple):
    """A difference without a case: where it belongs, what it is, a program that shows it, and minigrad's answer."""

    topic: str
    text: str
    program: str
    answer: str

    def answer_of(self, library):
        """What the library gives for the program's last line."""
        return run(Case("further", self.program), library).text.partition(" | ")[0]


FURTHER = [
    Further(
        "Tensors", "random numbers are NumPy's (PCG64), the same on every platform and device; not PyTorch's",
        "m.manual_seed(0); m.rand(1).item() < 0.6", "False",
    ),
    Further(
        "Tensors", "names print as minigrad's own: `Size([2])`, `minigrad.float32`, `GradError`",
        "repr(m.ones(2).shape).startswith('torch')", "False",
    ),
    Further(
        "Tensors", "errors are RuntimeErrors with names: `ShapeError` is also a ValueError, `DtypeError` a TypeError",
        "try: m.ones(2) + m.ones(3)\nexcept Exception as error: r = isinstance(error, ValueError)\nr", "True",
    ),
    Further(
        "Operations", "no `out=`: results are new tensors; write over an old one with `add_`, `copy_` or `x[:] = ...`",
        "m.add(m.ones(2), m.ones(2), out=m.zeros(2))", "TypeError",
    ),
    Further(
        "Operations", "`chain_matmul`, `linalg.multi_dot` go from left to right; PyTorch looks for the cheapest order",
        "m.linalg.multi_dot([m.full((9, 1), 1e30), m.full((1, 9), 1e30), m.full((9, 1), 1e-30)]).max().item() < 1e38",
        "False",
    ),
    Further(
        "Autograd", "an error on the way back leaves every `.grad` as it was; PyTorch keeps what had arrived",
        "a = m.tensor(1.0, requires_grad=True); b = m.tensor(1.0, requires_grad=True); y = b * 2\n"
        "y.register_hook(lambda g: g[9])\n"
        "try: (a * 3 + y).backward()\n"
        "except IndexError: r = a.grad is None\nr",
        "True",
    ),
    Further(
        "nn", "`load_state_dict` copies nothing unless all fits; PyTorch copies what does",
        "l = nn.Linear(1, 1)\n"
        "try: l.load_state_dict({'weight': m.full((1, 1), 9.0), 'bias': m.zeros(5)})\n"
        "except RuntimeError: r = l.weight.item() == 9\nr",
        "False",
    ),
    Further(
        "nn", "a full backward hook of a module with several inputs may look at their gradients, not replace them",
        "class Product(nn.Module):\n"
        "    def forward(self, a, b): return a * b\n"
        "p = Product(); h = p.register_full_backward_hook(lambda module, gi, go: tuple(g * 0 for g in gi))\n"
        "p(m.ones(1, requires_grad=True) * 1, m.ones(1, requires_grad=True) * 1).backward()",
        "RuntimeError",
    ),
    Further(
        "optim", "`load_state_dict` copies the state; in PyTorch two optimizers that load one state go on sharing it",
        "p = nn.Parameter(m.ones(1)); p.grad = m.ones(1); o = optim.SGD([p], lr=1.0, momentum=0.9); o.step()\n"
        "q = nn.Parameter(m.ones(1)); n = optim.SGD([q], lr=1.0, momentum=0.9); n.load_state_dict(o.state_dict())\n"
        "n.state[q]['momentum_buffer'] is o.state[p]['momentum_buffer']",
        "False",
    ),
    Further(
        "optim", "`differentiable=True` is refused; `foreach`, `fused`, `capturable` are accepted and change nothing",
        "optim.SGD([m.ones(1, requires_grad=True)], lr=0.1, differentiable=True).defaults['lr']", "NotImplementedError",
    ),
    Further(
        "Data and files", "`load` never unpickles: files are safetensors, and tensors come to the CPU",
        "import io, pickle; m.load(io.BytesIO(pickle.dumps([1])))", "RuntimeError",
    ),
    Further(
        "Data and files", "`DataLoader` accepts `num_workers` and `pin_memory`; the batches are made in this process",
        "import os\n"
        "class Process(m.utils.data.Dataset):\n"
        "    def __len__(self): return 1\n"
        "    def __getitem__(self, i): return os.getpid()\n"
        "next(iter(m.utils.data.DataLoader(Process(), num_workers=1))).item() == os.getpid()",
        "True",
    ),
    Further(
        "Data and files", "samplers refuse to draw more without replacement than there are weights above 0",
        "list(m.utils.data.WeightedRandomSampler([0.0, 1.0], 2, replacement=False))", "RuntimeError",
    ),
    *(
        Further("Not in minigrad", f"{what}: {instead}", program, "AttributeError")
        for what, instead, program in (
            ("`bfloat16`, unsigned integers above `uint8`", "use float16, int64", "m.bfloat16, m.uint16"),
            ("sparse, quantized and nested tensors", "use dense ones with masks", "m.sparse_coo_tensor"),
            ("`as_strided`", "use slices, `unfold`, `expand`", "m.ones(4).as_strided((2,), (2,))"),
            ("decompositions and solvers (`svd`, `eigh`, `solve`, `inv`)", "use numpy.linalg, without gradients",
             "m.linalg.svd"),
            ("forward mode, `vmap`, `torch.func`", "use `autograd.functional`", "m.func.vmap"),
            ("`compile`, `jit`, mixed precision (`autocast`), distributed training", "train eagerly, in one dtype",
             "m.compile"),
            ("layers over three axes (`Conv3d`, ...)", "use the two-dimensional ones", "nn.Conv3d"),
            ("transformer decoders", "build on `MultiheadAttention`", "nn.TransformerDecoder"),
            ("LBFGS, RAdam, Rprop and rarer optimizers", "subclass `optim.Optimizer`", "optim.LBFGS"),
        )
    ),
]  # fmt: skip


def topic_of(name):
    """The topic of a family, by its file; "Operations" for a new one."""
    file = FAMILIES[name].__module__.rpartition(".")[2]
    return next((topic for topic, files in TOPICS.items() if file in files.split()), "Operations")


def rows():
    """{topic: what differs there}, each text once; first what is not a matter of one function."""
    found = {topic: {} for topic in TOPICS}
    for topic, text in [(f.topic, f.text) for f in FURTHER] + [(topic_of(d.family), d.reason) for d in DIFFERENCES]:
        found[topic][text] = None
    return {topic: list(texts) for topic, texts in found.items() if texts}


def text():
    """The whole file."""
    lines = [
        "# Where minigrad differs from PyTorch", "",
        "On purpose. Everything else is meant to answer as PyTorch 2.13 does, errors included: `tests/twin_torch` asks",
        "both the same thousands of questions; what is still to be put right stands in `open.txt` there. This page is",
        "made from the rows there, by `python -m tests.twin_torch --table`.",
    ]  # fmt: skip
    for topic, texts in rows().items():
        lines += ["", f"## {topic}", "", *map(_sentence, texts)]
    return "\n".join(lines) + "\n"


def _sentence(text):
    """A reason as a line of the page: names of functions in code, else a capital at the start."""
    if "`" not in text:
        first = text.partition(" ")[0]
        names = {first} if callable(getattr(minigrad, first, None)) else set()
        names |= {word for word in re.findall(NAME, text) if re.search(r"[_.)\]]", word)}
        text = re.sub(NAME, lambda found: f"`{found[0]}`" if found[0] in names else found[0], text)
    return f"- {text[0].upper()}{text[1:].rstrip('.')}."
