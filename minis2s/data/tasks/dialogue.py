"""Dialogue, synthetic: friends tell each other where they are and what they have; then comes a question, and its answer.

    Anna: I am in the attic. Ben: Clara has the key. Anna: I went to the zoo. You: Where is Anna?  →  In the zoo.

"I" is whoever stands before the colon, later facts replace earlier ones, and most facts are not asked for: an answer can only
come from the facts. Held out are combinations of a person and a place, and of a person and a thing: training never says that Ben
is in the library, and the test asks for just that.

Why so few people and so many places: to compare the name in a question with those in the facts is what a model learns last, and
each name must be learned on its own. Until then it is better off remembering who is never where, which is wrong whenever the
test asks. With 16 people and 16 places it stays there.
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
    "apple ball basket book bottle bowl camera coin cup drum fork hammer hat key knife lamp lemon letter map mirror pen phone "
    "ring rope spoon ticket towel umbrella watch whistle".split()
)
FAMILIES = {"person-place": (PEOPLE, PLACES), "person-thing": (PEOPLE, THINGS)}
SMALL_TALK = "I see.", "Really?", "What a nice day!", "I am hungry.", "Good to know.", "Did you sleep well?"
TURNS = 1, 2, 2, 3, 3, 4, 5
IGNORANCE = "Nobody knows."


class Chat:
    """What has been said, and what is true after it: where each person is, and who has each thing."""

    def __init__(self, draw):
        self.draw, self.lines, self.facts = draw, [], set()
        self.people = [draw.deal("person", PEOPLE) for _ in range(3)]
        self.things = [draw.deal("thing", THINGS) for _ in range(2)]
        self.place, self.holder, self.speaker = {}, {}, None

    def turn(self):
        """Somebody says something."""
        self.speaker = self.draw.pick([each for each in self.people if each != self.speaker])
        say = self.draw.weighted({self._place: 0.55, self._possession: 0.35, self._small_talk: 0.1})
        self.lines.append(f"{self.speaker}: {say()}")

    def _small_talk(self):
        return self.draw.pick(SMALL_TALK)

    def _place(self):
        person, place = self.draw.pick(self.people), self.draw.pick(PLACES)
        self.place[person] = place
        self.facts.add(("person-place", person, place))
        name, be = ("I", "am") if person == self.speaker else (person, "is")
        forms = f"{name} {be} in the {place}.", f"{name} went to the {place}.", f"Now {name} {be} in the {place}."
        return self.draw.pick(forms)

    def _possession(self):
        thing, owner = self.draw.pick(self.things), self.draw.pick(self.people)
        before, self.holder[thing] = self.holder.get(thing), owner
        self.facts.add(("person-thing", owner, thing))
        if before == self.speaker != owner:
            return f"I gave the {thing} to {owner}."
        if before not in (None, owner):
            return f"{before} gave the {thing} to {'me' if owner == self.speaker else owner}."
        return f"I have the {thing}." if owner == self.speaker else f"{owner} has the {thing}."

    def ask(self):
        """(question, answer, the fact that the answer rests on); now and then nobody knows."""
        while True:
            if self.draw.chance(0.6):
                person = self.draw.pick(self.people)
                place = self.place.get(person)
                question, answer, fact = f"Where is {person}?", f"In the {place}.", place and ("person-place", person, place)
            else:
                thing = self.draw.pick(self.things)
                person = self.holder.get(thing)
                question, answer, fact = f"Who has the {thing}?", f"{person}.", person and ("person-thing", person, thing)
            if fact:
                return question, answer, {fact}
            if self.draw.chance(0.05):
                return question, IGNORANCE, set()


def chat(draw):
    """A Drawn dialogue with its question."""
    told = Chat(draw)
    for _ in range(draw.pick(TURNS)):
        told.turn()
    question, answer, rests_on = told.ask()
    return Drawn(Pair(" ".join([*told.lines, f"You: {question}"]), answer), frozenset(told.facts), frozenset(rests_on))


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: chat(draw), held, SIZES)


TASK = Task(
    name="dialogue",
    description="A question about what was told before: synthetic chats, in which later facts replace earlier ones",
    held_out="8 % of the combinations of person and place, and of person and thing: training never tells them. The answer to "
    "each test question rests on one.",
    source_tokeniser="wordpunct",
    target_tokeniser="wordpunct",
    generate=generate,
    sizes=SIZES,
    example=Pair(
        "Ben: Now Anna is in the forest. Anna: Now Ben is in the bank. Ben: I am in the bakery. You: Where is Ben?",
        "In the bakery.",
    ),
    settings={"epochs": 4, "batch_size": 32, "learning_rate": 4e-3, "best_by": "exact_match"},
)
