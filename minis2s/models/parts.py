"""Encoders and decoders as a ModelConfig describes them."""

from minis2s.layers.attention import Attention
from minis2s.layers.bridge import bridge
from minis2s.layers.contexts import AllStates, LastState, NoContext
from minis2s.layers.dropout import Dropout
from minis2s.layers.embedding import Embedding
from minis2s.layers.gates import GateAttention
from minis2s.layers.linear import Linear
from minis2s.layers.recurrent import Stack
from minis2s.layers.stepping import SteppedStack
from minis2s.layers.unrolling import Unrolling
from minis2s.models.decoder import Decoder
from minis2s.models.encoder import Encoder


def dropout_of(k):
    return Dropout(k.dropout, k.variational)


def unrolling_of(k):
    return Unrolling(k.truncate, k.recompute)


def encoder_of(k, source_words, init):
    """k: ModelConfig; source_words: size of the vocabulary, or number of columns."""
    reader = (Linear if k.real_source else Embedding)(source_words, k.embedding_size, init)
    sizes = k.source_layers, k.embedding_size, k.source_size
    stack = Stack(k.cell, *sizes, init, k.bidirectional, k.residual, dropout_of(k), k.learned_start, unrolling_of(k))
    return Encoder(reader, stack, dropout_of(k))


def decoder_of(k, reader, output, init, has_source=True):
    """reader: a layer that makes vectors of size embedding_size of what came before; output(width) is the layer that predicts."""
    stack = SteppedStack(k.cell, k.layers, k.embedding_size, k.hidden_size, init, k.residual, dropout_of(k))
    context = context_of(k, init) if has_source else NoContext()
    how = k.attend, k.attentional, k.input_feeding, dropout_of(k), unrolling_of(k)
    return Decoder(reader, stack, context, output, init, *how)


def context_of(k, init):
    H, C = k.hidden_size, k.source_size
    if k.attention == "none":
        return NoContext()
    if k.attention == "last-state":
        return LastState(C, k.bidirectional)
    if k.attention == "all-states":
        return AllStates(k.longest_source, C, init)
    if k.attention == "gate":
        return GateAttention(H, C, init)
    return Attention(k.attention, H, C, k.attention_size, init, k.sigmoid, k.values)


def bridge_of(k, encoder, decoder, init):
    """From the encoder's last states to the decoder's first; for a decoder without an encoder, its own start."""
    name = k.bridge if encoder else "zero"
    return bridge(name, encoder and encoder.stack, decoder.stack, init, k.learned_start)
