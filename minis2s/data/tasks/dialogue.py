"""Dialogue, synthetic: one is told where people are and what they carry; then comes a question, and its answer.

    Anna is in the attic. Ben is carrying the key. I see. Anna went to the zoo. Where is Anna?  →  In the zoo.

Later facts replace earlier ones, and most facts are not asked for: an answer can only come from the facts. Held out are
combinations of a person and a place, and of a person and a thing: training never says that Ben is in the library, and the test
asks for just that.

Why so few people and so many places and things: to compare the name in the question with those in the facts is what a model
learns last, and it must learn that for each name. Until then it is better off remembering who is never where, which is wrong
whenever the test asks. With 16 people and 16 places, or with questions such as "Who has the key?", it stays there for longer
than three minutes.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Task
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
CARRIED = "{} is carrying the {}.", "{} has the {} in hand.", "Now {} is carrying the {}."
SMALL_TALK = "I see.", "Really?", "What a nice day!", "I am hungry.", "Good to know.", "Did you sleep well?"
TURNS = 1, 2, 2, 3, 3, 4, 5, 6
IGNORANCE = "Nobody knows."


def chat(draw):
    """A Drawn dialogue with its question."""
    people = [draw.deal("person", PEOPLE) for _ in range(3)]
    place, thing, lines, facts = {}, {}, [], set()
    for _ in range(draw.pick(TURNS)):
        person, kind = draw.pick(people), draw.weighted({"place": 0.5, "thing": 0.4, "": 0.1})
        if kind == "place":
            place[person] = draw.pick(PLACES)
            lines.append(draw.pick(PLACED).format(person, place[person]))
            facts.add(("person-place", person, place[person]))
        elif kind == "thing":
            thing[person] = draw.pick(THINGS)
            lines.append(draw.pick(CARRIED).format(person, thing[person]))
            facts.add(("person-thing", person, thing[person]))
        else:
            lines.append(draw.pick(SMALL_TALK))
    question, answer, rests_on = _asked(draw, people, place, thing)
    return Drawn(Pair(" ".join([*lines, question]), answer), frozenset(facts), frozenset(rests_on))


def _asked(draw, people, place, thing):
    """(question, answer, the fact that the answer rests on); now and then nobody knows."""
    while True:
        person = draw.pick(people)
        if draw.chance(0.5):
            kind, question, answer, value = "place", "Where is {}?", "In the {}.", place.get(person)
        else:
            kind, question, answer, value = "thing", "What is {} carrying?", "The {}.", thing.get(person)
        if value:
            return question.format(person), answer.format(value), {(f"person-{kind}", person, value)}
        if draw.chance(0.05):
            return question.format(person), IGNORANCE, set()


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
        "I am hungry. David went to the temple. Ben is in the tower. Ben is in the pub. David went to the zoo. "
        "Now David is in the park. Where is Ben?",
        "In the pub.",
    ),
    settings={"epochs": 4, "batch_size": 32, "learning_rate": 4e-3, "best_by": "exact_match"},
)
