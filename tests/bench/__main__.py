"""`python -m tests.bench [--only mlp] [--rounds 15] [--without jax tinygrad] [--json FILE]`."""

import os

for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from .report import main  # noqa: E402  NumPy and the others read these variables when they are imported

main()
