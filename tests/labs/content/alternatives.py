'''Right answers by hand, in ways that differ from the masters': (lab, function, the function's text).'''

ALTERNATIVES = (
    ("01", "central_difference", """
def central_difference(x, w, h):
    steps = np.eye(x.size).reshape(-1, *x.shape) * h
    return np.array([(loss(x + s, w) - loss(x - s, w)) / h / 2 for s in steps]).reshape(x.shape)
"""),
    ("01", "relative_error", """
def relative_error(a, n):
    sizes = [np.linalg.norm(value.ravel()) for value in (a - n, a, n)]
    return sizes[0] / max(sizes[1:]) if any(sizes) else 0
"""),
    ("02", "sigmoid", """
def sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))
"""),
    ("02", "softmax", """
def softmax(e):
    return np.exp(e - np.logaddexp.reduce(e, axis=1)[:, None])
"""),
    ("02", "softmax_backward", """
def softmax_backward(d_p, p):
    return np.stack([(np.diag(row) - np.outer(row, row)) @ d for row, d in zip(p, d_p)])
"""),
    ("02", "cross_entropy", """
def cross_entropy(logits, targets, mask):
    total, n = 0.0, 0
    for t, b in zip(*np.nonzero(mask)):
        row = logits[t, b]
        total += np.logaddexp.reduce(row) - row[targets[t, b]]
        n += 1
    return total / n
"""),
    ("02", "cross_entropy_backward", """
def cross_entropy_backward(d_loss, logits, targets, mask):
    d = np.zeros_like(logits)
    rows = np.nonzero(mask)
    p = np.exp(logits[rows] - logits[rows].max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), targets[rows]] -= 1
    d[rows] = p * (d_loss / len(p))
    return d
"""),
    ("03", "rnn_backward", """
def rnn_backward(d_h, d_h_n, x, h_0, h, W_x, W_h):
    T, before = len(x), np.concatenate([h_0[None], h[:-1]])
    arriving = np.zeros_like(h) if d_h is None else d_h.copy()
    if d_h_n is not None:
        arriving[-1] += d_h_n
    d_a = np.zeros_like(h)
    for t in range(T - 1, -1, -1):
        d_a[t] = arriving[t] / np.cosh(np.arctanh(h[t])) ** 2
        if t:
            arriving[t - 1] += d_a[t] @ W_h.T
    both = ((0, 1), (0, 1))
    d_W_x, d_W_h = np.tensordot(x, d_a, both), np.tensordot(before, d_a, both)
    return d_a @ W_x.T, d_a[0] @ W_h.T, d_W_x, d_W_h, d_a.sum(axis=(0, 1))
"""),
    ("04", "lstm_step", """
def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = np.hstack([h_prev, x]) @ np.vstack([W_h, W_x]) + b
    i, f, o = (1 / (1 + np.exp(-a[:, k * H : (k + 1) * H])) for k in range(3))
    c = c_prev * f
    c += i * np.tanh(a[:, 3 * H :])
    return np.tanh(c) * o, c
"""),
    ("04", "lstm_forward", """
def lstm_forward(x, h_0, c_0, W_x, W_h, b):
    (T, B, _), H = x.shape, h_0.shape[1]
    z = (x.reshape(T * B, -1) @ W_x + b).reshape(T, B, 4, H)
    h, c = np.empty((T + 1, B, H)), np.empty((T + 1, B, H))
    h[0], c[0] = h_0, c_0
    U = W_h.reshape(H, 4, H)
    for t in range(T):
        a = z[t] + np.einsum("bh,hgk->bgk", h[t], U)
        gate = 0.5 + 0.5 * np.tanh(a[:, :3] / 2)
        c[t + 1] = gate[:, 1] * c[t] + gate[:, 0] * np.tanh(a[:, 3])
        h[t + 1] = gate[:, 2] * np.tanh(c[t + 1])
    return h[1:], c[1:]
"""),
    ("05", "lstm_gates_backward", """
def lstm_gates_backward(d_i, d_f, d_o, d_g, i, f, o, g):
    values, upstream = np.hstack([i, f, o, g]), np.hstack([d_i, d_f, d_o, d_g])
    H = i.shape[1]
    slopes = values - values**2
    slopes[:, 3 * H :] = (1 + g) * (1 - g)
    return upstream * slopes
"""),
    ("05", "lstm_backward", """
def lstm_backward(d_h, d_c_n, x, h_0, c_0, i, f, o, g, h, c, W_x, W_h):
    T, B, H = h.shape
    d_a, d_h_all = np.zeros((T, B, 4, H)), np.zeros((T + 1, B, H))
    if d_h is not None:
        d_h_all[1:] = d_h
    d_c = np.zeros((T + 1, B, H))
    if d_c_n is not None:
        d_c[T] = d_c_n
    h, c = np.concatenate([h_0[None], h]), np.concatenate([c_0[None], c])
    for t in range(T, 0, -1):
        k = t - 1
        tanh_c = np.tanh(c[t])
        d_c[t] += d_h_all[t] * o[k] * (1 - tanh_c**2)
        d_a[k, :, 0] = d_c[t] * g[k] * (i[k] - i[k] ** 2)
        d_a[k, :, 1] = d_c[t] * c[k] * (f[k] - f[k] ** 2)
        d_a[k, :, 2] = d_h_all[t] * tanh_c * (o[k] - o[k] ** 2)
        d_a[k, :, 3] = d_c[t] * i[k] * (1 - g[k] ** 2)
        d_c[k] += d_c[t] * f[k]
        d_h_all[k] += d_a[k].reshape(B, -1) @ W_h.T
    flat = d_a.reshape(T * B, -1)
    d_x = (flat @ W_x.T).reshape(x.shape)
    return d_x, d_h_all[0], d_c[0], x.reshape(T * B, -1).T @ flat, h[:-1].reshape(T * B, -1).T @ flat, flat.sum(axis=0)
"""),
    ("06", "lstm_forward", """
def lstm_forward(x, mask, h_0, c_0, W_x, W_h, b):
    out = np.zeros((*mask.shape, h_0.shape[1]))
    h, c = h_0.copy(), c_0.copy()
    for row in range(mask.shape[1]):
        for t in range(int(mask[:, row].sum())):
            one = slice(row, row + 1)
            h[one], c[one], _ = lstm_step(x[t, one], h[one], c[one], W_x, W_h, b)
            out[t, row] = h[row]
    return out, h, c
"""),
    ("06", "lstm_backward", """
def lstm_backward(d_h, d_h_n, d_c_n, x, mask, h_0, c_0, W_x, W_h, b):
    grads = [np.zeros_like(a) for a in (x, h_0, c_0, W_x, W_h, b)]
    for row in range(mask.shape[1]):
        one, n = slice(row, row + 1), int(mask[:, row].sum())
        h, c, caches = h_0[one], c_0[one], []
        for t in range(n):
            before = h
            h, c, cache = lstm_step(x[t, one], h, c, W_x, W_h, b)
            caches.append((cache, before))
        d = np.zeros_like(h) if d_h_n is None else d_h_n[one]
        e = np.zeros_like(c) if d_c_n is None else d_c_n[one]
        for t in range(n - 1, -1, -1):
            d = d if d_h is None else d + d_h[t, one]
            d_a, grads[0][t, one], d, e = lstm_step_backward(d, e, caches[t][0])
            grads[3] += x[t, one].T @ d_a
            grads[4] += caches[t][1].T @ d_a
            grads[5] += d_a[0]
        grads[1][one], grads[2][one] = d, e
    return grads
"""),
    ("07", "gru_step", """
def gru_step(x, h_prev, W_x, W_h, b, b_h):
    H = h_prev.shape[1]
    a, u = x @ W_x + b, h_prev @ W_h + b_h
    r, z = np.split(1 / (1 + np.exp(-a - u))[:, : 2 * H], 2, axis=1)
    n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
    return n + z * (h_prev - n)
"""),
    ("08", "attention_weights", """
def attention_weights(e, mask):
    out = np.zeros_like(e)
    for b in range(e.shape[1]):
        real = mask[:, b]
        p = np.exp(e[real, b] - max(e[real, b]))
        out[real, b] = p / sum(p)
    return out
"""),
    ("08", "attention_context", """
def attention_context(alpha, h):
    return (alpha.T[:, None, :] @ h.transpose(1, 0, 2))[:, 0]
"""),
    ("08", "attention_scores_backward", """
def attention_scores_backward(d_e, s, h, W_s, W_h, v):
    T, B, C = h.shape
    u = np.tanh((s @ W_s)[None] + (h.reshape(T * B, C) @ W_h).reshape(T, B, -1))
    d_a = np.einsum("tb,a,tba->tba", d_e, v, 1 - u**2)
    d_h = np.einsum("tba,ca->tbc", d_a, W_h)
    d_s, d_W_s = np.einsum("tba,ha->bh", d_a, W_s), np.einsum("bh,tba->ha", s, d_a)
    return d_s, d_h, d_W_s, h.reshape(-1, C).T @ d_a.reshape(T * B, -1), np.einsum("tb,tba->a", d_e, u)
"""),
    ("09", "embedding_backward", """
def embedding_backward(d_x, ids, n_words):
    onehot = np.eye(n_words)[ids.reshape(-1)]
    return onehot.T @ d_x.reshape(len(onehot), -1)
"""),
    ("09", "decoder_inputs", """
def decoder_inputs(target, start):
    return np.vstack([[start] * target.shape[1], *target[:-1]])
"""),
    ("10", "forward_variables", """
def forward_variables(p, symbols):
    T, S = len(p), len(symbols)
    with np.errstate(divide="ignore"):
        log_p = np.log(p)
    rows = [np.where(np.arange(S) < 2, log_p[0, symbols], -np.inf)]
    skip = np.array([s >= 2 and symbols[s] not in (0, symbols[s - 2]) for s in range(S)])
    for t in range(1, T):
        a = rows[-1]
        one, two = np.append(-np.inf, a)[:S], np.append([-np.inf, -np.inf], a)[:S]
        moved = np.logaddexp(np.logaddexp(a, one), np.where(skip, two, -np.inf))
        rows.append(moved + log_p[t, symbols])
    return np.exp(rows)
"""),
    ("10", "ctc_gradient", """
def ctc_gradient(p, alpha, beta, symbols):
    share = alpha * beta
    share /= share.sum(axis=1, keepdims=True)
    return p - share @ np.eye(p.shape[1])[symbols]
"""),
    ("11", "adam", """
def adam(parameter, gradient, m, v, t, rate, beta1, beta2, epsilon):
    m = m + (1 - beta1) * (gradient - m)
    v = v - (1 - beta2) * (v - np.square(gradient))
    root = np.sqrt(1 - beta2**t)
    return parameter - rate * root / (1 - beta1**t) * m / (np.sqrt(v) + epsilon * root), m, v
"""),
    ("11", "clip", """
def clip(d_W, d_b, limit):
    scale = min(1.0, limit / np.linalg.norm(np.append(d_W, d_b)))
    return scale * d_W, scale * d_b
"""),
    ("12", "greedy", """
def greedy(table, done=(), total=0.0):
    if len(done) == len(table) or END in done:
        return [*done] + [END] * (len(table) - len(done)), total
    log_p = table[len(done), done[-1] if done else START].tolist()
    best = max(log_p)
    return greedy(table, (*done, log_p.index(best)), total + best)
"""),
    ("12", "beam", """
def beam(table, width, penalty):
    S, V, _ = table.shape
    tokens, totals, lengths = np.zeros((1, 0), int), np.zeros(1), np.zeros(1, int)
    for j in range(S):
        ended = tokens[:, -1] == END if j else np.zeros(1, bool)
        log_p = table[j, tokens[:, -1] if j else [START]].copy()
        log_p[ended] = -np.inf
        log_p[ended, END] = 0
        scores = (totals[:, None] + log_p).ravel()
        best = np.argsort(-scores, kind="stable")[: min(width, np.isfinite(scores).sum())]
        rows, words = np.divmod(best, V)
        tokens, totals = np.hstack([tokens[rows], words[:, None]]), scores[best]
        lengths = lengths[rows] + ~ended[rows]
    scores = totals / ((5 + lengths) / 6) ** penalty
    order = np.argsort(-scores)
    return tokens[order], scores[order]
"""),
)  # fmt: skip
