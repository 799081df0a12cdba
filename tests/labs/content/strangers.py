"""Mistakes that are not in the catalogue, and what the grader should say of them: the first rung that fails, what is wrong there.

Written before the grader was asked about any of them.
"""

from typing import NamedTuple


class Stranger(NamedTuple):
    """In the solution of `function`, `old` becomes `new`. First noticed on `rung`, where the outputs `wrong` are not right.

    blocks: which blocks of the gates are wrong there, in all outputs that have them; None where all are, or there are none.
    same_as: the catalogue's name, where another line there gives the same function after all; then this name is right.
    """

    lab: str
    function: str
    old: str
    new: str
    rung: str
    wrong: str
    blocks: str | None = None
    same_as: str = ""


ALL_LSTM = "d_x d_h_0 d_c_0 d_W_x d_W_h d_b"
STRANGERS = (
    Stranger("01", "central_difference", "(2 * h)", "(3 * h)", "one", "gradient"),
    Stranger("01", "central_difference", "above = loss(moved, w)", "above = loss(moved, moved)", "one", "gradient"),
    Stranger("01", "complex_step", "above.imag / h", "abs(above) / h", "one", "gradient"),
    Stranger("01", "relative_error", "np.sqrt(((a - n) ** 2).sum())", "np.abs(a - n).max()", "rows", "error"),
    Stranger("02", "softmax", "return p / p.sum", "return (p + 1e-3) / p.sum", "one", "p"),
    Stranger("02", "softmax_backward", "(p * d_p).sum(", "(p * p).sum(", "one", "d_e"),
    Stranger("02", "cross_entropy", "-total / mask.sum()", "-total / mask.sum() / np.log(10)", "one", "L"),
    Stranger("02", "cross_entropy_backward", "/ mask.sum()", "/ mask.sum(axis=0)[:, None]", "rows", "d_logits"),
    Stranger("03", "rnn_step", "+ b", "+ 2 * b", "one", "h"),
    Stranger("03", "rnn_step_backward", "d_W_h = h_prev.T @ d_a", "d_W_h = d_a.T @ h_prev", "one", "d_W_h"),
    Stranger("03", "rnn_backward", "reversed(range(T))", "reversed(range(1, T))", "one", "d_x d_h_0 d_W_x d_W_h d_b"),
    Stranger("03", "rnn_backward", "d_next + d_h[t]", "d_next + d_h[t - 1]", "two", "d_x d_h_0 d_W_x d_W_h d_b"),
    Stranger("03", "rnn_backward", "h[t - 1] if t > 0 else h_0", "h_0", "two", "d_W_h"),
    Stranger("03", "rnn_backward", "d_next = d_a @ W_h.T",
             "d_next = (d_a @ W_h.T) * (t != 2)", "many", "d_x d_h_0 d_W_x d_W_h d_b"),
    Stranger("04", "lstm_gates", "f = sigmoid(a_f)", "f = sigmoid(a_f + 1)", "one", "f"),
    Stranger("04", "lstm_gates", "o = sigmoid(a_o)", "o = np.clip(0.2 * a_o + 0.5, 0, 1)", "one", "o"),
    Stranger("04", "lstm_state", "h = o * np.tanh(c)", "h = o * np.tanh(c_prev)", "one", "h"),
    Stranger("04", "lstm_step", "c = f * c_prev + i * g", "c = 0.9 * (f * c_prev + i * g)", "one", "h c"),
    Stranger("04", "lstm_forward", "np.stack(all_h), np.stack(all_c)", "np.stack(all_c), np.stack(all_h)", "one", "h c"),
    Stranger("04", "lstm_forward", "x[t] @ W_x", "x[t - t % 2] @ W_x", "two", "h c"),
    Stranger("05", "lstm_gates_backward", "d_a_f = d_f * f * (1 - f)", "d_a_f = d_i * f * (1 - f)", "one", "d_a", "f"),
    Stranger("05", "lstm_gates_backward", "o * (1 - o)", "o * (1 - i)", "one", "d_a", "o"),
    Stranger("05", "lstm_state_backward", "d_c_prev = d * f", "d_c_prev = d * f * f", "one", "d_c_prev"),
    Stranger("05", "lstm_step_backward", "d_o * o * (1 - o)", "d_o * o * (1 + o)", "one", "d_x d_h_prev d_W_x d_W_h d_b", "o"),
    Stranger("05", "lstm_step_backward", "d_h_prev = d_a @ W_h.T", "d_h_prev = -(d_a @ W_h.T)", "one", "d_h_prev"),
    Stranger("05", "lstm_backward", "d_h_next = d_a @ W_h.T", "d_h_next = 0.5 * (d_a @ W_h.T)", "one", "d_h_0"),
    Stranger("05", "lstm_backward", "c[t - 1] if t > 0 else c_0", "c_0", "two", ALL_LSTM),
    Stranger("05", "lstm_backward", "h_prev.T @ d_a", "h_prev.T @ d_a * (t > 0)", "one", "d_W_h", same_as="h_0-forgotten"),
    Stranger("05", "lstm_backward", "c_prev * f[t] * (1 - f[t])", "c_prev * f[0] * (1 - f[0])", "two", ALL_LSTM),
    Stranger("05", "lstm_backward", "d_b += d_a.sum(axis=0)", "d_b += d_a.sum(axis=0) * (t != 1)", "two", "d_b"),
    Stranger("06", "lstm_forward", "c = np.where(real, c_new, c)", "c = np.where(real, c_new, 0.5 * c)", "padding", "c_n"),
    Stranger("06", "lstm_backward", "h_prev.T @ d_a", "h.T @ d_a", "one", "d_W_h"),
    Stranger("06", "lstm_backward", "d_c_prev, d_c_next)", "d_c_prev, 2 * d_c_next)", "padding", ALL_LSTM),
    Stranger("06", "masked_mean", "tokens.sum(axis=0)", "tokens.max(axis=0)", "two", "m"),
    Stranger("07", "gru_step", "a_n + r * u_n", "a_n + z * u_n", "one", "h"),
    Stranger("07", "gru_step_backward", "u_n * r * (1 - r)",
             "u_n * z * (1 - z)", "one", "d_x d_h_prev d_W_x d_W_h d_b d_b_h", "r"),
    Stranger("07", "gru_backward", "d_u @ W_h.T", "d_all[t] @ W_h.T", "one", "d_h_0"),
    Stranger("07", "gru_forward", "z * h\n", "z * h.mean(axis=0)\n", "rows", "h h_n"),
    Stranger("08", "attention_scores", "u @ v", "np.abs(u) @ v", "one", "e"),
    Stranger("08", "attention_weights_backward", "(alpha * d_alpha).sum", "(alpha * d_alpha).max", "two", "d_e"),
    Stranger("08", "attention_scores_backward", "d_h = d_a @ W_h.T", "d_h = (d_a + 0.1 * d_query) @ W_h.T", "one", "d_h"),
    Stranger("08", "attention_backward", "d_W_s = s.T @ d_query", "d_W_s = s.T @ d_a[0]", "two", "d_W_s"),
    Stranger("09", "embedding_backward", "np.add.at(d_W, ids, d_x)", "np.add.at(d_W, ids[::2], d_x[::2])", "two", "d_W"),
    Stranger("09", "decoder_step", "c @ W_c", "c @ W_c.T", "one", "logits s"),
    Stranger("09", "decoder_backward", "d_memory += d_memory_i", "d_memory += alpha[i][..., None] * d_c", "rows", "d_memory"),
    Stranger("09", "loss_and_gradient", "== target[..., None]",
             "== target[..., None]\nonehot = 0.9 * onehot", "one", "L d_logits"),
    Stranger("10", "forward_variables", "total + alpha[t - 1, s - 2]", "total + 2 * alpha[t - 1, s - 2]", "two", "alpha"),
    Stranger("10", "ctc_gradient", "alpha * beta / likelihood", "np.sqrt(alpha * beta) / likelihood", "one", "d_z"),
    Stranger("10", "ctc_loss", "-np.log(likelihood)", "-np.log(likelihood) / len(alpha)", "two", "L"),
    Stranger("11", "clip", "limit / norm", "limit / (norm + 0.1)", "rows", "d_W d_b"),
    Stranger("11", "adam", "v_hat = v / (1 - beta2**t)", "v_hat = np.maximum(v, 0.5) / (1 - beta2**t)", "one", "parameter"),
    Stranger("11", "adam", "step = m_hat /",
             "step = (beta1 * m_hat + (1 - beta1) * gradient / (1 - beta1**t)) /", "one", "parameter"),
    Stranger("11", "adamw", "(1 - rate * decay) * parameter",
             "parameter - rate * decay * np.sign(parameter)", "one", "parameter"),
    Stranger("12", "greedy", "np.argmax(log_p)", "np.argsort(log_p)[-2]", "one", "tokens total"),
    Stranger("12", "length_score", "(5 + n) / 6", "(6 + n) / 7", "one", "scores"),
    Stranger("12", "beam", "candidates[:width]", "candidates[1 : width + 1]", "one", "tokens scores"),
)  # fmt: skip
