"""What recurrent attention (D2.9) carries from step to step: each source word sees how it and its neighbours were attended to.

    w_{i,j} = (α_{i-1,j−R}, …, α_{i-1,j+R})         `alignment_windows`; zero beyond the ends

Two published forms use it, both composed of equations that stand elsewhere:

    location features (Chorowski et al. 2015, arXiv:1506.07503, equations 8–9; there F convolves α):
        f_ij = w_ij F,    e_ij = vᵀ tanh(W_s s_{i-1} + W_h h_j + U f_ij)
    one recurrent network per source word (Yang et al. 2016, arXiv:1607.05108; there an LSTM, here the vanilla cell, D4.1):
        d_ij = tanh(d_{i-1,j} W_d + w_ij F + b),    e_ij = vᵀ tanh(W_s s_{i-1} + W_h h_j + U d_ij)

F is shared by all places, so applying it to windows is a convolution along the source.
"""

from minis2s.backend import array_module


def alignment_windows(alpha, width):
    """w_j = (α_{j−R}, …, α_{j+R}), R = (width − 1)/2, zero beyond the ends.

    alpha: (T, B); width: an odd number. Returns (T, B, width). Raises ValueError for an even width, which has no middle.
    """
    if width % 2 == 0:
        raise ValueError(f"a window around a place needs an odd width, not {width}")
    xp = array_module(alpha)
    T = alpha.shape[0]
    border = xp.zeros((width // 2, *alpha.shape[1:]), dtype=alpha.dtype)
    padded = xp.concatenate([border, alpha, border])
    return xp.stack([padded[k : k + T] for k in range(width)], axis=-1), width


def alignment_windows_backward(d_windows, cache):
    """d_α_j = Σ over the windows in which α_j stands."""
    width = cache
    xp = array_module(d_windows)
    T, R = d_windows.shape[0], width // 2
    d_padded = xp.zeros((T + 2 * R, *d_windows.shape[1:-1]), dtype=d_windows.dtype)
    for k in range(width):
        d_padded[k : k + T] += d_windows[..., k]
    return d_padded[R : R + T]
