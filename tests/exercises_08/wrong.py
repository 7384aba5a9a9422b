"""Wrong answers. With each: the code and reason that must be found, and the grades that are right all the same."""

import minigrad as mg

ANSWERS = []


def planted(code, reason, right=""):
    """Enter a wrong answer in the list."""
    return lambda answer: ANSWERS.append((answer, code, reason, right)) or answer


def rows(parts):
    return sum(len(x) for x, _ in parts)


@planted("M33", "means-added", "S")
def mean_not_scaled(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y)
        loss.backward()
        mean += loss.item() * len(x) / rows(parts)
    optimizer.step()
    return mean


@planted("M33", "divided-by-parts", "S")
def divided_by_number_of_parts(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) / len(parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M33", "rows-added", "S")
def sum_of_rows(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x)
        loss.backward()
        mean += loss.item() / rows(parts)
    optimizer.step()
    return mean


@planted("M33", "other-gradient", "S")
def share_of_the_largest_part(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / max(len(x) for x, _ in parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M33", "wrong-report", "GS")
def reports_the_last_part(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
    optimizer.step()
    return loss.item()


@planted("M32", "cleared-between-parts")
def zero_grad_inside_the_loop(model, loss_fn, parts, optimizer):
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        optimizer.zero_grad()
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M32", "cleared-before-step")
def zero_grad_between_backward_and_step(model, loss_fn, parts, optimizer):
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    optimizer.zero_grad()
    optimizer.step()
    return mean


@planted("M32", "cleared-after-step")
def zero_grad_at_the_end(model, loss_fn, parts, optimizer):
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    optimizer.zero_grad()
    return mean


@planted("M32", "step-too-early", "G")
def step_before_the_parts(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    optimizer.step()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    return mean


@planted("M31", "never-cleared")
def never_cleared(model, loss_fn, parts, optimizer):
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M31", "overwritten", "S")
def gradient_overwritten(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        found = mg.autograd.grad(loss, list(model.parameters()))
        for p, g in zip(model.parameters(), found, strict=True):
            p.grad = g
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M35", "step-per-part")
def step_per_part(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        optimizer.step()
        mean += loss.item()
    return mean


@planted("M33", "small-steps")
def a_training_loop_over_parts(model, loss_fn, parts, optimizer):
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean += loss.item() * len(x) / rows(parts)
    return mean


@planted("M28", "one-big-graph", "VG")
def one_big_graph(model, loss_fn, parts, optimizer):
    loss = sum(loss_fn(model(x), y) * len(x) for x, y in parts) / rows(parts)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@planted("M28", "total-kept", "VG")
def report_keeps_the_graphs(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean = mean + loss
    optimizer.step()
    return mean.item()


@planted("M28", "loss-kept", "GS")
def returns_a_tensor(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
    optimizer.step()
    return loss


@planted("M29", "graphs-held", "VG")
def list_of_losses(model, loss_fn, parts, optimizer):
    losses = [loss_fn(model(x), y) * len(x) / rows(parts) for x, y in parts]
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()
    optimizer.step()
    return sum(loss.item() for loss in losses)


@planted("M26", "retained", "VG")
def retained(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward(retain_graph=True)
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M18", "cut")
def detached_loss(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x).detach(), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M04", "read-back")
def loss_through_a_number(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = mg.tensor(loss_fn(model(x), y).item() * len(x) / rows(parts), requires_grad=True)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("M27", "twice")
def backward_twice(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


@planted("", "raised")
def raises(model, loss_fn, parts, optimizer):
    return parts.total


@planted("", "no-step", "G")
def no_step(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
        mean += loss.item()
    return mean


@planted("M28", "one-big-batch", "VG")
def one_big_batch(model, loss_fn, parts, optimizer):
    import numpy as np

    x, y = (mg.tensor(np.concatenate([part[side].numpy() for part in parts])) for side in (0, 1))
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


class Agreeable(float):
    """A number that claims to equal every other."""

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __hash__ = float.__hash__


@planted("", "no-report", "GS")
def claims_to_equal_anything(model, loss_fn, parts, optimizer):
    optimizer.zero_grad()
    for x, y in parts:
        loss = loss_fn(model(x), y) * len(x) / rows(parts)
        loss.backward()
    optimizer.step()
    return Agreeable(0)
