"""Speed: whole training steps, ours and others', interleaved in one process on the same weights and the same batch."""
