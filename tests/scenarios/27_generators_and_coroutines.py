"""A generator or coroutine that is decorated runs in the mode; whoever is between its steps does not."""

import asyncio

from tests.scenarios.library import torch


@torch.no_grad()
def batches():
    try:
        got = yield "inside", torch.is_grad_enabled()
        yield got, torch.is_grad_enabled()
    finally:
        print("closing:", torch.is_grad_enabled())


steps = batches()
print(next(steps), "between:", torch.is_grad_enabled())
print(steps.send("sent"), "between:", torch.is_grad_enabled())
steps.close()
print("after:", torch.is_grad_enabled())


def plain():
    with torch.no_grad():
        yield torch.is_grad_enabled()


steps = plain()
next(steps)
print("a block around yield is left open for the caller:", torch.is_grad_enabled())
steps.close()
print("until the generator ends:", torch.is_grad_enabled())


@torch.no_grad()
def inner(x):
    return (x * 2).requires_grad


@torch.enable_grad()
def outer(x):
    return inner(x), (x * 2).requires_grad


print(outer(torch.ones(1, requires_grad=True)), outer.__name__)


async def report(name):
    for _ in range(2):
        await asyncio.sleep(0)
        print(name, torch.is_grad_enabled())


async def main():
    await asyncio.gather(report("first"), report("second"))


asyncio.run(main())
