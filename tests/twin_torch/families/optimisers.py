"""A few steps of each optimiser and scheduler, and what they refuse."""

from ..cases import family, programs, texts

STEPS = """
opt = optim.{}
for i in range(4):
    opt.zero_grad()
    ((a - b) ** 2 * m.tensor([1.0, 2.0, 3.0])).sum().backward()
    opt.step()
a.detach()
"""
STATE = """
opt = optim.{}
list(opt.state_dict()), sorted(opt.param_groups[0]), opt.state_dict()['param_groups'][0]['params'], len(opt.state)
"""
RATES = """
opt = optim.SGD([a], lr=0.5, momentum=0.9)
s = optim.lr_scheduler.{}
out = []
for i in range(7):
    out += s.get_last_lr()
    opt.step()
    s.step()
out, getattr(s, 'last_epoch', None)
"""
SCHEDULER_STATE = """
opt = optim.SGD([a], lr=0.5, momentum=0.9)
s = optim.lr_scheduler.{}
opt.step()
s.step()
sorted(k for k in s.state_dict() if k[0] != '_'), opt.param_groups[0]['lr'], opt.param_groups[0].get('initial_lr')
"""
PLATEAU = """
opt = optim.SGD([a], lr=0.5)
s = optim.lr_scheduler.ReduceLROnPlateau(opt, {})
out = []
for v in (3.0, 2.0, 2.0, 2.0, 2.1, 1.0, 1.0, 1.0):
    s.step(v)
    out.append(opt.param_groups[0]['lr'])
out
"""


@family
def optimisers():
    for call in texts("""
        SGD([a], lr=0.1)  SGD([a], lr=0.1, momentum=0.9)  SGD([a], lr=0.1, momentum=0.9, nesterov=True)
        SGD([a], lr=0.1, weight_decay=0.1)  SGD([a], lr=0.1, momentum=0.9, dampening=0.5)
        SGD([a], lr=0.1, maximize=True)  SGD([a])  Adam([a])  Adam([a], lr=0.1, betas=(0.5, 0.9))
        Adam([a], lr=0.1, amsgrad=True)  Adam([a], lr=0.1, weight_decay=0.1)  Adam([a], eps=0.1)
        Adam([a], lr=0.1, maximize=True)  AdamW([a], lr=0.1)  AdamW([a], lr=0.1, weight_decay=0.5)  RMSprop([a])
        RMSprop([a], lr=0.1, momentum=0.9)  RMSprop([a], lr=0.1, centered=True)  Adagrad([a], lr=0.1)
        Adagrad([a], lr=0.1, lr_decay=0.1)  Adadelta([a], lr=0.5)  NAdam([a], lr=0.1)  Adamax([a], lr=0.1)
        RAdam([a], lr=0.1)  SGD([a], lr=-1)  SGD([a], lr=0.1, nesterov=True)  SGD([], lr=0.1)  SGD(a, lr=0.1)
        SGD([a * 2], lr=0.1)  SGD([3], lr=0.1)  SGD([{'params': [a], 'lr': 0.5}], lr=0.1)
        SGD([{'params': [a]}, {'params': [a]}], lr=0.1)  Adam([a], betas=(1.5, 0.9))  Adam([a], eps=-1)
        SGD([a], lr=0.1, momentum=-1)  SGD([a], lr=0.1, weight_decay=-1)  SGD([a], lr='fast')  RMSprop([a], alpha=-1)
        Adagrad([a], lr_decay=-1)  SGD([a], 0.1, 0.9)  SGD(params=[a], lr=0.1)  SGD(iter([a]), lr=0.1)
        SGD([('w', a)], lr=0.1)
    """):
        yield STEPS.format(call), "f4(3,)", "f4(3,) const"
        yield STEPS.format(call), "f8(2,3)", "f8(2,3) const"
        yield STATE.format(call), "f4(3,)"
        yield f"repr(optim.{call})", "f4(3,)"
    for program in programs("""
        opt = optim.SGD([a], lr=0.1)
        opt.step()
        a.detach(), a.grad

        opt = optim.SGD([a], lr=0.1)
        a.sum().backward()
        opt.zero_grad()
        first = a.grad
        a.sum().backward()
        opt.zero_grad(set_to_none=False)
        first, a.grad

        opt = optim.SGD([a], lr=0.1)
        def closure():
            opt.zero_grad()
            loss = (a * a).sum()
            loss.backward()
            return loss
        opt.step(closure).detach(), a.detach()

        opt = optim.SGD([a], lr=0.1)
        opt.add_param_group({'params': [m.ones(1, requires_grad=True)], 'lr': 1.0})
        [g['lr'] for g in opt.param_groups], len(opt.state_dict()['param_groups'])

        opt = optim.SGD([a], lr=0.1)
        opt.add_param_group({'params': [a]})

        opt = optim.Adam([a], lr=0.1)
        (a * a).sum().backward()
        opt.step()
        s = opt.state_dict()
        sorted(s['state'][0]), s['state'][0]['exp_avg'], s['state'][0]['step']

        opt = optim.SGD([a], lr=0.1, momentum=0.9)
        (a * a).sum().backward()
        opt.step()
        other = optim.SGD([a], lr=0.5)
        other.load_state_dict(opt.state_dict())
        other.step()
        other.param_groups[0]['lr'], other.param_groups[0]['momentum'], a.detach()

        optim.SGD([a], lr=0.1).load_state_dict({'state': {}, 'param_groups': []})

        opt = optim.SGD([a], lr=0.1)
        opt.param_groups[0]['lr'] = 1.0
        a.sum().backward()
        opt.step()
        a.detach()

        opt = optim.SGD([a], lr=0.1)
        v = a._version
        a.sum().backward()
        opt.step()
        a._version > v, a.requires_grad, a.is_leaf

        y = (a * a).sum()
        a.sum().backward()
        optim.SGD([a], lr=0.1).step()
        y.backward()
    """):
        yield program, "f4(3,)"


@family
def schedulers():
    for call in texts("""
        StepLR(opt, 2)  StepLR(opt, step_size=3, gamma=0.5)  MultiStepLR(opt, [1, 3], gamma=0.1)
        ExponentialLR(opt, 0.9)  ConstantLR(opt, factor=0.5, total_iters=2)
        LinearLR(opt, start_factor=0.5, total_iters=3)  LinearLR(opt)  CosineAnnealingLR(opt, 4)
        CosineAnnealingLR(opt, T_max=4, eta_min=0.01)  CosineAnnealingWarmRestarts(opt, 2)
        CosineAnnealingWarmRestarts(opt, 1, T_mult=2)  LambdaLR(opt, lambda e: 1 / (e + 1))
        MultiplicativeLR(opt, lambda e: 0.9)  OneCycleLR(opt, 1.0, total_steps=8)
        OneCycleLR(opt, max_lr=1.0, epochs=2, steps_per_epoch=4, anneal_strategy='linear')  PolynomialLR(opt, 4)
        CyclicLR(opt, 0.01, 0.1, step_size_up=2)
        SequentialLR(opt, [optim.lr_scheduler.ConstantLR(opt, 0.1, 2), optim.lr_scheduler.ExponentialLR(opt, 0.9)], [2])
        ChainedScheduler([optim.lr_scheduler.ConstantLR(opt, 0.1, 2), optim.lr_scheduler.ExponentialLR(opt, 0.9)])
        StepLR(3, 2)  StepLR(opt)  OneCycleLR(opt, 1.0)  LinearLR(opt, start_factor=2.0)  LambdaLR(opt, [1, 2])
        ReduceLROnPlateau(opt, factor=2.0)
    """):
        yield RATES.format(call), "f4(2,)"
        yield SCHEDULER_STATE.format(call), "f4(2,)"
    for option in texts("""
        patience=1  factor=0.5, patience=0  mode='max', patience=0  threshold=0.5, patience=1  patience=0, min_lr=0.2
        patience=0, cooldown=2  mode='x'  patience=1, threshold_mode='abs'
    """):
        yield PLATEAU.format(option), "f4(2,)"
