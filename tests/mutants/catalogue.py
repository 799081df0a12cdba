"""Mistakes that people really make in a backward pass, each as one change of the source: what stands there, what they write."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """`before` must stand exactly once in the source of `function` (its dotted name)."""

    title: str
    function: str
    before: str
    after: str


IN_EQUATIONS = {
    "equations.activations.sigmoid_slope": [
        ("σ' written as σ(1 + σ)", "(1 - y)", "(1 + y)"),
        ("σ' written as 1 − σ²", "d_y * y * (1 - y)", "d_y * (1 - y * y)"),
        ("σ' with the sigmoid applied twice", "d_y * y * (1 - y)", "d_y * sigmoid_values(y) * (1 - sigmoid_values(y))"),
    ],
    "equations.activations.tanh_slope": [
        ("tanh' written as 1 − tanh", "1 - y * y", "1 - y"),
        ("tanh' written as that of the sigmoid", "(1 - y * y)", "y * (1 - y)"),
        ("tanh' with tanh applied twice", "(1 - y * y)", "(1 - array_module(y).tanh(y) ** 2)"),
    ],
    "equations.linear.linear_backward_input": [
        ("W not transposed", "W.T", "W"),
        ("gradient silently in single precision", "d_y @ W.T", '(d_y @ W.T).astype("float32")'),
    ],
    "equations.linear._sum_to": [
        ("bias gradient: mean instead of sum", "d_y.sum(", "d_y.mean("),
    ],
    "equations.linear.linear_backward_parameters": [
        (
            "weight gradient divided by the batch as well",
            "d_y.reshape(-1, d_y.shape[-1])",
            "d_y.reshape(-1, d_y.shape[-1]) / len(d_y)",
        ),
        ("weight gradient as the transpose", "return d_W,", "return d_W.T.reshape(d_W.shape),"),
    ],
    "backend.scatter_add": [
        (
            "a repeated word keeps only its last gradient",
            "np.add.at(out.reshape(-1), flat_ids, rows.reshape(-1))",
            "out.reshape(-1)[flat_ids] = rows.reshape(-1)",
        ),
        (
            "a[ids] += d, which counts a repeated word once",
            "np.add.at(out.reshape(-1), flat_ids, rows.reshape(-1))",
            "out.reshape(-1)[flat_ids] += rows.reshape(-1)",
        ),
    ],
    "equations.embedding.embedding_backward": [
        ("gradient given to the word one step later", "ids, d_x)", "ids, d_x[list(range(1, len(d_x))) + [0]])"),
    ],
    "equations.lstm._cell_state_gradients": [
        ("f forgotten in d_c_prev", "d_c * i, d_c * f", "d_c * i, d_c"),
        ("c_t for c_{t-1} in the forget gate's gradient", "d_c * c_prev", "d_c * (f * c_prev + i * g)"),
        ("d_i with i instead of g", "d_c * g,", "d_c * i,"),
    ],
    "equations.lstm.lstm_pointwise_backward": [
        ("gates i and f exchanged", "LSTMGates(d_i, d_f, d_o, d_g)", "LSTMGates(d_f, d_i, d_o, d_g)"),
        ("gates in another library's order i, f, g, o", "LSTMGates(d_i, d_f, d_o, d_g)", "LSTMGates(d_i, d_f, d_g, d_o)"),
        ("cell gradient from h only", "d_c_of_h if d_c is None else d_c + d_c_of_h", "d_c_of_h"),
        ("cell gradient from c only, when there is one", "else d_c + d_c_of_h", "else d_c"),
    ],
    "equations.lstm._gate_slopes": [
        ("candidate's slope taken for a sigmoid's", "tanh_slope(d_g, g)", "sigmoid_slope(d_g, g)"),
        ("the slope of a gate forgotten", "sigmoid_slope(d_f, f)", "d_f"),
    ],
    "equations.lstm._hidden_state_gradients": [
        ("o forgotten on the way from h to c", "d_h * o,", "d_h,"),
        ("tanh' forgotten on the way from h to c", "tanh_slope(d_h * o, tanh_c)", "d_h * o"),
        ("tanh applied to tanh(c) again", "d_h * tanh_c,", "d_h * array_module(tanh_c).tanh(tanh_c),"),
    ],
    "equations.attention.additive_score_backward": [
        ("tanh' forgotten in the additive score", "_outer_slope(d_e[..., None], v, u)", "d_e[..., None] * v"),
        ("query's gradient from the last source word only", "d_keys.sum(axis=0)", "d_keys[-1]"),
        ("query's gradient averaged over the source", "d_keys.sum(axis=0)", "d_keys.mean(axis=0)"),
    ],
    "equations.attention.context_backward_states": [
        ("context's gradient spread evenly over the source", "(w @ d)", "((0 * w + 1) @ d)"),
    ],
    "equations.softmax.softmax_backward": [
        ("softmax backward without the Σ term", "(d_p - (p * d_p).sum(axis=axis, keepdims=True))", "d_p"),
        ("softmax backward by the Jacobian's diagonal only", "(d_p - (p * d_p).sum(axis=axis, keepdims=True))", "d_p * (1 - p)"),
        ("Σ of the softmax without p", "(p * d_p).sum", "d_p.sum"),
        ("Σ of the softmax over the last axis instead of the source", "axis=axis", "axis=-1"),
    ],
    "equations.softmax.cross_entropy_backward": [
        ("mask forgotten at padded tokens", "xp.where(mask[:, None], d_logits, 0)", "d_logits"),
        ("loss gradient not divided by the number of tokens", "d_loss / total", "d_loss"),
        ("loss gradient divided by all places, padding too", "d_loss / total", "d_loss / targets.size"),
        ("the loss's own upstream gradient ignored", "d_loss / total", "1 / total"),
        ("p − 1 for all words instead of the target", "d_logits[rows, targets] -=", "d_logits -="),
        ("targets one place off", "d_logits[rows, targets]", "d_logits[rows, xp.roll(targets, 1)]"),
        ("label smoothing: 1 − ε forgotten at the target", "(1 - smoothing) * d_loss", "d_loss"),
        ("label smoothing: ε spread over V − 1 words", "smoothing / shape[-1]", "smoothing / (shape[-1] - 1)"),
    ],
    "equations.losses.mean_squared_error_backward": [
        ("squared error: the factor 2 forgotten", "2 * d_loss", "d_loss"),
        ("squared error: mean over rows, not over entries", "/ size", "/ (size / difference.shape[-1])"),
    ],
    "equations.ctc.ctc_backward": [
        ("CTC: β counts p_t as well as α", "alpha[t + 1] + beta", "alpha[t + 1] + beta + emitted[t]"),
        ("CTC: blank skipped between equal labels", "xp.where(may_skip, b, LOG_ZERO)", "b"),
        ("CTC: padded steps move β on", "xp.where(mask[t], moved, beta)", "moved"),
        ("CTC: mask forgotten in the result", "xp.where(mask[..., None], d_logits, 0)", "d_logits"),
    ],
    # GRU
    "equations.gru._update_gradients": [
        ("GRU: the update gate's other polarity", "d_h * (1 - z), d_h * z", "d_h * z, d_h * (1 - z)"),
        ("GRU: n − h for h − n", "(h_prev - n)", "(n - h_prev)"),
        ("GRU: the new state for the old one in z's gradient", "(h_prev - n)", "((1 - z) * n + z * h_prev - n)"),
    ],
    "equations.gru.gru_pointwise_backward": [
        ("GRU: r forgotten behind the product", "join([d_a, d_a_hn]", "join([d_a, d_a_n]"),
        ("GRU: r also before the product", "join([d_a, d_a_n]", "join([d_a, d_a_hn]"),
        ("GRU: gates r and z exchanged", "GRUGates(d_r, d_z)", "GRUGates(d_z, d_r)"),
    ],
    "equations.gru.gru_cell_backward": [
        ("GRU: h_{t-1} reached by the product only", "d_h_prev + d_h_prev_of_product", "d_h_prev_of_product"),
    ],
    "equations.gru.gru_cell_reset_before_backward": [
        ("GRU: h_{t-1} not reached by the reset", "d_h_prev_of_reset + d_h_prev_of_gates", "d_h_prev_of_gates"),
    ],
    # scores, contexts, regularisers
    "equations.scores.scaled_dot_score_backward_keys": [
        ("1/√A forgotten on the way back", "d_e * _scale(query)", "d_e"),
    ],
    "equations.scores.scaled_dot_score_backward_query": [
        ("1/√A applied twice", "_scale(keys)", "_scale(keys) ** 2"),
    ],
    "equations.scores.unit_backward": [
        ("cosine: the length taken for a constant", "(d_u - u * (u * d_u).sum(axis=-1, keepdims=True))", "d_u"),
        ("cosine: the length forgotten", " / length / largest", ""),
        ("cosine: the length squared", " / length / largest", " / (length * largest) ** 2"),
    ],
    "equations.contexts.last_state_backward": [
        ("last state: every step gets the gradient", ".where(is_last, d_c, 0)", ".where(is_last | True, d_c, 0)"),
    ],
    "equations.sigmoid_attention.sigmoid_gate_backward": [
        ("sigmoid gate: query's gradient not summed", "d_keys.sum(axis=0)", "d_keys[0]"),
    ],
    "equations.alignment.alignment_windows_backward": [
        ("windows: overwriting where they overlap", "d_padded[k : k + T] +=", "d_padded[k : k + T] ="),
    ],
    "equations.regularisers.dropout_backward": [
        ("dropout: scale forgotten on the way back", "d_y * scale", "d_y"),
        ("dropout: mask forgotten on the way back", ".where(keep, d_y * scale, 0)", ".where(keep | True, d_y * scale, 0)"),
    ],
}

IN_LAYERS = {
    "layers.recurrent.Recurrent.backward": [
        ("no gradient through the recurrence", "h=d_new.h + d_rows[rows]", "h=d_rows[rows]"),
        ("only the last step's output has a gradient", "h=d_new.h + d_rows[rows]", "h=d_new.h"),
        ("h_t for h_{t-1} in W_h's gradient", "[kept[t] for t in sorted(kept)]", "[kept[t] for t in sorted(kept)][::-1]"),
        ("back-propagation forward in time", "zip(reversed(steps), reversed(caches)", "zip(steps, caches"),
        ("the state's gradient not carried back in time", "d[:n] = d_part", "d[:n] = 0 * d_part"),
        ("the final state's gradient not sorted as the rows are", "packing.sort(d).copy()", "d.copy()"),
        ("sorted once more instead of back", "map(packing.unsort, d_state)", "map(packing.sort, d_state)"),
        ("sequences that start later in reverse lose their final gradient", "d[:n] = d_part", "d[n:], d[:n] = 0, d_part"),
        ("h_0 and c_0 exchanged", "map(packing.unsort, d_state)", "map(packing.unsort, d_state[::-1])"),
        ("a caller's upstream gradient overwritten", "packing.sort(d).copy()", "packing.sort(d)"),
    ],
    "layers.recurrent.Directions.backward": [
        ("both directions' gradients into the words overwritten", "sum(d_xs[1:], d_xs[0])", "d_xs[-1]"),
        ("the directions' halves exchanged", "zip(self._each(), d_hs,", "zip(self._each(), d_hs[::-1],"),
        ("a learned start: its gradient of one sentence only", ".sum(axis=0)", "[0]"),
    ],
    "layers.recurrent.Stack.backward": [
        ("residual: the gradient by the layer only", "d_around + layer.backward", "layer.backward"),
        ("residual: the gradient around the layer only", "d_around + layer.backward", "d_around + 0 * layer.backward"),
        ("the lower layers' final states forgotten", "d_finals = d_finals or", "d_finals = 0 * d_finals or"),
    ],
    "layers.stepping.SteppedStack.step_backward": [
        ("a decoder's layers: the top's gradient dropped", "d_states[k].h + d_h", "d_states[k].h"),
        ("a decoder's layers: the next step's gradient dropped", "d_states[k].h + d_h", "d_h"),
    ],
    "layers.stepping.SteppedStack.finish_backward": [
        ("a decoder's steps in the order of back-propagation", "zip(*reversed(kept), strict=True)", "zip(*kept, strict=True)"),
    ],
    "layers.cells.LSTMCell.step_backward": [
        ("the cell state's gradient not carried back", "W_h.value), d_c_before", "W_h.value), 0 * d_c_before"),
    ],
    "layers.cells.GRUCell.step_backward": [
        ("GRU layer: h_{t-1} reached by the product only", "d_h_before + linear_backward_input", "linear_backward_input"),
        ("GRU layer: the gates' gradient for that of the product", "(d_a_h, self.W_h", "(d_z, self.W_h"),
    ],
    "layers.cells.GRUCellResetBefore.step_backward": [
        ("GRU layer: h_{t-1} not reached by the reset", "d_h + d_h_of_reset +", "d_h +"),
        ("GRU layer: h_{t-1} not reached by the gates", "+ linear_backward_input(d_a, W_h[:, :split])", ""),
    ],
    "layers.cells.GRUCellResetBefore.finish": [
        ("GRU layer: the candidate's weights by h instead of r ⊙ h", "d_z[:, split:], y)", "d_z[:, split:], h)"),
    ],
    "layers.base.Parameter.accumulate": [
        ("gradients overwritten instead of added up", "self.grad += gradient", "self.grad = gradient"),
    ],
    "layers.scores.AdditiveScore.backward": [
        ("v's gradient from the first step only", "self.v.accumulate(d_v)", "self.v.grad = d_v"),
        ("the query's gradient from the last piece only", "sum(d_queries[1:], d_queries[0])", "d_queries[-1]"),
        ("the keys' gradient from the first step only", "d_keys[part] += d_keys_of_part", "d_keys[part] = d_keys_of_part"),
    ],
    "layers.scores.DotScore.finish": [
        ("scores of one step with the queries of another", "stack_rows(queries, (B, A))", "stack_rows(queries[::-1], (B, A))"),
    ],
    "layers.scores.CosineScore.keys_backward": [
        ("cosine: the keys' lengths taken for constants", "unit_backward(d_keys, cache_keys)", "d_keys"),
    ],
    "layers.attention.Attention.normalise_backward": [
        ("sigmoid weights: σ' forgotten", "return sigmoid_backward(array_module(d_alpha).where(mask, d_alpha, 0), cache)",
         "return d_alpha"),
        ("sigmoid weights: padding gets a gradient", ".where(mask, d_alpha, 0)", ".where(mask | True, d_alpha, 0)"),
    ],
    "layers.attention.AttentionPass.step_backward": [
        ("location: the keys' gradient from the first step only", "d_keys += d_step", "d_keys[...] = d_step"),
        ("the weights' gradient by the context only, not by the next step's windows",
         "d_alpha + _widened(d_carry[0], n)", "d_alpha"),
    ],
    "layers.attention.AttentionPass.finish_backward": [
        ("steps matched with the weights of other steps", "self._d_contexts[::-1]", "self._d_contexts"),
        ("no gradient to the encoder through the scores", "return d_memory +", "return 0 * d_memory +"),
        (
            "no gradient to the encoder through the contexts",
            "d_memory + (self.layer.values.backward(d_values, self._cache_values) if self.layer.values else d_values)",
            "d_memory",
        ),
    ],
    "layers.location.RecurrentFeatures.backward": [
        ("a word's memory: the gradient of the next step dropped", "d_d = d_d + d", "d_d = d_d"),
    ],
    "layers.gates.GatePass.step_backward": [
        ("gates: the keys' gradient from the first step only", "self._d_keys[:, :n] += d_keys", "self._d_keys[:, :n] = d_keys"),
    ],
    "layers.contexts.ConstantPass.step_backward": [
        ("a context that stays: the gradient of the first step only", "] += d_c", "] = d_c"),
    ],
    "layers.contexts.AllStates.summary_backward": [
        ("all states: the blocks' gradients one place off", "[: memory.shape[0]]", "[-memory.shape[0] :]"),
    ],
    "layers.bridge.Affine.backward": [
        ("a final state that starts several layers: its last gradient only", "known + d_h", "d_h"),
    ],
    "layers.bridge.Start.backward": [
        ("a decoder's learned start: mean instead of sum", "d.sum(axis=0)", "d.mean(axis=0)"),
    ],
    "layers.tied.TiedOutput.backward": [
        ("tied vectors: the output's gradient forgotten", "accumulate(d_W.T)", "accumulate(0 * d_W.T)"),
    ],
    "models.decoder.Decoder.backward": [
        ("input feeding: the next step's gradient forgotten", "d_outs[rows] + d_fed[:n]", "d_outs[rows]"),
    ],
    "models.decoder.Decoder._step_backward": [
        ("the context's gradient from the cell only", "d_c + d_before[:, :C]", "d_before[:, :C]"),
        ("the context's gradient from the output only", "d_c + d_before[:, :C]", "d_c"),
        ("no gradient to the previous state through the score", "d_states[-1].h + d_query", "d_states[-1].h"),
        ("no gradient to the new state through the score", "d_top + d_query", "d_top"),
        ("the score's gradient given to the lowest cell", "d_states[-1] = d_states[-1]._replace(h=d_states[-1].h",
         "d_states[0] = d_states[0]._replace(h=d_states[0].h"),
        ("[c; s] for [s; c]", "d_out[:, :H], d_out[:, H:]", "d_out[:, -H:], d_out[:, :-H]"),
    ],
    "models.seq2seq.Seq2Seq.backward": [
        (
            "the final state's gradient dropped between decoder and encoder",
            "d_memory, d_finals, cache.encoder",
            "d_memory, None, cache.encoder",
        ),
        (
            "the attention's gradient dropped between decoder and encoder",
            "d_memory, d_finals, cache.encoder",
            "None, d_finals, cache.encoder",
        ),
    ],
    "models.seq2seq.Seq2Seq.loss_backward": [
        ("d_loss ignored: mixed or scaled losses train wrongly", "word_loss_backward(d_loss,", "word_loss_backward(1.0,"),
    ],
}  # fmt: skip


MISTAKES = [
    Mistake(title, f"minis2s.{function}", before, after)
    for group in (IN_EQUATIONS, IN_LAYERS)
    for function, mistakes in group.items()
    for title, before, after in mistakes
]
