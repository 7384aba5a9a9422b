"""Kernels made of the ops' formulas: their text, what they compute, and the pass that puts steps together."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.jit.check import check
from minigrad.jit.cuda.elements import Element, Term, Writer
from minigrad.jit.cuda.fuse import Fused, fuse
from minigrad.jit.cuda.steps import Steps
from minigrad.jit.run import run_step
from minigrad.jit.trace import record
from minigrad.op import OPS
from tests.conftest import need
from tests.cuda.compilers import InC, c_compiler, cuda_compiler, in_one, results
from tests.samples import SAMPLES

few = settings(max_examples=40, derandomize=True, deadline=None, database=None)


def graph_of(function, *inputs):
    with mg.no_grad():
        return record(function, inputs)[0].graph


def fused_of(graph):
    return [step.op for step in graph.steps if isinstance(step.op, Fused)]


def only(function, *inputs):
    """The one kernel of a function."""
    (fused,) = fused_of(fuse(graph_of(function, *inputs)))
    return fused


X, ROW, COLUMN = mg.arange(6.0).reshape(2, 3), mg.ones(3), mg.ones(2, 1)

# The text


def lines(fused):
    """The lines of a kernel that stand in the loop, without the comments that name lines of this file."""
    body = fused.kernel.body.split("{\n")[2].split("    }\n}")[0]
    return [line.strip() for line in body.splitlines() if "//" not in line]


def test_a_rule_prints_as_it_is_written():
    writer, single = Writer(), np.dtype("float32")
    g, y = (Element(writer, (), single, Term(name, single)) for name in "gy")
    assert OPS["tanh"].rules["x"][0](g, y).ref.text == "(g * (1.0f - (y * y)))" and not writer.lines


def test_the_whole_text_of_a_kernel():
    def function(x, row, column):
        return (x * row + column).relu()

    first, again = only(function, X, ROW, COLUMN).kernel, only(function, X, ROW, COLUMN).kernel
    comment = "        // test_jit_cuda.py:"
    assert "\n".join(line for line in first.text.splitlines() if comment not in line) == """\
extern "C" __global__ void fused_mul_add_relu({})
{
    // 2 x 3 elements
    long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < 6; i += step) {
        const float v_x = in_x[i];
        const float v_row = in_row[i % 3];
        const float v_column = in_column[i / 3];
        const float v_mul = v_x * v_row;
        const float v_add = v_mul + v_column;
        const float v_relu = v_add >= 0.0f || v_add != v_add ? v_add : 0.0f;
        out_relu[i] = v_relu;
    }
}""".replace("{}", "const float* in_x, const float* in_row, const float* in_column, float* out_relu")
    assert first == again and first.text.count(comment) == 1 and ": return (x * row + column).relu()" in first.text


@pytest.mark.parametrize(("function", "expected"), [
    (lambda x: x.sigmoid(), ["const float v_sigmoid = 1.0f / (1.0f + expf((-v_x)));"]),
    (lambda x: x.double().exp() * 0.1, ["const double v_cast = (double)v_x;", "const double v_exp = exp(v_cast);",
                                        "const double v_mul = v_exp * 0.1;"]),
    (lambda x: (x > 1) & (x < 3), ["const bool v_gt = v_x > 1.0f;", "const bool v_lt = v_x < 3.0f;",
                                   "const bool v_bitwise_and = v_gt && v_lt;"]),
    (lambda x: x.long() // -3 + 1, [
        "const long long v_to_integer = (long long)v_x;",
        "const long long v_floor_divide = v_to_integer / (-3LL) - (v_to_integer % (-3LL) != 0 && (v_to_integer < 0) != "
        "((-3LL) < 0));", "const long long v_add = v_floor_divide + 1LL;"]),
    (lambda x: x.half() + x.half(), ["const float v_cast = rounded((float)v_x);", "const float v_cast_1 = rounded("
                                     "(float)v_x);", "const float v_add = rounded((v_cast + v_cast_1));"]),
    (lambda x: x.clamp(0.5, float("inf")) + 0, [
        "const float t0 = v_x >= 0.5f || v_x != v_x ? v_x : 0.5f;",
        "const float t1 = __int_as_float(0x7f800000);", "const float v_clamp = t0 <= t1 || t0 != t0 ? t0 : t1;",
        "const float v_add = v_clamp + 0.0f;"]),
])  # fmt: skip
def test_lines_of_kernels(function, expected):
    body = only(function, X).kernel.body
    made = [line.strip() for line in body.splitlines() if line.startswith("        ") and "//" not in line]
    assert made[1:-1] == expected and made[0] == "const float v_x = in_x[i];"


def test_what_a_line_of_source_may_hold():
    fused = only(lambda x: x.exp() * 2 + len("é */ \\"), X)  # \
    assert "\\\n" not in fused.kernel.text and fused.kernel.text.isascii()


def test_formulas_that_do_more_stand_aside():
    graph = fuse(graph_of(lambda x: (x.softmax(1), x.flip(0), x.cumsum(0), x.long() // x.long().abs()), X + 1))
    assert {"softmax", "flip", "cumsum", "floor_divide"} <= {step.op.name for step in graph.steps}


# The pass


def names(graph):
    return [step.op.name for step in graph.steps]


def test_before_and_after():
    def function(x, w):
        hidden = (x @ w).tanh()
        return hidden * (1 - hidden * hidden) + hidden.sum()

    before = graph_of(function, X, mg.ones(3, 3))
    after = check(fuse(before))
    assert names(before) == ["matmul", "tanh", "mul", "sub", "mul", "sum", "add"]
    assert names(after) == ["matmul", "fused.tanh_mul_sub_mul", "sum", "add"]  # add waits for sum, which waits for tanh
    fused = after.steps[1]
    assert [v.name for v in fused.outputs] == ["tanh", "mul.1"] and after.outputs == before.outputs
    assert "fused.tanh_mul_sub_mul(%matmul)" in str(after)


def test_a_way_through_a_third_step_keeps_two_apart():
    def function(x):
        a = x.exp() * 2
        b = a.sum(0)  # between a and c
        return (a + b) * a

    graph = graph_of(function, X)
    after = check(fuse(graph))
    assert names(graph) == ["exp", "mul", "sum", "add", "mul"]
    assert names(after) == ["fused.exp_mul", "sum", "fused.add_mul"]
    assert after(X).equal(graph(X))


def test_only_the_steps_that_may_go_together():
    graph = graph_of(lambda x, y: (x.exp() * 2, y.exp() * 2), X, X + 1)
    assert names(fuse(graph, graph.steps[:2])) == ["fused.exp_mul", "exp", "mul"]


def test_draws_stay_in_order():
    def function(x):
        a = mg.rand(2, 3) * x + 1
        return a, a.sum() + mg.rand(2, 3).exp() * 2, mg.randn(3) * 2 + 1

    graph = graph_of(function, X)
    mg.manual_seed(3)
    wanted = graph(X)
    mg.manual_seed(3)
    assert all(a.equal(b) for a, b in zip(fuse(graph)(X), wanted, strict=True))


ONE = [mg.exp, mg.tanh, mg.neg, mg.abs, mg.floor, nn.functional.relu, nn.functional.gelu, mg.sigmoid, mg.sign,
       lambda x: x.half().float(), lambda x: x.clamp(-1, 1), lambda x: x**2, lambda x: (x > 0.5).float(),
       lambda x: x.sum(0, keepdim=True), lambda x: x.cumsum(0), lambda x: 1 - x, lambda x: x.round()]  # fmt: skip
TWO = [mg.add, mg.sub, mg.mul, mg.maximum, mg.minimum, lambda a, b: mg.where(a < b, a, b * 2), mg.div, mg.atan2,
       lambda a, b: a - b.mean(), lambda a, b: (a <= b) * a, mg.fmod, mg.remainder, mg.copysign]  # fmt: skip


@st.composite
def programs(draw):
    """A function of four tensors that broadcast, as a list of steps: (op, numbers of operands)."""
    steps = []
    for i in range(draw(st.integers(1, 12))):
        place = st.integers(0, 3 + i)
        two = draw(st.booleans())
        steps.append((draw(st.sampled_from(TWO)), draw(place), draw(place)) if two else
                     (draw(st.sampled_from(ONE)), draw(place)))  # fmt: skip
    kept = draw(st.lists(st.integers(4, 3 + len(steps)), min_size=1, max_size=3))
    return steps, kept


def function_of(program):
    def function(a, b, c, d):
        values = [a, b, c, d]
        for op, *places in program[0]:
            values.append(op(*[values[i] for i in places]))
        return tuple(values[i] for i in program[1])

    return function


def drawn(seed):
    rng = np.random.default_rng(seed)
    return [mg.tensor(rng.normal(size=shape).astype("float32")) for shape in ((4, 3), (4, 3), (3,), (4, 1))]


@few
@given(programs(), st.integers(0, 9))
def test_a_graph_with_fused_steps_gives_what_it_gave(program, seed):
    graph = graph_of(function_of(program), *drawn(seed))
    after = check(fuse(graph))
    with mg.no_grad():
        for got, wanted in zip(after(*drawn(seed + 1)), graph(*drawn(seed + 1)), strict=True):
            assert np.array_equal(got.array, wanted.array, equal_nan=True) and got.dtype is wanted.dtype


# What the kernels compute: as C, on this machine's processor


@pytest.fixture(scope="session")
def compiler():
    return need(c_compiler(), "a C compiler with _Float16")


def agree(got, wanted):
    """Equal, but for what two libraries of functions differ by."""
    exact = wanted.dtype.kind != "f"
    bound = {2: 2e-3, 4: 3e-6, 8: 1e-13}[wanted.itemsize] if not exact else 0
    return got.dtype == wanted.dtype and np.allclose(got, wanted, bound, bound, equal_nan=True)


def compare_in_c(compiler, cases, folder):
    """Run graphs with their kernels in C beside the steps themselves. `cases`: pairs (graph, {value: array})."""
    every = [op.kernel for graph, _ in cases for op in fused_of(graph)]
    machine = InC(compiler, every, folder) if every else None
    for graph, known in cases:
        for step in graph.steps:
            if isinstance(step.op, Fused):
                operands = [known.get(v, v) for v in step.inputs]
                wanted = step.op.forward(np, *operands)
                for value, a, b in zip(step.outputs, results(machine.run, step.op, operands), wanted, strict=True):
                    assert agree(a, b), f"{value.name} of\n{step.op.kernel.body}\n{a}\n{b}"
                    known[value] = b
            else:
                tensors = {v: mg.Tensor(a) for v, a in known.items()}
                with mg.no_grad():
                    run_step(step, tensors)
                known.update({v: tensors[v].array for v in step.outputs})


def arrays_of(graph, tensors):
    return {**{v: t.array for v, t in graph.held().items()},
            **{v: t.array for v, t in zip(graph.inputs, tensors, strict=True)}}  # fmt: skip


@settings(few, max_examples=15)
@given(programs(), st.integers(0, 9))
def test_kernels_of_random_programs_in_c(compiler, tmp_path_factory, program, seed):
    graph = fuse(graph_of(function_of(program), *drawn(seed)))
    compare_in_c(compiler, [(graph, arrays_of(graph, drawn(seed)))], tmp_path_factory.mktemp("c"))


ELEMENTWISE = sorted(name for name in SAMPLES if OPS[name].kind in ("elementwise", "activation", "compare", "copy"))


@functools.cache
def graphs_of(name, dtype):
    """Graphs of an op and of its gradients, fused, for a few rows of samples, with the inputs of each."""
    found = []

    @settings(few, max_examples=4)
    @given(SAMPLES[name])
    def collect(row):
        arrays, attributes = row
        op = OPS[name]
        inputs = [mg.Tensor(a.astype(dtype) if a.dtype.kind == "f" else a.copy()) for a in arrays]
        asked = [op.rules[n] is not None and x.array.dtype.kind == "f"
                 for n, x in zip(op.names_of(arrays), inputs, strict=True)]  # fmt: skip

        def function(*inputs):
            y = op(*inputs, **attributes)
            wanting = [x for x in inputs if x.requires_grad]
            return y, *(mg.autograd.grad(y, wanting, mg.ones_like(y) * 0.75, allow_unused=True) if wanting else ())

        for x, asks in zip(inputs, asked, strict=True):
            x.requires_grad_(asks)
        graph = record(function, inputs)[0].graph
        found.append((fuse(graph), [mg.Tensor(x.array) for x in inputs]))

    collect()
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_op_and_its_gradient_in_c(name, dtype, compiler, tmp_path):
    compare_in_c(compiler, [(graph, arrays_of(graph, inputs)) for graph, inputs in graphs_of(name, dtype)], tmp_path)


# As CUDA


def test_cuda_takes_every_kernel(record_property):
    version, ptx = need(cuda_compiler(), "a CUDA compiler")
    kernels = {op.kernel for name in ELEMENTWISE for dtype, most in (("float32", 2), ("float16", 1))
               for graph, _ in graphs_of(name, dtype)[:most] for op in fused_of(graph)}  # fmt: skip
    kernels = sorted(kernels, key=lambda kernel: kernel.text)
    texts = [kernel.text for kernel in kernels] if version.startswith("NVRTC") else [in_one(kernels)]
    assert sum(ptx(text).count(".entry") for text in texts) == len(kernels)
    record_property("measured", f"{len(kernels)} kernels compiled by {version}")


def test_the_cuda_compiler_finds_what_is_wrong():
    _, ptx = need(cuda_compiler(), "a CUDA compiler")
    with pytest.raises(AssertionError, match="nothing_of_that_name"):
        ptx('extern "C" __global__ void f(float* x) { x[0] = nothing_of_that_name(1); }')


# On a GPU


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_op_and_its_gradient_there(name, dtype, cuda):
    """Kernels on the GPU, beside the steps one by one on the GPU and on the CPU."""
    for graph, inputs in graphs_of(name, dtype):
        known, there = arrays_of(graph, inputs), Steps()
        tensors = {value: mg.Tensor(cuda.asarray(array)) for value, array in known.items()}
        for step in graph.steps:
            operands = [tensors[v].array if v in tensors else v for v in step.inputs]
            with mg.no_grad():
                there.run(step, tensors)
                run_step(step, here := {v: mg.Tensor(a) for v, a in known.items()})
            known.update({v: here[v].array for v in step.outputs})
            if isinstance(step.op, Fused):
                for value, theirs in zip(step.outputs, step.op.forward(cuda, *operands), strict=True):
                    found = cuda.asnumpy(tensors[value].array)
                    assert agree(found, cuda.asnumpy(theirs)) and agree(found, known[value]), step.op.kernel.body
