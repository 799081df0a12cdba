"""For all tests: one BLAS thread. The arrays are small, and two threads on a busy machine make them ten times slower."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
