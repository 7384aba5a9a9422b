"""Layers against slow and obvious specifications: loops over windows, steps and sequences. And hooks, and utilities."""

import copy
import inspect
import itertools
import pickle
from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

F = nn.functional
R = nn.utils.rnn


def drawn(*shape, seed=0):
    return mg.Tensor(np.random.default_rng(seed).standard_normal(shape))


def close(a, b, tolerance=1e-10):
    return a.shape == b.shape and np.allclose(a.detach().numpy(), b.detach().numpy(), atol=tolerance, rtol=0)


# Windows


def slow_conv2d(x, w, stride, padding, dilation, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    span = dilation * (np.array(w.shape[2:]) - 1) + 1
    out = (np.array(x.shape[2:]) - span) // stride + 1
    y, per_group = np.zeros((len(x), len(w), *out)), len(w) // groups
    for o, i, j in itertools.product(range(len(w)), range(out[0]), range(out[1])):
        first = o // per_group * w.shape[1]
        seen = x[:, first : first + w.shape[1], i * stride :, j * stride :]
        seen = seen[:, :, : span[0] : dilation, : span[1] : dilation]
        y[:, o, i, j] = (seen * w[o]).sum(axis=(1, 2, 3))
    return y


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 2, 4)])
def test_conv2d(stride, padding, dilation, groups):
    x, w = drawn(2, 4, 6, 7), drawn(4, 4 // groups, 3, 2, seed=1)
    y = F.conv2d(x, w, None, stride, padding, dilation, groups)
    assert np.allclose(y.numpy(), slow_conv2d(x.numpy(), w.numpy(), stride, padding, dilation, groups))
    assert close(F.conv2d(x[0], w, drawn(4), stride, padding, dilation, groups), y[0] + drawn(4)[:, None, None])


def test_same_padding_keeps_the_size_and_transposed_convolution_is_the_gradient():
    x, w = drawn(1, 2, 7), drawn(3, 2, 4, seed=1)
    assert F.conv1d(x, w, padding="same").shape == (1, 3, 7)
    x.requires_grad_()
    y = F.conv1d(x, w, stride=2, padding=1)
    (g,) = mg.autograd.grad((y * y).sum() / 2, x)
    assert close(F.conv_transpose1d(y, w, stride=2, padding=1, output_padding=1), g)
    assert close(F.fold(F.unfold(drawn(1, 1, 4, 4), 2, stride=2), (4, 4), 2, stride=2), drawn(1, 1, 4, 4))


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling(ceil_mode):
    x = drawn(2, 3, 7)
    y, where = F.max_pool1d(x, 3, 2, 1, ceil_mode=ceil_mode, return_indices=True)
    for i in range(y.size(2)):
        first = max(2 * i - 1, 0)
        window = x.numpy()[:, :, first : 2 * i + 2]
        assert np.array_equal(y.numpy()[:, :, i], window.max(axis=2))
        assert np.array_equal(where.numpy()[:, :, i], window.argmax(axis=2) + first)
        means = F.avg_pool1d(x, 3, 2, 1, ceil_mode=ceil_mode, count_include_pad=False)
        assert np.allclose(means.numpy()[:, :, i], window.mean(axis=2))
    assert close(F.adaptive_avg_pool2d(drawn(1, 2, 4, 6), 1), drawn(1, 2, 4, 6).mean((2, 3), keepdim=True))
    uneven = F.adaptive_max_pool1d(x, 3)
    assert np.array_equal(uneven.numpy()[..., 1], x.numpy()[..., 2:5].max(axis=-1))


def test_of_equal_numbers_the_first_gets_the_gradient_and_nan_wins():
    x = mg.tensor([[1.0, 1.0, 0.0, 2.0]], requires_grad=True)
    F.max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[1, 0, 0, 1]]
    y, where = F.max_pool1d(mg.tensor([[1.0, np.nan, 0.0, 2.0]]), 2, return_indices=True)
    assert np.isnan(y[0, 0].item()) and where.tolist() == [[1, 3]]


# Normalisation


def test_layers_of_normalisation_agree_with_their_definition():
    x = drawn(4, 6, 5)
    for y, axes in (
        (F.layer_norm(x, (5,)), 2), (F.layer_norm(x, (6, 5)), (1, 2)), (F.instance_norm(x), 2),
        (F.batch_norm(x, None, None, training=True), (0, 2)), (F.group_norm(x, 1), (1, 2)),
    ):  # fmt: skip
        a = x.numpy()
        assert np.allclose(y.numpy(), (a - a.mean(axes, keepdims=True)) / np.sqrt(a.var(axes, keepdims=True) + 1e-5))


def test_batch_norm_without_momentum_averages_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None, affine=False)
    batches = [drawn(5, 2, seed=i).float() for i in range(3)]
    for batch in batches:
        layer(batch)
    assert layer.num_batches_tracked.item() == 3 and list(layer.state_dict())[-1] == "num_batches_tracked"
    assert np.allclose(layer.running_mean.numpy(), np.mean([b.numpy().mean(0) for b in batches], 0), atol=1e-6)


# Recurrent layers


def by_cells(kind, layer, x, suffix="_l0", **arguments):
    """One direction of a layer, step by step with the cell."""
    cell = getattr(nn, kind + "Cell")(x.size(-1), layer.hidden_size, dtype=mg.float64, **arguments)
    cell.load_state_dict({n: getattr(layer, n + suffix) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
    state, seen = None, []
    for step in x:
        state = cell(step, state)
        seen.append(state[0] if kind == "LSTM" else state)
    return mg.ops.stack(*seen, dim=0)


def test_unfold_and_fold_are_layers_too():
    x = mg.rand(2, 3, 4, 4)
    unfold, fold = nn.Unfold(2, stride=2), nn.Fold((4, 4), 2, stride=2)
    assert np.allclose(fold(unfold(x)), x)  # windows that do not overlap
    assert repr(unfold) == "Unfold(kernel_size=2, dilation=1, padding=0, stride=2)"
    assert repr(fold) == "Fold(output_size=(4, 4), kernel_size=2, dilation=1, padding=0, stride=2)"


def test_a_transposed_convolution_finds_the_padding_for_an_output_size():
    down, up = nn.Conv2d(1, 1, 3, stride=2), nn.ConvTranspose2d(1, 1, 3, stride=2)
    for size in ((7, 8), (8, 7)):
        x = mg.rand(1, 1, *size)
        assert up(down(x), output_size=x.size()).shape == x.shape
    with pytest.raises(ValueError, match="which no padding of this layer gives"):
        up(mg.rand(1, 1, 3, 3), output_size=(20, 20))


def test_same_padding_of_another_kind():
    x = mg.rand(1, 1, 5)
    layer = nn.Conv1d(1, 1, 3, padding="same", padding_mode="circular", bias=False)
    wrapped = mg.cat([x[..., -1:], x, x[..., :1]], dim=2)
    assert mg.allclose(layer(x), F.conv1d(wrapped, layer.weight), atol=1e-6)


def test_an_encoder_is_its_layers_one_after_the_other():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
    encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8))
    x = mg.rand(3, 1, 8)
    assert mg.allclose(encoder(x), encoder.norm(layer(layer(x))), atol=1e-6)  # copies, alike until they are trained
    assert encoder.layers[0] is not layer and nn.TransformerEncoder(layer, 1)(x).shape == x.shape


def test_a_mask_for_every_head():
    attention, x = nn.MultiheadAttention(4, 2, batch_first=True), mg.rand(1, 3, 4)
    mask = mg.zeros(2, 3, 3, dtype=mg.bool)
    mask[0, :, 2] = True  # the first head does not look at the last place
    _, weights = attention(x, x, x, attn_mask=mask, average_attn_weights=False)
    assert (weights[0, 0, :, 2] == 0).all() and (weights[0, 1, :, 2] > 0).all()


def test_a_bilinear_layer_says_its_sizes():
    assert repr(nn.Bilinear(2, 3, 4)) == "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"


def test_initial_values_can_be_drawn_anew():
    norm = nn.BatchNorm1d(2)
    norm(mg.rand(4, 2))
    with mg.no_grad():
        norm.weight.fill_(7.0)
    norm.reset_parameters()
    assert norm.weight.tolist() == [1, 1] and norm.bias.tolist() == [0, 0] and norm.running_mean.tolist() == [0, 0]
    nn.BatchNorm1d(2, affine=False, track_running_stats=False).reset_parameters()
    for layer in (nn.Linear(4, 4), nn.LSTM(4, 4)):
        first = [p.tolist() for p in layer.parameters()]
        layer.reset_parameters()
        for p, was in zip(layer.parameters(), first, strict=True):
            assert p.tolist() != was and abs(p.detach()).max() <= 0.5


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: nn.Conv1d(2, 2, 1, groups=0), ValueError, "groups must be a positive integer"),
        (lambda: nn.Conv1d(2, 2, 1, padding_mode="mirror"), ValueError, "padding_mode 'mirror' is not supported"),
        (lambda: nn.Conv1d(2, 2, 1, padding="full"), ValueError, "Invalid padding string 'full'"),
        (lambda: nn.Conv1d(2, 2, 1, 2, padding="same"), ValueError, "not supported for strided convolutions"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be > 0"),
        (lambda: nn.Embedding(2, 2, sparse=True), NotImplementedError, "sparse are not in minigrad"),
        (lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True), NotImplementedError, "not in minigrad"),
        (lambda: nn.MultiheadAttention(0, 2), ValueError, "must be greater than 0"),
        (lambda: nn.MultiheadAttention(4, 2)(*[mg.ones(4)] * 3), RuntimeError, "unbatched 2D or batched 3D"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="swish"), RuntimeError, "should be relu/gelu"),
        (lambda: nn.InstanceNorm1d(2)(mg.ones(2)), ValueError, "expected 2D or 3D input"),
        (lambda: nn.LSTM(1, 1)(mg.ones(1, 1, 1), (mg.ones(1, 1, 1),) * 3), ValueError, "a state of 2 tensors, got 3"),
        (lambda: nn.init.dirac_(mg.ones(3, 1, 1), groups=2), ValueError, "dim 0 must be divisible by groups"),
    ],
)
def test_a_layer_that_cannot_be_is_refused_in_words(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_dropout_between_layers_needs_layers():
    with pytest.warns(UserWarning, match="expects num_layers greater than 1"):
        nn.GRU(1, 1, dropout=0.5)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_packed_sequences_are_as_good_as_one_by_one(kind):
    layer = getattr(nn, kind)(3, 4, bidirectional=True, dtype=mg.float64)
    sequences = [drawn(n, 3, seed=n) for n in (2, 5, 1)]
    packed, last = layer(R.pack_sequence(sequences, enforce_sorted=False))
    for i, (x, y) in enumerate(zip(sequences, R.unpack_sequence(packed), strict=True)):
        forwards = by_cells(kind, layer, x.unsqueeze(1))[:, 0]
        backwards = by_cells(kind, layer, x.flip(0).unsqueeze(1), "_l0_reverse")[:, 0].flip(0)
        assert close(y, mg.ops.cat(forwards, backwards, dim=1))
        ends = (last[0] if kind == "LSTM" else last)[:, i]
        assert close(ends[0], forwards[-1]) and close(ends[1], backwards[0])


def test_a_packed_sequence_changes_its_dtype_and_place(gpu):
    packed = nn.utils.rnn.pack_sequence([mg.ones(2, 1), mg.ones(3, 1)], enforce_sorted=False)
    there = packed.double().cuda() if hasattr(packed, "double") else packed.to(mg.float64).cuda()
    assert there.is_cuda and there.data.dtype is mg.float64 and there.unsorted_indices.is_cuda
    assert not there.cpu().is_cuda and nn.utils.rnn.pack_sequence([mg.ones(1)]).cpu().sorted_indices is None


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda rnn, packed: rnn.pack_padded_sequence(mg.ones(2, 1), [3]), RuntimeError, "Expected lengths up to 2"),
        (lambda rnn, packed: rnn.pad_packed_sequence(packed, total_length=1), ValueError, "at least the length"),
        (lambda rnn, packed: rnn.pad_sequence([mg.ones(1)], padding_side="top"), RuntimeError, "left or right"),
    ],
)
def test_lengths_and_sides_that_do_not_fit(run, kind, words):
    with pytest.raises(kind, match=words):
        run(nn.utils.rnn, nn.utils.rnn.pack_sequence([mg.ones(2)]))


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_gradients_of_a_layer_are_those_of_the_loop_over_cells(kind):
    layer = getattr(nn, kind)(3, 4, dtype=mg.float64)
    x = drawn(5, 2, 3).requires_grad_()
    (layer(x)[0] ** 2).sum().backward()
    cell = getattr(nn, kind + "Cell")(3, 4, dtype=mg.float64)
    cell.load_state_dict({name.removesuffix("_l0"): p for name, p in layer.state_dict().items()})
    state, loss = None, 0
    for step in range(5):
        state = cell(x[step], state)
        loss = loss + ((state[0] if kind == "LSTM" else state) ** 2).sum()
    expected = mg.autograd.grad(loss, [*cell.parameters(), x])
    assert all(close(p.grad, g) for p, g in zip([*layer.parameters(), x], expected, strict=True))


def test_layers_on_top_of_one_another_and_shapes():
    layer = nn.GRU(3, 4, num_layers=2, batch_first=True, dropout=0.5).eval()
    x = drawn(2, 5, 3).float()
    out, last = layer(x)
    assert out.shape == (2, 5, 4) and last.shape == (2, 2, 4) and close(out[:, -1], last[1])
    alone, end = layer(x[0])
    assert close(alone, out[0], 1e-6) and end.shape == (2, 4)
    assert [n for n, _ in layer.named_parameters()][4:6] == ["weight_ih_l1", "weight_hh_l1"]
    assert not close(layer.train()(x)[0], layer(x)[0], 1e-6)  # dropout between the layers, drawn anew


def test_padding_and_packing():
    sequences = [mg.tensor([1.0, 2.0, 3.0]), mg.tensor([4.0])]
    padded = R.pad_sequence(sequences, padding_value=-1, padding_side="left")
    assert padded.tolist() == [[1, -1], [2, -1], [3, 4]]
    packed = R.pack_sequence(sequences)
    assert packed.data.tolist() == [1, 4, 2, 3] and packed.batch_sizes.tolist() == [2, 1, 1]
    back, lengths = R.pad_packed_sequence(packed, batch_first=True, total_length=4)
    assert back.tolist() == [[1, 2, 3, 0], [4, 0, 0, 0]] and lengths.tolist() == [3, 1]
    with pytest.raises(RuntimeError, match="enforce_sorted=False"):
        R.pack_sequence(sequences[::-1])


# Attention


def test_masks_of_attention():
    layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype=mg.float64)
    x = drawn(1, 3, 4)
    padding = mg.tensor([[False, False, True]])
    out, weights = layer(x, x, x, key_padding_mask=padding)
    shorter, _ = layer(x, x[:, :2], x[:, :2])
    assert weights[..., 2].tolist() == [[0, 0, 0]] and close(out, shorter)
    causal = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    assert close(causal[:, 0], x[:, 0])


# Losses


def test_classes_that_are_ignored_or_weighed():
    scores, target = drawn(4, 3), mg.tensor([0, 2, -100, 1])
    kept = mg.tensor([0, 1, 3])
    assert close(F.cross_entropy(scores, target), F.cross_entropy(scores[kept], target[kept]))
    assert F.cross_entropy(scores, target, reduction="none")[2].item() == 0
    rows, weight = F.cross_entropy(scores[kept], target[kept], reduction="none"), mg.tensor([1.0, 2.0, 3.0]).double()
    mean = (rows * weight[target[kept]]).sum() / weight[target[kept]].sum()
    assert close(F.cross_entropy(scores, target, weight), mean)
    assert close(
        F.cross_entropy(scores[kept], target[kept], label_smoothing=0.3),
        F.cross_entropy(scores[kept], F.one_hot(target[kept], 3).double(), label_smoothing=0.3),
    )


def test_probabilities_of_0_and_1_give_finite_losses_and_gradients():
    p = mg.tensor([0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(p, mg.tensor([1.0, 1.0]))
    loss.backward()
    assert loss.item() == 50 and np.isfinite(p.grad.numpy()).all()


# Hooks


def test_hooks_in_front_with_keywords_and_after_an_error():
    layer, told = nn.Identity(), []
    layer.register_forward_pre_hook(lambda m, args: told.append("second"))
    layer.register_forward_pre_hook(lambda m, args: told.append("first"), prepend=True)
    layer.register_forward_pre_hook(lambda m, args, kwargs: ((mg.zeros(1),), {}), with_kwargs=True)
    assert layer(mg.ones(1)).item() == 0 and told == ["first", "second"]

    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    broken = Broken()
    broken.register_forward_hook(lambda m, args, output: told.append(output), always_call=True)
    broken.register_forward_hook(lambda m, a, kwargs, y: told.append(kwargs), always_call=True, with_kwargs=True)
    broken.register_forward_hook(lambda m, args, output: told.append("not this one"))
    with pytest.raises(ValueError, match="no"):
        broken(mg.ones(1))
    assert told[2:] == [None, {}]


class Pair(nn.Module):
    def forward(self, a, b):
        return Both(a * b, a + b)


Both = namedtuple("Both", "product sum")


def test_backward_hooks_of_several_inputs_and_outputs():
    pair, told = Pair(), []
    a, b = (mg.ones(1, requires_grad=True) for _ in range(2))
    pair.register_full_backward_pre_hook(lambda m, grad_output: None)
    handle = pair.register_full_backward_hook(lambda m, given, back: told.append((len(given), len(back))))
    made = pair(a * 2, b * 3)
    assert isinstance(made, Both)
    (made.product + made.sum).backward()
    assert told == [(2, 2)] and a.grad.item() == 8 and b.grad.item() == 9
    handle.remove()
    pair.register_full_backward_hook(lambda m, given, back: given)
    with pytest.raises(RuntimeError, match="several inputs cannot replace their gradients"):
        pair(a * 2, b * 3).sum.backward()


def test_hooks_before_after_and_on_the_way_back():
    layer, log = nn.Linear(1, 1, bias=False), []
    nn.init.constant_(layer.weight, 3.0)
    x = mg.tensor([[2.0]], requires_grad=True)
    with (
        layer.register_forward_pre_hook(lambda module, args: args[0] + 1),
        layer.register_forward_hook(lambda module, args, kwargs, out: log.append(args[0].item()), with_kwargs=True),
        layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,)),
        layer.register_full_backward_hook(lambda module, given, out: log.append((given[0].item(), out[0].item()))),
        layer.register_full_backward_hook(lambda module, given, out: (given[0] + 1,)),
    ):
        y = layer(x)
        y.sum().backward()
    assert (y.item(), x.grad.item(), log) == (9, 31, [3, (30, 10)])
    assert layer(x).item() == 6 and layer.weight.grad.item() == 30


def test_a_backward_hook_where_no_input_is_recorded():
    layer, log = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda module, given, out: log.append((given, out[0].shape)))
    layer(mg.ones(3, 2)).sum().backward()
    assert log == [((None,), (3, 1))]


# Modules


def test_lists_and_dicts_of_modules_do_what_pythons_do():
    relu, tanh = nn.ReLU(), nn.Tanh()
    line = nn.Sequential(relu) + nn.Sequential(tanh)
    assert list(line) == [relu, tanh] and line.pop(0) is relu and list(line) == [tanh]
    many = nn.ModuleList([relu]) + nn.ModuleList([tanh])
    many += [relu]
    assert list(many) == [relu, tanh, relu]
    with pytest.raises(TypeError, match="only modules go in here"):
        many.insert(0, 3)
    with pytest.raises(IndexError, match="index 3 is out of range"):
        many[3]
    named = nn.ModuleDict({"a": relu, "b": tanh})
    del named["a"]
    assert list(named.keys()) == ["b"] and list(named.values()) == [tanh] and list(named.items()) == [("b", tanh)]
    named.clear()
    assert len(named) == 0


def test_lists_and_dicts_of_parameters_do_what_pythons_do():
    line = nn.ParameterList([mg.ones(2), mg.zeros(2, 3)])
    line[0] = mg.full((1,), 5.0)
    assert isinstance(line[0], nn.Parameter) and line[0].item() == 5 and len(line[1:]) == 1
    assert repr(line).splitlines()[1:] == [
        "    (0): Parameter containing: [minigrad.float32 of size 1]",
        "    (1): Parameter containing: [minigrad.float32 of size 2x3]",
        ")",
    ]
    assert repr(nn.ParameterList()) == "ParameterList()" and repr(nn.ParameterDict({"w": mg.ones(1)})).count("w") == 1
    with pytest.raises(TypeError, match="holds tensors, not int"):
        nn.ParameterList([3])


def test_containers_of_parameters_and_modules():
    net = nn.Module()
    net.each = nn.ParameterList([mg.ones(2), mg.zeros(1)])
    net.named = nn.ParameterDict({"k": mg.ones(1)})
    net.parts = nn.ModuleDict({"left": nn.Linear(1, 1)})
    parameters = ["each.0", "each.1", "named.k", "parts.left.weight", "parts.left.bias"]
    assert [name for name, _ in net.named_parameters()] == parameters
    assert net.get_parameter("parts.left.weight") is net.parts["left"].weight and len(net.each) == 2
    with pytest.raises(AttributeError):
        net.get_submodule("parts.right")
    stack = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Tanh())
    stack.insert(0, nn.Sigmoid())
    del stack[1]
    assert [type(m).__name__ for m in stack] == ["Sigmoid", "Tanh", "Tanh"] and list(stack._modules) == ["0", "1", "2"]
    assert repr(nn.ModuleList([nn.ReLU(), nn.ReLU()])) == "ModuleList(\n  (0-1): 2 x ReLU()\n)"


def test_buffers_may_stay_out_of_the_state():
    net = nn.Module()
    net.register_buffer("scratch", mg.ones(1), persistent=False)
    net.kept = nn.Buffer(mg.ones(1))
    assert list(net.state_dict()) == ["kept"] and len(list(net.buffers())) == 2
    assert copy.deepcopy(net).state_dict().keys() == {"kept"}


def test_modules_survive_pickling():
    net = nn.Sequential(nn.ELU(alpha=2.0), nn.CrossEntropyLoss(label_smoothing=0.1), nn.GRU(2, 3))
    again = pickle.loads(pickle.dumps(net))
    assert repr(again) == repr(net) and again[1].label_smoothing == 0.1
    assert again[2].weight_hh_l0.tolist() == net[2].weight_hh_l0.tolist()


def test_conversion_reaches_what_ops_look_at():
    layer = nn.Linear(2, 1)
    layer(mg.ones(1, 2))
    assert layer.double()(mg.ones(1, 2).double()).dtype is mg.float64


# Utilities


def test_gradients_are_clipped_together():
    a, b = mg.tensor([3.0], requires_grad=True), mg.tensor([4.0], requires_grad=True)
    a.grad, b.grad = mg.tensor([3.0]), mg.tensor([4.0])
    assert nn.utils.clip_grad_norm_([a, b], 1.0).item() == 5 and np.allclose([a.grad.item(), b.grad.item()], [0.6, 0.8])
    nn.utils.clip_grad_value_([a, b], 0.7)
    assert b.grad.item() == np.float32(0.7)
    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.get_total_norm([mg.tensor([np.inf])], error_if_nonfinite=True)
    nn.utils.vector_to_parameters(nn.utils.parameters_to_vector([a, b]) * 2, [a, b])
    assert (a.item(), b.item()) == (6, 8)


@pytest.mark.parametrize(("fill", "std"), [
    (lambda t: nn.init.xavier_uniform_(t, gain=2), 2 * (2 / 300) ** 0.5), (nn.init.xavier_normal_, (2 / 300) ** 0.5),
    (lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), (2 / 100) ** 0.5),
    (nn.init.kaiming_uniform_, (2 / 200) ** 0.5), (nn.init.trunc_normal_, 0.8796),
    (lambda t: nn.init.trunc_normal_(t, 0, 1, 2.0, 3.0), 0.248), (lambda t: nn.init.sparse_(t, 0.5, std=1), 0.5**0.5),
])  # fmt: skip
def test_initial_values_spread_as_the_formula_says(fill, std):
    mg.manual_seed(0)
    assert abs(fill(mg.zeros(100, 200)).numpy().std() / std - 1) < 0.03


def test_kernels_that_let_each_channel_through():
    x, kernel = mg.rand(1, 4, 5), nn.init.dirac_(mg.empty(4, 2, 3), groups=2)
    assert np.allclose(F.conv1d(x, kernel, padding=1, groups=2), x)


@pytest.mark.parametrize("fill", [nn.init.kaiming_uniform_, nn.init.kaiming_normal_])
def test_nothing_to_fill_is_warned_of(fill):
    empty = mg.empty(0, 3)
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        assert fill(empty) is empty
    assert nn.init.orthogonal_(empty) is empty


def test_bounds_far_from_the_mean_are_warned_of():
    with pytest.warns(UserWarning, match="mean is more than 2 std from"):
        nn.init.trunc_normal_(mg.empty(4), mean=9.0)


def test_orthogonal_rows():
    q = nn.init.orthogonal_(mg.zeros(3, 2, 4))
    rows = q.reshape(3, -1).numpy()
    assert np.allclose(rows @ rows.T, np.eye(3), atol=1e-6)


def test_bilinear_draws_its_initial_values_anew():
    mg.manual_seed(0)
    layer = nn.Bilinear(4, 3, 2)
    weight, before = layer.weight, layer.weight.detach().clone()
    layer.reset_parameters()
    assert layer.weight is weight and not weight.equal(before) and weight.abs().max() <= 0.5
    assert 0 < layer.bias.abs().max() <= 0.5


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers_say_what_they_take(kind):
    names = list(inspect.signature(kind).parameters)
    assert names[:3] == ["input_size", "hidden_size", "num_layers"] and names[-2:] == ["device", "dtype"]
    options = {"bias": False, "batch_first": True, "bidirectional": True, "dtype": mg.float64}
    layer = kind(2, 3, 2, **options)
    assert {name: getattr(layer, name) for name in ("bias", "batch_first", "bidirectional")} == {
        "bias": False, "batch_first": True, "bidirectional": True
    }  # fmt: skip
    assert {p.dtype for p in layer.parameters()} == {mg.float64} and layer(mg.ones(1, 4, 2).double())[0].shape[-1] == 6


@pytest.mark.parametrize("p", [0.0, 0.5])
def test_dropout1d_asks_for_sequences_also_when_it_does_nothing(p):
    for shape in ((), (3,), (1, 2, 3, 4)):
        with pytest.raises(RuntimeError, match="Expected 2D or 3D input"):
            nn.functional.dropout1d(mg.ones(shape), p, training=False)
        assert nn.functional.dropout2d(mg.ones(shape), p, training=False).shape == shape
