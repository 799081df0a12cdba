"""Mutants of the solutions that compute the same, one by one, with the reason. A test fails when one is generated no longer.

"lab.function" → {"line before  →  line after": reason}
"""

ANY_FILLING = "Every entry is written before it is read."
AS_ARRAYS = "A list of arrays is as good an answer as an array."
SQUARES = "A square has no sign."
SQUARE_MATRIX = "The matrix is square."
ORDER = "The order makes no difference."
FROM_ZERO = "At this line the sum is still zero."
ZERO = "The same number."
PADDING_LAST = "Padding comes at the end: what the state is there reaches no gradient, because the real steps are before it."
BLANKS = "Two blanks are equal, so the other condition says it already; and both symbols are labels or both are blanks."
LAST = "The index −1 is the last."
SHIFT = "A number added to all the weights' gradients goes away in the softmax's."
ONE_ENTRY = "There is one entry on this axis."
WIDTH = "Both are the number of words."
INTEGER = "An integer of NumPy's counts as well."

EQUIVALENT = {
    "01_gradient_check.central_difference": {
        "gradient = np.zeros(x.shape, dtype=x.dtype)  →  gradient = np.ones(x.shape, dtype=x.dtype)": ANY_FILLING,
    },
    "01_gradient_check.complex_step": {
        "gradient = np.zeros(x.shape, dtype=x.dtype)  →  gradient = np.ones(x.shape, dtype=x.dtype)": ANY_FILLING,
    },
    "01_gradient_check.relative_error": {
        "difference = np.sqrt(((a - n) ** 2).sum())  →  difference = np.sqrt(((n - a) ** 2).sum())": SQUARES,
        "return 0.0  →  return -0.0": ZERO,
    },
    "02_losses.cross_entropy": {
        "chosen = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]  →  "
        "chosen = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., -1]": ONE_ENTRY,
    },
    "03_rnn.rnn_forward": {"return np.stack(states)  →  return states": AS_ARRAYS},
    "03_rnn.rnn_backward": {
        "d_x = np.zeros(x.shape, dtype=x.dtype)  →  d_x = np.ones(x.shape, dtype=x.dtype)": ANY_FILLING,
        "d_b = np.zeros(W_h.shape[1], dtype=x.dtype)  →  d_b = np.zeros(W_h.shape[0], dtype=x.dtype)": SQUARE_MATRIX,
    },
    "04_lstm_forward.lstm_forward": {
        "all_h, all_c = ([], [])  →  all_c, all_h = ([], [])": ORDER,
        "return (np.stack(all_h), np.stack(all_c))  →  return (all_h, np.stack(all_c))": AS_ARRAYS,
        "return (np.stack(all_h), np.stack(all_c))  →  return (np.stack(all_h), all_c)": AS_ARRAYS,
    },
    "05_lstm_backward.lstm_state_backward": {"d = d + d_c  →  d = d_c": FROM_ZERO},
    "05_lstm_backward.lstm_step_backward": {"d = d + d_c  →  d = d_c": FROM_ZERO},
    "05_lstm_backward.lstm_backward": {
        "d_x = np.zeros(x.shape, dtype=x.dtype)  →  d_x = np.ones(x.shape, dtype=x.dtype)": ANY_FILLING,
    },
    "06_lstm_masks.masked_mean": {
        "return tokens.sum(axis=0) / mask.sum(axis=0)[:, None].astype(h.dtype)  →  "
        "return tokens.sum(axis=0) / mask.sum(axis=0)[:, None]": INTEGER,
    },
    "06_lstm_masks.lstm_forward": {"return (np.stack(outputs), h, c)  →  return (outputs, h, c)": AS_ARRAYS},
    "06_lstm_masks.lstm_backward": {
        "h = np.where(real, h_new, h)  →  h = h_new": PADDING_LAST,
        "h = np.where(real, h_new, h)  →  h = np.where(h, h_new, real)": PADDING_LAST,
        "h = np.where(real, h_new, h)  →  h = np.where(real, h_new, c)": PADDING_LAST,
        "c = np.where(real, c_new, c)  →  c = c_new": PADDING_LAST,
        "c = np.where(real, c_new, c)  →  c = np.where(c, c_new, real)": PADDING_LAST,
        "c = np.where(real, c_new, c)  →  c = np.where(real, c_new, h)": PADDING_LAST,
        "d_x = np.zeros(x.shape, dtype=x.dtype)  →  d_x = np.ones(x.shape, dtype=x.dtype)": ANY_FILLING,
    },
    "07_gru.gru_forward": {"return (np.stack(outputs), h)  →  return (outputs, h)": AS_ARRAYS},
    "07_gru.gru_backward": {
        "d_all = np.zeros((T, B, 3 * H), dtype=h.dtype)  →  d_all = np.ones((T, B, 3 * H), dtype=h.dtype)": ANY_FILLING,
    },
    "08_attention.attention_scores_backward": {
        "d_v = (d_e[..., None] * u).sum(axis=(0, 1))  →  d_v = (d_e[..., None] * u).sum(axis=(1, 0))": ORDER,
    },
    "08_attention.attention_backward": {
        "d_weights = np.zeros(alpha.shape, dtype=alpha.dtype)  →  d_weights = np.ones(alpha.shape, dtype=alpha.dtype)": SHIFT,
        "d_weights = d_weights + d_alpha  →  d_weights = d_alpha": FROM_ZERO,
        "d_weights = d_weights + d_alpha  →  d_weights = 0 * d_weights + d_alpha": FROM_ZERO,
        "d_weights = d_weights + d_alpha  →  d_weights = 0 * d_weights + 1 + d_alpha": SHIFT,
        "d_v = (d_e[..., None] * u).sum(axis=(0, 1))  →  d_v = (d_e[..., None] * u).sum(axis=(1, 0))": ORDER,
    },
    "09_seq2seq.encode": {
        "h = np.zeros((source.shape[1], W_h.shape[0]), dtype=W_h.dtype)  →  "
        "h = np.zeros((source.shape[1], W_h.shape[1]), dtype=W_h.dtype)": SQUARE_MATRIX,
        "h = np.zeros((source.shape[1], W_h.shape[0]), dtype=W_h.dtype)  →  "
        "h = np.zeros((source.shape[1], W_h.shape[-1]), dtype=W_h.dtype)": SQUARE_MATRIX,
        "return (np.stack(memory), h)  →  return (memory, h)": AS_ARRAYS,
    },
    "09_seq2seq.loss_and_gradient": {"N = int(mask.sum())  →  N = mask.sum()": INTEGER},
    "09_seq2seq.decoder_backward": {
        "d_y = np.zeros(y.shape, dtype=y.dtype)  →  d_y = np.ones(y.shape, dtype=y.dtype)": ANY_FILLING,
        "d_b_o += d_logits[i].sum(axis=0)  →  d_b_o += d_logits[i - 1].sum(axis=0)": ORDER,
    },
    "10_ctc.forward_variables": {
        "alpha[0, 0] = p[0, symbols[0]]  →  alpha[0, 0] = p[symbols[0], 0]": "The first symbol is the blank, 0.",
        "alpha[0, 0] = p[0, symbols[0]]  →  alpha[0, 0] = p[0, symbols[-1]]": "The first symbol and the last are the blank.",
        "for s in range(S):  →  for s in reversed(range(S)):": ORDER,
        "if s >= 2 and symbols[s] != 0 and (symbols[s] != symbols[s - 2]):  →  "
        "if s > 2 and symbols[s] != 0 and (symbols[s] != symbols[s - 2]):": BLANKS,
        "if s >= 2 and symbols[s] != 0 and (symbols[s] != symbols[s - 2]):  →  "
        "if s >= 3 and symbols[s] != 0 and (symbols[s] != symbols[s - 2]):": BLANKS,
        "if s >= 2 and symbols[s] != 0 and (symbols[s] != symbols[s - 2]):  →  "
        "if s >= 2 and symbols[s] != -1 and (symbols[s] != symbols[s - 2]):": BLANKS,
    },
    "10_ctc.backward_variables": {
        "beta[T - 1, S - 1] = 1  →  beta[-1, S - 1] = 1": LAST,
        "beta[T - 1, S - 1] = 1  →  beta[T - 1, -1] = 1": LAST,
        "beta[T - 1, S - 2] = 1  →  beta[-1, S - 2] = 1": LAST,
        "beta[T - 1, S - 2] = 1  →  beta[T - 1, -2] = 1": LAST,
        "for s in range(S):  →  for s in reversed(range(S)):": ORDER,
        "if s + 2 < S and symbols[s + 2] != 0 and (symbols[s + 2] != symbols[s]):  →  "
        "if s + 3 < S and symbols[s + 2] != 0 and (symbols[s + 2] != symbols[s]):": BLANKS,
        "if s + 2 < S and symbols[s + 2] != 0 and (symbols[s + 2] != symbols[s]):  →  "
        "if s + 2 < S and symbols[s] != 0 and (symbols[s + 2] != symbols[s]):": BLANKS,
        "if s + 2 < S and symbols[s + 2] != 0 and (symbols[s + 2] != symbols[s]):  →  "
        "if s + 2 < S and symbols[s + 2] != -1 and (symbols[s + 2] != symbols[s]):": BLANKS,
    },
    "10_ctc.ctc_gradient": {
        "d_z = p.copy()  →  d_z = p": "The numbers are right; that it changes its argument is remarked.",
        "for s in range(len(symbols)):  →  for s in reversed(range(len(symbols))):": ORDER,
    },
    "11_optimisers.clip": {"if norm > limit:  →  if norm >= limit:": "At the limit the factor is 1."},
    "12_search.greedy": {
        "token = int(np.argmax(log_p))  →  token = np.argmax(log_p)": INTEGER,
        "return (np.array(tokens + [END] * (S - len(tokens))), total)  →  "
        "return (tokens + [END] * (S - len(tokens)), total)": AS_ARRAYS,
    },
    "12_search.beam": {
        "S, V = (table.shape[0], table.shape[2])  →  S, V = (table.shape[0], table.shape[1])": WIDTH,
        "for _ in range(S):  →  for _ in reversed(range(S)):": ORDER,
        "for k in range(V):  →  for k in reversed(range(V)):": ORDER,
        "return (np.array(rows), np.array([score for score, _ in ranked]))  →  "
        "return (rows, np.array([score for score, _ in ranked]))": AS_ARRAYS,
        "return (np.array(rows), np.array([score for score, _ in ranked]))  →  "
        "return (np.array(rows), [score for score, _ in ranked])": AS_ARRAYS,
    },
}
