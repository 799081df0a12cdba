"""The textbook: pure forward/backward pairs, one module per family.

An equation is `f(...) -> (out, cache)` with `f_backward(d_out, cache) -> gradients`. It holds no state, follows the
arrays it is given (NumPy or CuPy; float32, float64, complex128) and never changes its inputs. An upstream gradient may be
`None`: nothing flows back through that output.
"""
