"""What a Module offers beside its layers: state, hooks, containers; nn.utils and nn.init."""

from ..cases import family, programs, texts

SPREAD = """
m.manual_seed(0)
w = m.empty(300, 200)
nn.init.{}
round(w.std().item() * 20)
"""
FIRST_VALUES = """
m.manual_seed(0)
large = [(n, p.detach()) for n, p in nn.{}.named_parameters() if p.numel() > 500]
[(n, round(p.abs().max().item() * 10), round(p.std().item() * 20)) for n, p in large]
"""


@family
def module_behaviour():
    for program in programs("""
        layer = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
        names = [n for n, p in layer.named_parameters()], [n for n, c in layer.named_modules()]
        names, [n for n, c in layer.named_children()], len(list(layer.modules()))

        layer = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        layer[0].weight.shape, len(layer), layer[-1], layer[0:1], [type(c).__name__ for c in layer]

        layer = nn.Linear(2, 1)
        layer.load_state_dict({'weight': m.ones(1, 2), 'bias': m.zeros(1)}), layer(m.ones(2))

        layer = nn.Linear(2, 1)
        layer.load_state_dict({'weight': m.ones(1, 2)})

        layer = nn.Linear(2, 1)
        r = layer.load_state_dict({'weight': m.ones(1, 2), 'other': m.ones(1)}, strict=False)
        r.missing_keys, r.unexpected_keys

        layer = nn.Linear(2, 1)
        layer.load_state_dict({'weight': m.ones(2, 2), 'bias': m.zeros(1)})

        layer = nn.Linear(2, 1)
        layer.load_state_dict(3)

        layer = nn.Linear(2, 1)
        layer.weight = m.ones(1, 2)

        layer = nn.Linear(2, 1)
        layer.weight = None
        [n for n, p in layer.named_parameters()]

        layer = nn.Linear(2, 1)
        del layer.bias
        list(layer.state_dict())

        layer = nn.Linear(2, 1)
        layer.nothing

        layer = nn.Linear(2, 1).double()
        layer.weight.dtype, layer(m.ones(2, dtype=m.float64)).dtype

        layer = nn.Linear(2, 1)
        w = layer.weight
        layer.to(m.float64) is layer, layer.weight is w, w.dtype

        layer = nn.Linear(2, 1).half()
        layer.weight.dtype, layer.float().weight.dtype

        layer = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 2))
        layer.training, layer.eval().training, layer[0].training, layer.train().training, layer.train(False)[1].training

        layer = nn.Linear(2, 1)
        layer.train('yes')

        layer = nn.Linear(2, 1)
        layer.requires_grad_(False)
        [p.requires_grad for p in layer.parameters()], layer(m.ones(2)).requires_grad

        layer = fill(nn.Linear(2, 1))
        layer(m.ones(2)).sum().backward()
        before = layer.weight.grad.clone()
        layer.zero_grad()
        before, layer.weight.grad

        layer = fill(nn.Linear(2, 1))
        layer(m.ones(2)).sum().backward()
        layer.zero_grad(set_to_none=False)
        layer.weight.grad

        layer = nn.Module()
        layer.register_buffer('b', m.ones(2))
        layer.register_buffer('c', m.ones(2), persistent=False)
        list(layer.state_dict()), [n for n, b in layer.named_buffers()]

        layer = nn.Module()
        layer.register_parameter('p', nn.Parameter(m.ones(2)))
        layer.register_parameter('q', None)
        list(layer.state_dict()), len(list(layer.parameters()))

        layer = nn.Module()
        layer.register_parameter('p', m.ones(2))

        layer = nn.Module()
        layer.register_parameter('a.b', nn.Parameter(m.ones(1)))

        layer = nn.Module()
        layer.register_buffer('training', m.ones(1))

        layer = nn.Module()
        layer(m.ones(2))

        layer = nn.Module()
        layer.add_module('x', nn.ReLU())
        layer.add_module('y', 3)

        layer = nn.Sequential(nn.Linear(1, 1))
        layer.get_submodule('0').weight.shape, layer.get_parameter('0.bias').shape, layer.get_submodule('1')

        layer = nn.Module()
        layer.p = nn.Parameter(m.ones(2))
        layer.q = layer.p
        [n for n, p in layer.named_parameters()], list(layer.state_dict())

        class Net(nn.Module):
            def __init__(self):
                self.fc = nn.Linear(1, 1)
        Net()

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Parameter(m.tensor([2.0]))
                self.b = nn.Linear(1, 1)
                self.register_buffer('c', m.tensor([3.0]))
            def forward(self, x):
                return self.b(x * self.a) + self.c
        net = fill(Net())
        net(m.tensor([1.0])), list(net.state_dict()), repr(net)

        layer = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
        layer.append(nn.Tanh())
        layer.extend([nn.Sigmoid()])
        layer.insert(0, nn.ReLU())
        [type(c).__name__ for c in layer], list(layer.state_dict()), type(layer[1:3]).__name__, type(layer[-1]).__name__

        layer = nn.ModuleList([nn.ReLU()])
        layer(m.ones(1))

        layer = nn.ModuleList([nn.ReLU(), 3])

        layer = nn.ModuleDict({'a': nn.Linear(1, 1), 'b': nn.ReLU()})
        layer['c'] = nn.Tanh()
        list(layer), 'a' in layer, list(layer.state_dict()), len(layer), type(layer.pop('b')).__name__, list(layer)

        layer = nn.ModuleDict({'a': nn.ReLU()})
        layer['z']

        layer = nn.ParameterList([m.ones(2), nn.Parameter(m.zeros(1))])
        layer.append(m.ones(1))
        len(layer), list(layer.state_dict()), [p.requires_grad for p in layer], layer[1]

        layer = nn.ParameterDict({'a': m.ones(2)})
        layer['b'] = nn.Parameter(m.zeros(1))
        list(layer), list(layer.state_dict()), layer['a'].requires_grad

        calls = []
        layer = fill(nn.Linear(2, 1))
        h = layer.register_forward_hook(lambda mod, args, out: calls.append(tuple(out.shape)))
        layer(m.ones(2))
        h.remove()
        layer(m.ones(2))
        calls

        layer = fill(nn.Linear(2, 1))
        layer.register_forward_hook(lambda mod, args, out: out * 2)
        layer(m.ones(2))

        layer = fill(nn.Linear(2, 1))
        layer.register_forward_pre_hook(lambda mod, args: (args[0] * 3,))
        layer(m.ones(2))

        layer = fill(nn.Linear(2, 1))
        layer.register_forward_pre_hook(lambda mod, args: args[0] * 3)
        layer(m.ones(2))

        layer = fill(nn.Linear(2, 1))
        got = []
        layer.register_full_backward_hook(lambda mod, gi, go: got.append((gi, go)))
        x = m.ones(2, requires_grad=True)
        layer(x).sum().backward()
        got[0], x.grad

        layer = fill(nn.Linear(2, 1))
        layer.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 2,))
        x = m.ones(2, requires_grad=True)
        layer(x).sum().backward()
        x.grad, layer.weight.grad

        layer = fill(nn.Linear(2, 1))
        layer.register_full_backward_pre_hook(lambda mod, go: (go[0] * 10,))
        x = m.ones(2, requires_grad=True)
        layer(x).sum().backward()
        x.grad

        order = []
        layer = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
        layer.apply(lambda mod: order.append(type(mod).__name__))
        order

        import copy
        layer = fill(nn.Linear(2, 1))
        other = copy.deepcopy(layer)
        other.weight is layer.weight, (other.weight == layer.weight).all(), type(other.weight).__name__

        import pickle
        layer = pickle.loads(pickle.dumps(fill(nn.Linear(2, 1))))
        layer.weight, layer.bias

        p = nn.Parameter(m.ones(2))
        p.requires_grad, type(p).__name__, type(p * 2).__name__, isinstance(p, m.Tensor), p.is_leaf

        p = nn.Parameter(m.ones(2), requires_grad=False)
        p.requires_grad

        nn.Parameter(m.tensor([1, 2]))

        nn.Parameter(3)

        layer = nn.Linear(2, 1)
        layer()

        layer = nn.Linear(2, 1)
        layer(3.0)

        nn.Linear(2)

        nn.Linear(-1, 2)

        nn.Linear('a', 2)

        layer = nn.Flatten()
        layer(m.ones(2, 3, 4)).shape, nn.Unflatten(1, (3, 4))(m.ones(2, 12)).shape

        layer = nn.Linear(2, 1)
        state = layer.state_dict()
        state['weight'].requires_grad, list(layer.state_dict(prefix='x.'))

        layer = fill(nn.Linear(2, 2))
        [float(t.detach().sum()) for t in layer.state_dict().values()], sum(p.numel() for p in layer.parameters())
    """):
        yield program,


@family
def nn_utilities():
    for program in programs("""
        layer = fill(nn.Linear(2, 2))
        layer(m.ones(2)).sum().backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 0.5), layer.weight.grad, layer.bias.grad

        layer = fill(nn.Linear(2, 2))
        layer(m.ones(2)).sum().backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 1e6), layer.weight.grad

        layer = fill(nn.Linear(2, 2))
        layer(m.ones(2)).sum().backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 0.5, norm_type=float('inf')), layer.weight.grad

        layer = fill(nn.Linear(2, 2))
        layer(m.ones(2)).sum().backward()
        nn.utils.clip_grad_norm_(layer.weight, 0.5, norm_type=1), layer.weight.grad

        nn.utils.clip_grad_norm_([], 1.0)

        nn.utils.clip_grad_norm_([m.ones(1, requires_grad=True)], 1.0)

        x = m.ones(1, requires_grad=True)
        x.grad = m.tensor([float('nan')])
        nn.utils.clip_grad_norm_([x], 1.0, error_if_nonfinite=True)

        layer = fill(nn.Linear(2, 2))
        (layer(m.ones(2)) * m.tensor([-3.0, 3.0])).sum().backward()
        nn.utils.clip_grad_value_(layer.parameters(), 0.5), layer.weight.grad

        layer = fill(nn.Linear(2, 2))
        v = nn.utils.parameters_to_vector(layer.parameters())
        nn.utils.vector_to_parameters(v.detach() * 2, layer.parameters())
        v.detach(), layer.weight.detach()

        nn.utils.rnn.pad_sequence([m.ones(3), m.ones(1), m.ones(2)])

        nn.utils.rnn.pad_sequence([m.ones(3, 2), m.ones(1, 2)], batch_first=True, padding_value=-1.0)

        nn.utils.rnn.pad_sequence([m.ones(1, 2), m.ones(2, 3)])

        nn.utils.rnn.pad_sequence([])

        nn.utils.rnn.pad_sequence([m.tensor([1, 2]), m.tensor([3])], batch_first=True)

        p = nn.utils.rnn.pack_padded_sequence(m.arange(12.0).reshape(3, 4), [3, 2, 1, 1])
        p.data, p.batch_sizes, p.sorted_indices, p.unsorted_indices

        p = nn.utils.rnn.pack_padded_sequence(m.arange(12.0).reshape(3, 4), [1, 3, 2, 1], enforce_sorted=False)
        p.data, p.batch_sizes, p.sorted_indices, p.unsorted_indices

        nn.utils.rnn.pack_padded_sequence(m.arange(12.0).reshape(3, 4), [1, 3, 2, 1])

        nn.utils.rnn.pack_padded_sequence(m.arange(12.0).reshape(3, 4), [3, 0, 2, 1], enforce_sorted=False)

        nn.utils.rnn.pack_padded_sequence(m.arange(12.0).reshape(3, 4), [3, 2])

        p = nn.utils.rnn.pack_padded_sequence(m.arange(24.0).reshape(4, 3, 2), m.tensor([3, 2, 1, 1]), batch_first=True)
        nn.utils.rnn.pad_packed_sequence(p, batch_first=True)

        p = nn.utils.rnn.pack_padded_sequence(m.arange(24.0).reshape(4, 3, 2), [1, 3, 1, 2], True, enforce_sorted=False)
        nn.utils.rnn.pad_packed_sequence(p, padding_value=-1.0)

        p = nn.utils.rnn.pack_padded_sequence(m.arange(6.0).reshape(3, 2), [2, 1])
        nn.utils.rnn.pad_packed_sequence(p, total_length=4)

        p = nn.utils.rnn.pack_sequence([m.ones(3), m.zeros(2)])
        p.data, p.batch_sizes

        nn.utils.rnn.pack_sequence([m.ones(1), m.zeros(2)])

        x = m.arange(6.0).reshape(3, 2).requires_grad_()
        p = nn.utils.rnn.pack_padded_sequence(x, [3, 1])
        (p.data ** 2).sum().backward()
        x.grad

        nn.utils.rnn.unpad_sequence(m.arange(6.0).reshape(3, 2), m.tensor([3, 1]))
    """):
        yield program,
    for call in texts("""
        constant_(w, 0.3)  zeros_(w)  ones_(w)  eye_(w)  dirac_(w)  uniform_(w, 1.0, 1.0)  normal_(w, 2.0, 0.0)
        trunc_normal_(w, std=0.0)  uniform_(w, 2.0, 1.0)  xavier_uniform_(w, gain=0.0)
        kaiming_normal_(w, mode='fan_x')  orthogonal_(w).shape  sparse_(w, 0.5).shape
    """):
        yield f"w = m.empty(2, 3)\nnn.init.{call}",
        yield f"w = m.empty(3)\nnn.init.{call}",
    for call in texts("""
        xavier_uniform_(w)  xavier_normal_(w)  kaiming_uniform_(w)  kaiming_normal_(w)
        kaiming_uniform_(w, a=5 ** 0.5)  kaiming_uniform_(w, mode='fan_out', nonlinearity='relu')  uniform_(w)
        normal_(w)  trunc_normal_(w)  kaiming_normal_(w, nonlinearity='tanh')  xavier_uniform_(w, gain=2.0)
        orthogonal_(w)  kaiming_uniform_(w, nonlinearity='nope')
    """):
        yield SPREAD.format(call),
        yield f"w = m.empty(3)\nnn.init.{call}.shape",
    for text in texts("""
        'relu'  'linear'  'tanh'  'sigmoid'  'selu'  'leaky_relu'  'conv2d'  'leaky_relu', 0.5  'nope'
        'leaky_relu', 'a'
    """):
        yield f"nn.init.calculate_gain({text})",
    for layer in texts("""
        Linear(50, 60)  Conv2d(5, 7, 3)  LSTM(30, 40)  RNNCell(20, 30)  MultiheadAttention(16, 4)
        Conv1d(8, 9, 5)  Bilinear(10, 11, 12)  BatchNorm1d(4)  LayerNorm(4)
    """):
        yield FIRST_VALUES.format(layer),
