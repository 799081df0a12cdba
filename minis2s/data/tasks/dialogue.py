"""Dialogue, synthetic: one is told where people are and who has a thing; then comes a question, and its answer.

    Anna is in the attic. Ben has the key. I see. Ben gave the key to Clara. Anna went to the zoo. Where is Anna?  →  In the zoo.

Later facts replace earlier ones, and most facts are not asked for: an answer can only come from the facts. Held out are
combinations of a person and a place, and of a person and a thing: training never says that Ben is in the library, and the test
asks for just that.

Why so few people and so many places: to compare the name in the question with those in the facts is what a model learns last, and
it must learn that for each name. Until then it is better off remembering who is never where, which is wrong whenever the test
asks. With 16 people and 16 places it stays there for longer than three minutes.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 30_000, 500, 1_000
PEOPLE = "Anna", "Ben", "Clara", "David"
PLACES = tuple(
    "attic bakery bank barn castle cellar cinema church clinic factory field forest garage garden gym harbour hospital hotel "
    "kitchen library market mill museum office orchard palace park prison pub school shed shop stable studio temple tent theatre "
    "tower village zoo".split()
)
THINGS = tuple(
    "apple ball basket book bottle bowl camera coin cup drum fork guitar hammer hat helmet jacket kettle key knife ladder lamp "
    "lemon letter map mirror pen phone radio ring rope spoon ticket towel umbrella vase watch whistle".split()
)
FAMILIES = {"person-place": (PEOPLE, PLACES), "person-thing": (PEOPLE, THINGS)}
PLACED = "{} is in the {}.", "{} went to the {}.", "Now {} is in the {}."
SMALL_TALK = "I see.", "Really?", "What a nice day!", "I am hungry.", "Good to know.", "Did you sleep well?"
TURNS = 1, 2, 2, 3, 3, 4, 5
IGNORANCE = "Nobody knows."


def chat(draw):
    """A Drawn dialogue with its question."""
    people, thing = [draw.deal("person", PEOPLE) for _ in range(3)], draw.deal("thing", THINGS)
    place, holder, lines, facts = {}, None, [], set()
    for _ in range(draw.pick(TURNS)):
        person, kind = draw.pick(people), draw.weighted({"place": 0.6, "thing": 0.3, "small talk": 0.1})
        if kind == "place":
            place[person] = draw.pick(PLACES)
            lines.append(draw.pick(PLACED).format(person, place[person]))
            facts.add(("person-place", person, place[person]))
        elif kind == "thing":
            given = holder not in (None, person)
            lines.append(f"{holder} gave the {thing} to {person}." if given else f"{person} has the {thing}.")
            holder = person
            facts.add(("person-thing", person, thing))
        else:
            lines.append(draw.pick(SMALL_TALK))
    question, answer, rests_on = _asked(draw, people, place, thing, holder)
    return Drawn(Pair(" ".join([*lines, question]), answer), frozenset(facts), frozenset(rests_on))


def _asked(draw, people, place, thing, holder):
    """(question, answer, the fact that the answer rests on); now and then nobody knows."""
    while True:
        person = draw.pick(people)
        if draw.chance(0.4):
            question, answer, fact = f"Who has the {thing}?", f"{holder}.", holder and ("person-thing", holder, thing)
        else:
            where = place.get(person)
            question, answer, fact = f"Where is {person}?", f"In the {where}.", where and ("person-place", person, where)
        if fact:
            return question, answer, {fact}
        if draw.chance(0.05):
            return question, IGNORANCE, set()


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: chat(draw), held, SIZES)


TASK = Task(
    name="dialogue",
    description="A question about what was told before: synthetic facts, of which later ones replace earlier ones",
    held_out="8 % of the combinations of person and place, and of person and thing: training never tells them. The answer to "
    "each test question rests on one.",
    source_tokeniser="wordpunct",
    target_tokeniser="wordpunct",
    generate=generate,
    sizes=SIZES,
    example=Pair(
        "David went to the forest. Ben went to the museum. Ben is in the cinema. Ben is in the pub. Where is Ben?", "In the pub."
    ),
    settings={"epochs": 4, "batch_size": 32, "learning_rate": 4e-3, "best_by": "exact_match"},
    expected=Expected("exact_match", 99, 90),
)
