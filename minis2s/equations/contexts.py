"""A source as one vector: its last state (D1), or all its states side by side (D4.2). The third way is attention, `attention`."""

from minis2s.backend import array_module


def last_state(states, mask):
    """c = h_n, the state after each sequence's last token: the fixed-size context of D1.

    states: (T, B, H); mask: (T, B), True where there is a token. Returns (B, H), zero for a sequence without tokens.
    """
    xp = array_module(states)
    tokens_from_here = xp.cumsum(mask[::-1], axis=0)[::-1]
    is_last = (mask & (tokens_from_here == 1))[..., None]
    return xp.where(is_last, states, 0).sum(axis=0), is_last


def last_state_backward(d_c, cache):
    """d_h_t = d_c where t is the last token, 0 elsewhere."""
    is_last = cache
    return array_module(d_c).where(is_last, d_c, 0)


def all_states(states, mask):
    """c = [h_1; …; h_T], with zeros in the place of padding: D4.2 unrolled.

    states: (T, B, H); mask: (T, B). Returns (B, T·H): of fixed size only for a fixed (padded) T, erratum X8.
    """
    T, B, H = states.shape
    c = array_module(states).where(mask[..., None], states, 0)
    return c.swapaxes(0, 1).reshape(B, T * H), (mask, states.shape)


def all_states_backward(d_c, cache):
    """d_h_t is block t of d_c, zero at padding."""
    mask, (T, B, H) = cache
    d_states = d_c.reshape(B, T, H).swapaxes(0, 1)
    return array_module(d_c).where(mask[..., None], d_states, 0)
