"""Mutants that compute the same gradients, one by one, with the reason. A test fails when one is generated no longer.

function → {"line before  →  line after": reason}
"""

AXES = "A sum over several axes does not depend on their order."


NO_CACHE = "The backward pass that calls it needs no cache."

# forms that a document prints or names
NO_QUERY_BIAS = "The query bias has no gradient: it adds the same to all the queries that the softmax compares."
NO_KEY_BIAS = "The key bias has no gradient: it adds the same to all the words that the softmax compares."
CODE = "return CodeAttentionGradients(d_state, d_of_k + d_of_v, d_W_q, {}, d_W_k, d_b_k, d_W_v, d_b_v)"
CODE_BEFORE = CODE.format("d_b_q") + "  →  "
QUERY_KEY_VALUE = (
    "return SimpleNamespace(s=d_s, h=d_h_of_k + d_h_of_v, W_q=d_W_q, b_q=d_b_q, W_k=d_W_k, b_k={}, W_v=d_W_v, b_v=d_b_v)"
)
WIDER = "A wider border of zeros is cut off in the end."
PADDED = "d_padded = xp.zeros((T + {}, *d_windows.shape[1:-1]), dtype=d_windows.dtype)"
ANY_ORDER = "A sum in another order is the same to rounding."
AT_ZERO = "Differs at a vector of zeros only, where there is no derivative; what is returned there a test in test_mutants holds."
UNIT = "return array_module(d_x).where(empty, 0, d_x)  →  "

# compositions
SAME_TWICE = "A sum hands the same gradient to both of its terms."
LIST = "A list of arrays instead of one array: the numbers are the same."
RESIDUAL = "d_h_lower, d_h_upper = residual_backward(d_y, cache_residual)  →  "
STACK = "return stack_backward(d_h_upper, cache, d_h_lower)  →  "
BRIDGE = "d_x, (d_h_n, d_c_0), d_weights = fold_backward({}, None, cache)"
BRIDGE_BEFORE = BRIDGE.format("array_module(d_out).stack([p.f for p in pairs])") + "  →  "
FIRST_IS_LAST = "Of one entry, the first is the last."
ONE_PER_STEP = "There is one cache for each step, and one carried gradient for each part of the state."
CELL = "gradients = cell.backward(d_new if len(d_new) > 1 else d_new[0], caches[t])  →  "

# CTC
REAL = "The backward pass runs on real numbers; the real part matters to the complex step of the forward pass only."
BACKWARDS_ONLY = "The backward pass shifts by −1 and −2 only."
ZEROS = "It is the zeros that matter, and they broadcast: whose shape they have does not."
SUM_OF_THREE = "log(exp a + exp b + exp c) is the same in any order."
BETA = "beta = xp.where(last, xp.zeros_like(alpha[0]), LOG_ZERO)  →  beta = xp.where(last, xp.zeros_like({}[{}]), LOG_ZERO)"
LARGEST = "largest = xp.maximum(xp.maximum({}, {}), {})"
LARGEST_OF_THREE = LARGEST.format("xp.real(a)", "xp.real(b)", "xp.real(c)") + "  →  "
LOG_ADD = "moved = _log_add({}, {}, {})"
B0, B1, B2 = "b", "_shifted(xp, b, -1)", "_shifted(xp, xp.where(may_skip, b, LOG_ZERO), -2)"
MOVED = LOG_ADD.format(B0, B1, B2) + "  →  "

# cross-entropy
NO_SMOOTHING = "Without smoothing the line subtracts 0/V: the condition only saves the work."

# layers
SHORTCUT = "A shortcut where there is nothing to do: doing it gives the same."
SAME_ZEROS = "Both are zeros of the same shape."
PASS = "self._{}, self._{} = (self.xp.zeros_like(self.{}), self.xp.zeros_like(self.{}))"
PASS_BEFORE = PASS.format("d_keys", "d_memory", "keys", "memory") + "  →  "
GATED = "d_gates = self.xp.where(self.mask[:, :n, None], d_gates, 0)  →  "
ZERO_AT_PADDING = "An encoder's states are zero at padding; tests/layers/test_attention.py has others, and sees it."
KEPT = "d_z[rows], d_before, kept[{}] = self.cell.step_backward(d_new, step_cache)"
KEYS = "Of the keys only their order is used."
DIRECTION = "Bias gradients are sums over all steps in any direction; tests/models/test_observe.py sees it."
AROUND = "d_h = d_around + layer.backward(d_h, d_finals[k], cache)  →  "
JOIN = "return parts[0] if len(parts) == 1 else array_module(parts[0]).concatenate(parts, axis=-1)  →  "
BEFORE = "d_before = linear_backward_input(d_z, self.W_c.value) if self.W_c else {}"
NOT_READ = "Where the cells are given nothing but the word, nothing reads it."
NOT_RECOMPUTED = "Where the caches are kept nothing reads z."
EMPTY = "d_z = packing.xp.empty((len({}), self.cell.b.value.size), dtype=zeros.h.dtype)"
FED = "d_fed, d_carry = (self._nothing_fed(packing.xp, {}, packing.shape[1]), ())"
LOCATED = "d_located = self.xp.zeros_like(d_keys) if self.layer.location else d_keys"
PRECISION = "Only the precision of the argument counts."

EQUIVALENT = {
    "minis2s.equations.alignment.alignment_windows_backward": {
        PADDED.format("2 * R") + "  →  " + PADDED.format("3 * R"): WIDER,
        PADDED.format("2 * R") + "  →  " + PADDED.format("2 * T"): WIDER,
        "for k in range(width):  →  for k in reversed(range(width)):": ANY_ORDER,
    },
    "minis2s.equations.as_printed.code_attention_backward": {
        CODE_BEFORE + CODE.format("-d_b_q"): NO_QUERY_BIAS,
        CODE_BEFORE + CODE.format("0 * d_b_q"): NO_QUERY_BIAS,
    },
    "minis2s.equations.attention.context": {
        "return (c.reshape(*weights.shape[:-2], B, C), (weights, states))  →  "
        "return (c.reshape(*weights.shape[:-2], B, C), (states, weights))": NO_CACHE,
    },
    "minis2s.equations.catalogue.contexts.concatenate_states_backward": {
        "return SimpleNamespace(h=array_module(d_c).stack(d_h[::-1]), c_0=d_c)  →  "
        "return SimpleNamespace(h=d_h[::-1], c_0=d_c)": LIST,
    },
    "minis2s.equations.catalogue.encoder_decoder.bridge_backward": {
        BRIDGE_BEFORE + BRIDGE.format("[p.f for p in pairs]"): LIST,
        BRIDGE_BEFORE + BRIDGE.format("array_module(d_out).stack([p.x for p in pairs])"): SAME_TWICE,
        "return SimpleNamespace(x=d_x, h_n=d_h_n + sum((p.x for p in pairs)), c_0=d_c_0, **d_weights)  →  "
        "return SimpleNamespace(x=d_x, h_n=d_h_n + sum((p.f for p in pairs)), c_0=d_c_0, **d_weights)": SAME_TWICE,
    },
    "minis2s.equations.catalogue.encoders.residual_stack_backward": {
        RESIDUAL + "d_h_upper, d_h_lower = residual_backward(d_y, cache_residual)": SAME_TWICE,
        RESIDUAL + "d_h_lower, d_h_upper = residual_backward(d_y, cache)": "The backward pass of a sum needs no cache.",
        STACK + "return stack_backward(d_h_lower, cache, d_h_upper)": SAME_TWICE,
        STACK + "return stack_backward(d_h_lower, cache, d_h_lower)": SAME_TWICE,
        STACK + "return stack_backward(d_h_upper, cache, d_h_upper)": SAME_TWICE,
    },
    "minis2s.equations.catalogue.folds.fold_backward": {
        "d_x, d_weights = ([None] * len(steps), dict.fromkeys(weights, 0))  →  "
        "d_x, d_weights = ([None] * len(caches), dict.fromkeys(weights, 0))": ONE_PER_STEP,
        CELL + "gradients = cell.backward(d_new if len(d_carried) > 1 else d_new[0], caches[t])": ONE_PER_STEP,
        CELL + "gradients = cell.backward(d_new if len(d_new) > 1 else d_new[-1], caches[t])": FIRST_IS_LAST,
        "d_h_t = None if d_h is None else xp.where(keep, d_h_t, 0)  →  d_h_t = xp.where(keep, d_h_t, 0)": (
            "Without an upstream gradient the next line does not read it."
        ),
    },
    "minis2s.equations.catalogue.scores.query_key_value_backward": {
        QUERY_KEY_VALUE.format("d_b_k") + "  →  " + QUERY_KEY_VALUE.format("0 * d_b_k"): NO_KEY_BIAS,
    },
    "minis2s.equations.scores.unit_backward": {
        "u, largest, length, empty = cache  →  u, length, largest, empty = cache": "It divides by both, in any order.",
        UNIT + "return d_x": AT_ZERO,
        UNIT + "return array_module(d_x).where(0, empty, d_x)": AT_ZERO,
        UNIT + "return array_module(d_x).where(empty, 1, d_x)": AT_ZERO,
        UNIT + "return array_module(d_x).where(empty, -1, d_x)": AT_ZERO,
    },
    "minis2s.equations.linear._sum_to": {
        "return d_y.sum(axis=tuple(range(d_y.ndim - len(shape))))  →  "
        "return d_y.sum(axis=tuple(reversed(range(d_y.ndim - len(shape)))))": AXES,
    },
    "minis2s.equations.ctc._log_add": {
        LARGEST_OF_THREE + LARGEST.format("a", "xp.real(b)", "xp.real(c)"): REAL,
        LARGEST_OF_THREE + LARGEST.format("xp.real(a)", "b", "xp.real(c)"): REAL,
        LARGEST_OF_THREE + LARGEST.format("xp.real(a)", "xp.real(b)", "c"): REAL,
    },
    "minis2s.equations.ctc._shifted": {
        "if places > 0:  →  out[:places] = a[-places:]": BACKWARDS_ONLY,
        "if places > 0:  →  if places >= 0:": BACKWARDS_ONLY,
        "if places > 0:  →  if places > 1:": BACKWARDS_ONLY,
        "if places > 0:  →  if places > -1:": BACKWARDS_ONLY,
    },
    "minis2s.equations.ctc.ctc_backward": {
        BETA.format("emitted", 0): ZEROS,
        BETA.format("log_likelihood", 0): ZEROS,
        BETA.format("symbols", 0): ZEROS,
        BETA.format("may_skip", 0): ZEROS,
        BETA.format("last", 0): ZEROS,
        BETA.format("mask", 0): ZEROS,
        BETA.format("alpha", 1): ZEROS,
        BETA.format("alpha", -1): ZEROS,
        MOVED + LOG_ADD.format(B1, B0, B2): SUM_OF_THREE,
        MOVED + LOG_ADD.format(B2, B1, B0): SUM_OF_THREE,
        MOVED + LOG_ADD.format(B0, B2, B1): SUM_OF_THREE,
    },
    "minis2s.equations.softmax.cross_entropy_backward": {
        "if smoothing:  →  d_logits -= smoothing / shape[-1] * d_loss": NO_SMOOTHING,
        "if smoothing:  →  if total:": NO_SMOOTHING,
        "if smoothing:  →  if shape:": NO_SMOOTHING,
    },
    "minis2s.equations.regularisers.weight_penalty_backward": {
        "theta, decay = cache  →  decay, theta = cache": "The gradient is the product of the two (and of d_R), in any order.",
    },
    "minis2s.equations.attention.additive_score_backward": {
        "d_keys = _outer_slope(d_e[..., None], v, u)  →  d_keys = _outer_slope(v, d_e[..., None], u)": (
            "The gradient is the product of the two (and of the slope), in any order."
        ),
    },
    "minis2s.layers.attention.AttentionPass.step_backward": {
        LOCATED + "  →  " + LOCATED.replace("(d_keys)", "(0 * d_keys)"): PRECISION,
        LOCATED + "  →  " + LOCATED.replace("(d_keys)", "(0 * d_keys + 1)"): PRECISION,
    },
    "minis2s.layers.attention.AttentionPass.start_backward": {
        "self._d_contexts, self._kept = ([], [])  →  self._kept, self._d_contexts = ([], [])": "Both are empty lists.",
    },
    "minis2s.layers.bridge.Affine.backward": {
        "d_finals = [dict.fromkeys(self.State._fields) for _ in range(self.encoder_layers)]  →  "
        "d_finals = [dict.fromkeys(self.State._fields) for _ in reversed(range(self.encoder_layers))]": "All are alike.",
    },
    "minis2s.layers.cells.on_parts": {
        "return type(states[0])(*map(function, *states))  →  return type(states[-1])(*map(function, *states))": (
            "All the states are of one kind."
        ),
    },
    "minis2s.layers.contexts.NoContext.summary_backward": {
        "return array_module(memory).zeros_like(memory)  →  return -array_module(memory).zeros_like(memory)": "Zeros, too.",
    },
    "minis2s.layers.gates.GatePass.start_backward": {
        PASS_BEFORE + PASS.format("d_memory", "d_keys", "keys", "memory"): SAME_ZEROS,
        PASS_BEFORE + PASS.format("d_keys", "d_memory", "memory", "keys"): SAME_ZEROS,
        PASS_BEFORE + PASS.format("d_keys", "d_memory", "memory", "memory"): SAME_ZEROS,
        PASS_BEFORE + PASS.format("d_keys", "d_memory", "keys", "keys"): SAME_ZEROS,
    },
    "minis2s.layers.gates.GatePass.step_backward": {
        GATED + "pass": ZERO_AT_PADDING,
        GATED + "d_gates = d_gates": ZERO_AT_PADDING,
    },
    "minis2s.layers.packing.Packing.pack": {
        "return rows if self._full else rows[self._places]  →  return rows[self._places]": SHORTCUT,
    },
    "minis2s.layers.packing.Packing.sort": {
        "return x if self._sorted else self.xp.take(x, self._order, axis=axis)  →  "
        "return self.xp.take(x, self._order, axis=axis)": SHORTCUT,
    },
    "minis2s.layers.packing.Packing.unpack": {"if self._full:  →  pass": SHORTCUT},
    "minis2s.layers.packing.Packing.unsort": {
        "return x if self._sorted else self.xp.take(x, self._inverse, axis=axis)  →  "
        "return self.xp.take(x, self._inverse, axis=axis)": SHORTCUT,
    },
    "minis2s.layers.recurrent.Recurrent._run": {"if h_all is not None:  →  pass": "The backward pass asks for no states."},
    "minis2s.layers.recurrent.Recurrent.backward": {
        KEPT.format("t") + "  →  " + KEPT.format("t - 1"): KEYS,
        KEPT.format("t") + "  →  " + KEPT.format("t + 1"): KEYS,
        "self.cell.observer.gradients(packing, self.reverse, d_z)  →  "
        "self.cell.observer.gradients(packing, self.cell, d_z)": DIRECTION,
        "self.cell.observer.gradients(packing, self.reverse, d_z)  →  "
        "self.cell.observer.gradients(packing, self.unrolling, d_z)": DIRECTION,
        "if self.unrolling.recompute:  →  d_z, _ = self.cell.project(x)": NOT_RECOMPUTED,
        EMPTY.format("packing") + "  →  " + EMPTY.format("x"): "The packed rows are as many as the packing's places.",
    },
    "minis2s.layers.recurrent.Stack.backward": {
        "d_around, d_h = residual_backward(d_h, None)  →  d_h, d_around = residual_backward(d_h, None)": SAME_TWICE,
        AROUND + "d_h = d_h + layer.backward(d_h, d_finals[k], cache)": SAME_TWICE,
        AROUND + "d_h = d_around + layer.backward(d_around, d_finals[k], cache)": SAME_TWICE,
    },
    "minis2s.layers.recurrent._join": {
        JOIN + "return array_module(parts[0]).concatenate(parts, axis=-1)": SHORTCUT,
        JOIN + "return parts[0] if len(parts) == 0 else array_module(parts[0]).concatenate(parts, axis=-1)": SHORTCUT,
        JOIN + "return parts[-1] if len(parts) == 1 else array_module(parts[0]).concatenate(parts, axis=-1)": FIRST_IS_LAST,
    },
    "minis2s.layers.stepping.SteppedStack.finish_backward": {
        "each.observer.gradients(packing, False, d_z)  →  each.observer.gradients(packing, True, d_z)": DIRECTION,
    },
    "minis2s.layers.stepping.SteppedStack.step_backward": {
        "d_before = [None] * len(self.layers)  →  d_before = [None] * len(self._kept)": "There is a list for each layer.",
        "d_x = d_x if d_around is None else d_around + d_x  →  d_x = d_x if d_around is None else d_h + d_x": SAME_TWICE,
    },
    "minis2s.layers.unrolling.Unrolling.cut": {"return 0  →  return -0": "Zero, too."},
    "minis2s.layers.tied.TiedOutput.backward": {
        "self._embedding[0].W.accumulate(d_W.T)  →  self._embedding[-1].W.accumulate(d_W.T)": FIRST_IS_LAST,
    },
    "minis2s.models.decoder.Decoder._step_backward": {
        BEFORE.format("d_z[:, :0]") + "  →  " + BEFORE.format(other): NOT_READ
        for other in ("(0 * d_z)[:, :0]", "(0 * d_z + 1)[:, :0]", "d_z[:, :]", "d_z[:, :0 - 1]", "d_z[:, :1]", "d_z[:, :-1]")
    },
    "minis2s.models.decoder.Decoder.backward": {
        FED.format("d_outs") + "  →  " + FED.format("0 * d_outs"): PRECISION,
        FED.format("d_outs") + "  →  " + FED.format("0 * d_outs + 1"): PRECISION,
        "z = self.stack.layers[0].project(y)[0] if self.unrolling.recompute else None  →  "
        "z = self.stack.layers[0].project(y)[0]": NOT_RECOMPUTED,
        "self._finish_backward(kept[::-1])  →  self._finish_backward(kept[:])": ANY_ORDER,
    },
}
