"""Making tensors, and what a tensor tells of itself."""

from ..cases import DTYPES, family, texts


@family
def from_data():
    data = texts("""
        3  3.5  True  [1, 2]  [1.0, 2]  [True, False]  [[1, 2], [3, 4]]  []  [[]]  [[1], [2, 3]]  (1, 2.5)  'text'
        None  ['a']  [1, None]  [[1.0], 2]  np.ones((2, 2))  np.float64(1.5)  np.int32(3)  np.array([True])
        np.array(['a'])  np.arange(3)  [np.ones(2), np.zeros(2)]  [m.tensor(1), m.tensor(2)]  m.ones(2)  range(3)
        1e400  float('nan')  2**62  2**70  -1  [1, 2.5, True]  [2**40, 1.0]  {1: 2}  np.ones(2, 'uint8')  [300]
        [[[1]]]  np.ones((0, 3))  [m.tensor([1.0, 2.0]), m.tensor([3.0, 4.0])]  np.ones(2, 'float16')  [1j]  {1, 2}
        (x for x in [1])  b'ab'
    """)
    for given in data:
        yield f"m.tensor({given})",
        yield f"m.as_tensor({given})",
        for dtype in ("float32", "int64", "uint8", "bool", "float16"):
            yield f"m.tensor({given}, dtype=m.{dtype})",
    for text in texts("""
        m.tensor([1.0], requires_grad=True)  m.tensor([1], requires_grad=True)  m.tensor(1.0, device='cpu')
        m.tensor(1.0, device='nowhere')  m.tensor(data=[1, 2])  m.tensor([1.0], dtype='float32')
        m.tensor([1.0], dtype=float)  m.tensor([1.0], dtype=np.float64)  m.tensor()  m.from_numpy(np.ones(2))
        m.from_numpy([1, 2])  m.from_numpy(np.array('a'))  m.from_numpy(np.ones(2, 'int32'))
        m.tensor([1.0], device=3.5)  m.asarray([1, 2])  m.scalar_tensor(2)  m.Tensor([1, 2])  m.FloatTensor([1, 2])
        m.LongTensor([1, 2])  m.Tensor(2, 3).shape  m.tensor(m.ones(2, requires_grad=True)).requires_grad
        m.as_tensor(m.ones(2, requires_grad=True)).requires_grad  m.tensor(1, dtype=m.bool)
        m.as_tensor(np.ones(2)).dtype  n = np.zeros(2); t = m.from_numpy(n); n[0] = 5; t
        n = np.zeros(2); t = m.tensor(n); n[0] = 5; t  n = np.zeros(2); t = m.as_tensor(n); n[0] = 5; t
        t = m.zeros(2); t.numpy()[0] = 5; t  t = m.zeros(2); n = np.asarray(t); n[0] = 5; t
        np.array(m.ones(2, requires_grad=True))  np.sum(m.ones(2).numpy())
    """):
        yield text,


@family
def filled():
    for name in ("zeros", "ones", "empty", "rand", "randn"):
        value = "" if name in ("zeros", "ones") else ".shape"
        for shape in texts("""
            2, 3  (2, 3)  [2, 3]  ()  0  2, 0  -1  2.0  'a'  None  m.Size([2])  (2,), 3  size=(2, 2)  3
        """):
            yield f"m.{name}({shape}){value}",
        yield f"m.{name}(){value}",
        for dtype in DTYPES.values():
            yield f"m.{name}(2, dtype=m.{dtype}).dtype",
        for option in texts("""
            requires_grad=True  device='cpu'  device='nowhere'  dtype='float32'  dtype=m.float64, requires_grad=True
            dtype=None  out=None  device=None
        """):
            yield f"t = m.{name}(2, {option})\nt.dtype, t.shape, t.requires_grad, t.device, t.is_leaf",
    for shape in texts("(2, 3)  2  ()  [2]  (-1,)  (0,)"):
        for value in texts("7  1.5  True  None  float('nan')  'a'  m.tensor(2.0)  -3"):
            yield f"m.full({shape}, {value})",
    for spec in ("f4(2,3)", "i8(2,)", "f8()", "b1(3,)", "f4(0,2)", "f4(2,3) T", "f2(2,)"):
        for text in texts("""
            m.zeros_like(a)  m.ones_like(a)  m.full_like(a, 2)  m.full_like(a, 1.5)  m.empty_like(a).shape
            m.rand_like(a).shape  m.randn_like(a).dtype  m.randint_like(a, 5).shape  m.zeros_like(a, dtype=m.float64)
            m.ones_like(a, requires_grad=True)  m.full_like(a, 3, dtype=m.int64)  m.zeros_like(a).is_contiguous()
            m.zeros_like(a).stride()  m.ones_like(a, dtype=m.bool)  a.new_zeros(2)  a.new_ones((2, 2))
            a.new_full((2,), 3)  a.new_tensor([1, 2])  a.new_empty(3).shape  a.new_zeros(2, dtype=m.float64)
            a.new_tensor(1.5)  m.zeros_like(3)  a.new_zeros(2, requires_grad=True)
        """):
            yield text, spec


@family
def ranges():
    for text in texts("""
        m.arange(5)  m.arange(5.0)  m.arange(1, 4)  m.arange(1, 10, 3)  m.arange(0, 1, 0.25)  m.arange(5, 0, -1)
        m.arange(5, 0)  m.arange(0)  m.arange(-3)  m.arange(0, 5, 0)  m.arange(1, 2.5)  m.arange(3, dtype=m.float32)
        m.arange(3, dtype=m.uint8)  m.arange(0.5, 3)  m.arange(3, requires_grad=True)
        m.arange(3.0, requires_grad=True)  m.arange('a')  m.arange()  m.arange(None)  m.arange(start=1, end=3)
        m.arange(end=3)  m.arange(0, 1, 0.1)  m.arange(0, 5, 2.0)  m.arange(True)  m.arange(m.tensor(3))
        m.arange(float('nan'))  m.arange(0, float('inf'))  m.arange(1, 3, dtype=m.bool)  m.arange(2**31, 2**31 + 2)
        m.arange(0, 3, 1, dtype=m.float16)  m.arange(10, device='cpu')  m.range(0, 3)  m.linspace(0, 1, 5)
        m.linspace(0, 1, 1)  m.linspace(0, 1, 0)  m.linspace(1, 0, 3)  m.linspace(0, 10, 4, dtype=m.int64)
        m.linspace(0, 1, -1)  m.linspace(0, 1)  m.linspace(0, 1, steps=3)  m.linspace(0, 1, 3, dtype=m.float64)
        m.linspace(-5, 5, 11)  m.linspace(0, 1, 3.0)  m.linspace(start=0, end=2, steps=2)
        m.linspace(0, 1, 3, requires_grad=True)  m.linspace(3, 3, 2)  m.linspace(float('nan'), 1, 2)
        m.logspace(0, 2, 3)  m.logspace(0, 1, 3, base=2)  m.logspace(0, 2, -1)  m.logspace(0, 1, 2, dtype=m.float64)
        m.eye(3)  m.eye(2, 3)  m.eye(0)  m.eye(-1)  m.eye(2, dtype=m.int64)  m.eye(2, requires_grad=True)  m.eye(2.0)
        m.eye(2, m=3)  m.eye(n=2)  m.eye(3, 0)  m.arange(6).reshape(2, 3)  m.arange(4).float()  m.arange(3) + 0.5
        m.arange(4) ** 2  m.arange(1, 4) / 2  m.arange(3)[:, None] < m.arange(4)  m.empty(0)  m.empty(2, 0).sum()
    """):
        yield text,


@family
def random_numbers():
    for text in texts("""
        m.manual_seed(3); x = m.rand(4); m.manual_seed(3); bool((x == m.rand(4)).all())
        m.manual_seed(3); x = m.randn(4); bool((x == m.randn(4)).any())  m.rand(100).min() >= 0, m.rand(100).max() < 1
        m.randint(5, (3,)).dtype  m.randint(2, 5, (100,)).min()  m.randint(0, 3, (100,)).max()  m.randint(5, 2, (3,))
        m.randint(3, size=(2, 2)).shape  m.randint(5, 3)  m.randint(0, (2,))
        m.randint(2, 4, (2,), dtype=m.int32).dtype  m.randint(0, 2, (2,), dtype=m.float32).dtype
        m.randint(low=0, high=2, size=(3,)).shape  m.randperm(5).sort().values  m.randperm(0)  m.randperm(-1)
        m.randperm(4).dtype  m.randperm(3.0)  m.randperm(4, dtype=m.int32).dtype
        m.rand(2, generator=m.Generator()).shape
        g = m.Generator().manual_seed(1); x = m.rand(3, generator=g); g.manual_seed(1); x.equal(m.rand(3, generator=g))
        m.Generator().manual_seed(7).initial_seed()
        g = m.Generator(); s = g.get_state(); x = m.rand(3, generator=g); g.set_state(s); x.equal(m.rand(3,generator=g))
        m.manual_seed('a')  m.manual_seed(5).initial_seed()  m.manual_seed(5); m.initial_seed()
        m.normal(0.0, 1.0, (2, 3)).shape  m.normal(m.zeros(3), m.ones(3)).shape  m.normal(m.zeros(3), 0.0)
        m.normal(2.0, m.zeros(2))  m.normal(0.0, -1.0, (2,))  m.bernoulli(m.ones(3))  m.bernoulli(m.zeros(2, 2))
        m.bernoulli(m.tensor([2.0]))  m.bernoulli(m.tensor([1]))
        m.multinomial(m.tensor([0.0, 1.0]), 3, replacement=True)  m.multinomial(m.tensor([0.0, 1.0]), 1)
        m.multinomial(m.tensor([0.5, 1.0]), 3)  m.multinomial(m.tensor([-1.0, 1.0]), 1)
        m.multinomial(m.tensor([[0.0, 1.0], [1.0, 0.0]]), 1)  m.multinomial(m.tensor([0.0, 0.0]), 1)
        m.zeros(3).uniform_(1, 1)  m.zeros(50).uniform_().max() < 1  m.zeros(3).normal_(2, 0)
        m.zeros(3).bernoulli_(1.0)  m.zeros(3).uniform_(2, 1)  m.zeros(3).normal_(0, -1)
        m.zeros(20).random_(3).max() < 3  m.zeros(3).exponential_().min() > 0  m.rand(3, requires_grad=True).is_leaf
        m.randn(2, 2, dtype=m.float16).dtype  m.rand(2, dtype=m.int64)  m.randn(0).shape  m.rand(3).requires_grad
        m.seed() >= 0  m.rand(2, generator=3)  m.dropout(m.ones(4), 1.0, True)  F.dropout(m.ones(3), 0.0)
        F.dropout(m.ones(3), 0.5, training=False)  F.dropout(m.ones(3), 1.5)
        s = m.get_rng_state(); x = m.rand(2); m.set_rng_state(s); bool((x == m.rand(2)).all())
        m.manual_seed(0); len(m.randperm(10).unique())  m.manual_seed(-1).initial_seed()
    """):
        yield text,


@family
def facts():
    for text in texts("""
        a.dtype  a.device  a.shape  a.ndim  a.requires_grad  a.is_leaf  a.grad  a.grad_fn  a.numel()  a.size()
        a.dim()  a.stride()  a.is_contiguous()  a.element_size()  a.itemsize  a.nbytes  a.is_cuda
        a.is_floating_point()  a.item()  a.tolist()  a.detach().numpy()  a.numpy()  float(a)  int(a)  bool(a)  len(a)
        list(range(a))  [1, 2, 3, 4, 5][a]  a.data  a.data.requires_grad  a._version  hash(a) == hash(a)  a in [a]
        m.is_tensor(a)  a.output_nr  a.retains_grad  a.storage().nbytes()  a.data_ptr() == a.data_ptr()
        a.detach().data_ptr() == a.data_ptr()  1.0 in a  a == None  a != None  a is None  not a
        if_true = 1 if a else 2; if_true  a.__array__().shape  np.asarray(a.detach())  '%.2f' % a  f'{a:.3f}'  f'{a}'
        str(a.detach())  a.item() + 1  a.tolist() == a.tolist()  a.abs().max().item() > 0  iter(a).__next__()
        a.__len__()  a.__bool__()  type(a).__name__  isinstance(a, m.Tensor)  a.is_sparse  a.is_complex()
        a.get_device()  a.is_inference()  a.requires_grad_(False).requires_grad  a.cpu().device.type  a.device.index
        reversed(a)  sum(a)  max(a)  sorted(a)  any(a)  a.nonsense  a.nonsense()  a.nonsense_ = 3; a.nonsense_
        a.shape == (2, 3)  tuple(a.shape)  a.shape[1:]  a.shape[:0] + (2,)  a.shape[0]
        a.shape[-1]  str(a.shape)  a.size() + (1,)
        copy = a.__deepcopy__({}); copy  import copy; copy.deepcopy(a)  import copy; copy.copy(a)
        import pickle; pickle.loads(pickle.dumps(a))
    """):
        for spec in ("f4(2,3)", "f4(1,)", "f4()", "f4(0,)", "i8()", "i8(2,)", "b1(1,)"):
            yield text, spec


@family
def devices():
    for text in texts("""
        m.device('cpu')  m.device('cpu').type  m.device('cpu').index  m.device('cpu', 0)  m.device('cuda')
        m.device('cuda:1').index  m.device('nowhere')  m.device('cuda:x')
        m.zeros(2, device='meta')  a + a.to('meta')  m.device(3.5)  m.device()
        str(m.device('cuda', 1))  m.device('cpu') == m.device('cpu')  m.device('cpu') == 'cpu'
        m.device(m.device('cpu'))  m.device(type='cpu')  m.device('cpu:0')  m.device('')
        m.cuda.is_available() in (True, False)  m.cuda.device_count() >= 0  a.to('cpu')  a.cpu()
        a.to(m.device('cpu'))  a.to('mars')  a.to('cpu:0').device.type  a.device == m.device('cpu')
        m.zeros(2, device=a.device)  m.ones(2, device=m.device('cpu')).device.type  repr(m.device('cpu'))
        hash(m.device('cpu')) == hash(m.device('cpu'))  nn.Linear(2, 1, device='cpu').weight.device.type
        nn.Linear(2, 1).to('cpu').weight.shape  nn.Linear(2, 1).to('nowhere')
        nn.Linear(2, 1, dtype=m.float64).weight.dtype
    """):
        yield text, "f4(2,)"
