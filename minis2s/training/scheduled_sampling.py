"""Scheduled sampling: the decoder is sometimes fed its own words while it learns (Bengio et al. 2015, arXiv:1506.03099).

Teacher forcing shows a model right beginnings only; when it runs free it must go on from its own mistakes. The words are chosen
by running the model step by step, each choice after the mixed ones before it; then the batch is trained on as usual with these
inputs. No gradient flows through a choice, there as in the paper.
"""

from dataclasses import replace


def mixed_inputs(model, batch, share, rng):
    """The batch with each word that is fed, but the first, replaced with probability `share` by the model's most probable one (a
    real vector by its prediction). What must be answered stays.

    rng: a numpy Generator, drawn from on the host. The batch's target_in then lives where the model does.
    """
    if share == 0:
        return batch
    real, xp = batch.target_in.ndim > 2, model.backend.xp
    mask = batch.target_mask[1:]
    chosen = xp.asarray((rng.random(mask.shape) < share) & mask)
    inputs, state = xp.array(batch.target_in), model.start(batch.source, batch.source_mask)
    for i in range(len(inputs) - 1):
        predictions, state, _ = model.step(inputs[i], state)
        own = predictions if real else predictions.argmax(axis=-1)
        inputs[i + 1] = xp.where(chosen[i, :, None] if real else chosen[i], own, inputs[i + 1])
    return replace(batch, target_in=inputs)
