"""Optimizers and schedules beside PyTorch's recorded ones: the same gradients, the same trajectory."""
