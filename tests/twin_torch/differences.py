"""Where minigrad differs from PyTorch on purpose. The table in the docs is made from this list.

Each row: the family, a pattern that is searched in the case's text, and the reason. Every case that a pattern finds has
to differ; one that no longer does fails the suite, and so does a pattern that finds nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

OPEN = Path(__file__).with_name("open.txt")


class Difference(NamedTuple):
    """One intended difference: where, and why."""

    family: str
    pattern: str
    reason: str

    def covers(self, case):
        return case.family == self.family and re.search(self.pattern, case.text) is not None


NO_SPECIAL = "no gamma function and no inverse of erf"
NO_ARRAYS = "operators take tensors and numbers, no NumPy arrays: use from_numpy"
MORE_GRADIENTS = "has a gradient, where PyTorch's backward refuses"
BEYOND = "a number too large for the dtype of the tensor is inf there"
DTYPE_NAMES = "a dtype may also be named, 'float32', or NumPy's"
LEAF_FIRST = "of two mistakes, the change of a leaf is told of first"
PIECES = "the pieces of split, chunk and unbind may be changed in place"
NOT_THE_KIND = "refused with another kind of error"
FITS = r"a=(?!f4\(2,3\), b=(i8\(2,3\) below2, c=(f4\(1|f8)|i8\(2,3\),|f4|i8\(2,\)))"  # errors are the same
SMALL_INDEX = (r"scatter(_add|_reduce)?_?\((a, )?(-?[01], b, c|dim=0, index=b, src=c)(?!, 'amax|, reduce='add)"
               r".*b=i8\((2,2|0,3)\) below2, c=f4\(2,3\)$")  # fmt: skip
NAMES = "nodes are named after minigrad's operations: MatmulBackward0, not MmBackward0"
NO_SUCH_DIM = "an axis that is not there is refused for tensors without elements, too"
MODE = "minigrad.mode is the module of autograd's switches; the reduction is a method, x.mode(dim)"
GELU = "gelu of infinity is infinity, where PyTorch's float32 kernel gives nan"
NO_WINDOWS = "an output of size 0 has the gradient 0, where PyTorch refuses to go back"
IMAGES = "pooling in two dimensions takes images (C, H, W) and batches of them, and says so with one kind of error"
CAUSAL = "attn_mask beside is_causal is refused, as PyTorch's manual has it"
NO_DECOMPOSITIONS = "no decompositions of matrices: no eigenvalues, no singular values"
COUNT = "a norm with p=0, how many are not 0, has the gradient 0, where PyTorch leaves None"
PROD = "a product with nan in it has nan gradients, also if two of its factors are 0"

DIFFERENCES = [
    Difference("devices", r"^(?!a \+ a).*'meta'", "no device without memory: PyTorch's 'meta' knows shapes only"),
    Difference("from_data", r"1j(?!\], dtype=m\.(float|u?int)\d)", "no complex numbers"),
    Difference("unary_shapes_and_dtypes", r"m\.(lgamma|digamma|erfinv)\(", NO_SPECIAL),
    Difference("unary_values", r"m\.(lgamma|digamma|erfinv)\(", NO_SPECIAL),
    Difference("unary_values", r"sinc.*small",
               "the derivative of sinc near 0 is exact, where PyTorch's is lost in rounding"),
    Difference("operators", r"a (?!<|>|<=|>=).* np\.array", NO_ARRAYS),
    Difference("matmul_dtypes_and_layouts", r"a @ np\.ones", NO_ARRAYS),
    Difference("operators", r"^(?!'text'|None|\[)\S+ % a  # a=f|^True \*\* a  # a=f", MORE_GRADIENTS),
    Difference("arithmetic_options", r"m\.remainder\(7, a\)  # a=f", MORE_GRADIENTS),
    Difference("three_operands", r"m\.cl(am|i)p\(a, b, c\)  # a=f4\(3,\), b=f4\(2,1\)", MORE_GRADIENTS),
    Difference("scattering", SMALL_INDEX, MORE_GRADIENTS),
    Difference("operators", r"1e40 \*\* a  # a=f", BEYOND),
    Difference("printing", r"a / 1e6\)  # a=f2", BEYOND),
    Difference("arithmetic_options", r"m\.add\(1, 2\)", "an operation needs a tensor among its operands"),
    Difference("facts", r"output_nr", "every node has one output, so no output_nr"),
    Difference("facts", r"storage\(\)", "no storages: the memory of a tensor is its NumPy array"),
    Difference("in_place_forms", r"resize_|set_\(", "no storages: the memory of a tensor is its NumPy array"),
    Difference("facts", r"nonsense_", "tensors take no attributes of your own"),
    Difference("conversions", r"a\.type\(\)", "no names of tensor types: ask for dtype"),
    Difference("conversions", r"a\.to\(3\)", "devices go by name: 'cuda:3', not 3"),
    Difference("conversions", r"to\(np\.float64\)|default_dtype\('float32'\)", DTYPE_NAMES),
    Difference("from_data", r"dtype='float32'|dtype=np\.float64", DTYPE_NAMES),
    Difference("filled", r"dtype='float32'", DTYPE_NAMES),
    Difference("filled", r"out=", "no out= argument"),
    Difference("filled", r"zeros_like\(a\)\.(stride|is_cont).*T$",
               "zeros_like and its kin lie in row order, whatever they are like"),
    Difference("from_data", r"m\.(Float|Long)?Tensor\(", "Tensor(...) wraps an array: make tensors with tensor(...)"),
    Difference("from_data", r"\[m\.tensor\(\[1.*(int|bool)",
               "a list of tensors with several elements is refused with one kind of error"),
    Difference("in_place_forms", r"logical_not_\(\); a|x = a.clone\(\); x\.logical_not_\(\); x  # a=f",
               "logical_not_ on the graph is a change like any other (PyTorch does not notice it)"),
    Difference("in_place_forms", r"a\.(fill_\('a'|add_\('a'|add_\(None)", LEAF_FIRST),
    Difference("writing", r"a\[9\] = 1\.0", LEAF_FIRST),
    Difference("in_place_forms", r"\*\*= True; x  # a=b1", "no powers of truth values"),
    Difference("in_place_and_autograd", r"x\.(unbind\(\)|split\(1\)|chunk\(2\)).*# a=f4\(2,3\), ", PIECES),
    Difference("views", r"x\.(unbind\(\)|split\(1\)|chunk\(2\)).*v \*= 2", PIECES),
    Difference("in_place_and_autograd", r"v = a\[0\];     v\.add_\(1\); a\.sum.*# a=f4\(2,3\), ",
               "a view changed under no_grad may still be looked at"),
    Difference("views", r"a\[None\].*stride", "strides are NumPy's, which differ along axes of length 1"),
    Difference("views", r"unfold.*v \*=", "windows that overlap cannot be changed in place"),
    Difference("views", r"v = m\.from_numpy\(a.*_version", "a tensor and its NumPy array share one version counter"),
    Difference("masking", r"x\[b\] = 4.*u1", "x[mask] = value takes masks of uint8, as reading does"),
    Difference("reading", r"a\[\[(\[0,1\],\[1,0\]|m\.tensor\(0\),m\.tensor\(1\))\]\].*# a=(?!f4\(4)",
               "a list inside a list is no index: PyTorch is about to change what it means"),
    Difference("gathering", r"m\.embedding", "embedding stands in nn.functional only"),
    Difference("gathering", r"F\.embedding\(b, a\)  # a=f4\(\)", NOT_THE_KIND),
    Difference("gathering", r"take_along_dim\(a, b, dim=1\)  # a=f4\(2,3\), b=i8\(2,3\)$",
               "take_along_dim refuses indices out of range"),
    Difference("gathering", r"take_along_dim\(a, b\)  # a=f4\(2,3\) T", "take_along_dim takes indices in any layout"),
    Difference("scattering", rf"scatter\(.*reduce='add'\)  # {FITS}",
               "scatter does not reduce: use scatter_add or scatter_reduce"),
    Difference("scattering", rf"'amax'\)  # {FITS}", "scatter_reduce knows 'sum' and 'mean'"),
    Difference("sorting", r"m\.sort\(a, 0, stable=True\)", "sort takes dim by its place beside stable"),
    Difference("counting", r"unique\(a, dim=0\).*nan", "unique puts nan last"),
    Difference("turning", r"vander", "no vander: write x[:, None] ** arange(n)"),
    Difference("reshaping", r"m\.reshape\(a, 6\)", "the function reshape takes bare lengths, too"),
    Difference("ranges", r"m\.range", "no range, which PyTorch means to take away: use arange"),
    Difference("printing", r"@|\)\[0\]|\.view\(2, 1|2 / m|True\)\.(max|expand|clamp|reshape|norm)|F\.linear", NAMES),
    Difference("added_products", r"m\.(baddbmm|addbmm)\(a, b, c\)  # (?!.*b=\w\w\(4,2,3\))", NOT_THE_KIND),
    Difference("matmul_ranks", r"m\.mv\(a, b\)  # a=f4\(\), b=f4\(3,\)", NOT_THE_KIND),
    Difference("added_products", r"alpha=0\.5.*a=i8",
               "among integers, beta and alpha are whole numbers (PyTorch cuts them)"),
    Difference("added_products", r"beta=0\)  # a=f4\(2,(2\)|\)), .*c=f4\(3,2\)",
               "with beta=0 the input is left out, and gets no gradient"),
    Difference("backward_programs", r"type\(y\.grad_fn\)|f\[0\]\.name.*# a=f4\(2,3\), b=f4\(2,3\)$", NAMES),
    Difference("running", r"cumm(ax|in)\(a, dim=[12]\)  # a=f4\(0,\)", NO_SUCH_DIM),
    Difference("activations", r"gelu\(a\).*ugly", GELU),
    Difference("activations", r"hardsigmoid\(a\)  # a=f8", "the gradient of hardsigmoid keeps all digits of float64"),
    Difference("activation_layers", r"GELU\(\).*ugly", GELU),
    Difference("pooling", r"F\.avg_pool1d\(a, (?!.*(9|0\)|2\.0|2, padding)).*i8|adaptive_avg_pool1d\(a, 0\).*i8",
               "means of whole numbers are refused everywhere"),
    Difference("pooling", r"adaptive_..._pool(1d|2d(?=.*f4\(.,.,))\(a, 0\)  # a=f4\(.,", NO_WINDOWS),
    Difference("pooling", r"F\.avg_pool2d\(a, (?!2\.0).*f4\(4,4\)", IMAGES),
    Difference("layers", r"AvgPool2d\([21]\).*f4\(4,4\)", IMAGES),
    Difference("layers", r"LazyLinear", "no lazy layers: say how many features come in"),
    Difference("regression_losses", r"(mse|l1|huber)_loss\(a, b(, reduction='[sn].*)?\)  # a=f4\(2,3\), b=f4\(3,\)",
               "a target of another shape is refused, where PyTorch warns and broadcasts"),
    Difference("regression_losses", r"huber_loss\(a, b(, reduction='(sum|none)')?\)  # a=f4\(2,\), b=[if]8",
               "huber_loss promotes mixed dtypes as mse_loss does, and has gradients for them"),
    Difference("regression_losses",
               r"soft_margin_loss\(a, b(, reduction='(sum|none)')?\)  # (?!.*(const|b=f4\(3,2\)|b=i8))",
               "the target of soft_margin_loss may ask for a gradient"),
    Difference("normalising", r"F\.batch_norm\(a, (None, None|m\.zeros\(2\), m\.ones\(2\))\)  # a=f4\(0,3\)",
               "running statistics are checked for an empty batch, too"),
    Difference("embedding_and_attention", r"bool\(\), is_causal=True\).*\(1,2,3,4\)", CAUSAL),
    Difference("attention_layers", r"kdim=3.*need_weights=False.*c=f4\(5,2,2\)",
               "differs in the sixth digit, by the order of sums"),
    Difference("attention_layers", r"repr\(nn\.MultiheadAttention\(4, 2\)\)", "out_proj is a Linear like any other"),
    Difference("dropout_and_others", r"(F\.dropout1d\(a, 0\.0\)|Dropout1d\(0\.0\)\(a\))  # a=f4\(0?,?\)",
               "dropout with p=0 hands back what it is given, whatever its shape"),
    Difference("module_behaviour", r"nn\.Parameter\(3\)", "a TypeError that says what to do, where PyTorch stumbles"),
    Difference("recurrent_layers", r"proj_size", "LSTM without proj_size"),
    Difference("padding", r"constant_pad_nd", "F.pad is the one name for it"),
    Difference("other_products", r"linalg\.(eigvalsh|svdvals|qr|cholesky)", NO_DECOMPOSITIONS),
    Difference("other_products", r"kron\(a, b\).* T", "kron takes transposed operands, too"),
    Difference("norms", r"(m|linalg)\.(matrix_)?norm\(a, 'nuc'(, dim=\(0, 1\))?\)  # a=f4\(2,3\)", NO_DECOMPOSITIONS),
    Difference("norms", r"linalg\.(matrix_)?norm\(a, -?2\)", NO_DECOMPOSITIONS),
    Difference("norms", r"((m\.|vector_)norm\(a, (p=)?0[,)]|a\.norm\(p=0,|norm\(a, 0, dim).*f4", COUNT),
    Difference("reduce_all", r"^m\.mode\(", MODE),
    Difference("reduce_one", r"^m\.mode\(", MODE),
    Difference("reduce_all", r"^m\.prod\(a\)  # a=f4\(8,\) ugly", PROD),
    Difference("ties_and_nan", r"^a\.prod\(\)  # a=f4\(8,\) ugly", PROD),
    Difference("reduce_several", r"^m\.(prod|max|min|(nan)?median)\(a, dim=None\)", "dim=None is all axes, as in sum"),
    Difference("reduce_several", r"logsumexp\(a, dim=\(\)\)", "dim=() is all axes, as in sum"),
]


def still_open():
    """Cases that differ and are not meant to, a line each in open.txt ("family: case"): work to be done.

    The suite fails when a case differs that does not stand there, and when one that stands there agrees, so the list
    can only get shorter. `python -m tests.twin_torch --open` writes it anew.
    """
    return set(OPEN.read_text(encoding="utf-8").splitlines()) if OPEN.exists() else set()
