"""Questions and answers about pictures: what a language model with a pocket image tower learns from, and is asked.

`training_instructions` is the pocket analogue of visual instruction tuning (Liu et al. 2023, LLaVA): short
conversations that follow from a scene, in words that the pocket tokenizer knows. `choice_questions` is the
analogue of ImageNet-D's questions (Zhang et al. 2024), under either of two protocols:

- *fair*: four names in shuffled order, the wrong ones by chance, or by the logits of a model that is not scored:
  `choice_questions(labels, random_distractors(labels, seed), seed)`;
- *as in ImageNet-D*: two names, the right one always first, the wrong one what a CLIP ranks highest:
  `choice_questions(labels, hard_distractors(clip_logits, labels, 1), seed, order="right first")`.

The second has an artefact built in where that CLIP is scored too. Its best wrong name beats the right one exactly
when its top-1 is wrong; so on its own distractors it scores its top-1 accuracy over all classes, however few names
are offered, while a coin scores one half. On pictures chosen because this CLIP fails, every other model, however
poor, seems to surpass it. `answers_of` lets a CLIP answer the same questions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from clipkit.errors import BadInput
from clipkit.pocket.captions import training_captions
from clipkit.pocket.vocabulary import COUNT_WORDS, INVERSE, PATTERN_WORDS, PLACE_WORDS, article, plural
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.pocket.world.sampling import Dice
from clipkit.pocket.world.scene import Scene

KINDS = ("name", "choice", "attribute", "count", "place", "relation", "yes-no", "caption")
EVALUATION_SETS = ("wild", "hard-background", "hard-texture", "hard-material")
ORDERS = ("shuffled", "right first")
QUESTION_WORDS = ("what", "where", "how", "many", "are", "or", "yes", "no", "colour", "pattern")
LONGEST = 22  # tokens of a question and its answer; with the two special ones they fill the pocket context

# Every class in one group, three or more in each: each class is then denied as often as it is affirmed.
LOOK_ALIKES = (
    ("mug", "bottle", "teapot"),
    ("chair", "table", "bed", "lamp"),
    ("car", "truck", "bus", "house"),
    ("airplane", "boat", "rocket"),
    ("tree", "cactus", "flower", "mushroom"),
    ("dog", "giraffe", "duck", "fish", "snowman"),
    ("hammer", "umbrella", "guitar"),
)
_GROUP = {name: group for group in LOOK_ALIKES for name in group}
_CAPTION_WORDS = LONGEST - 7  # what the question leaves; every word of a caption is one token
_COUNT_OF_ONE = 0.026  # so that one, two and three are the answer equally often on wild scenes
_ASKED, _OFFERED, _ORDERED = 3, 4, 5  # streams of dice, apart from those of scenes (none) and captions (1)


@dataclass(frozen=True)
class Instruction:
    """A question about image number `image` of a set, its answer, and the names to choose from, if any."""

    image: int
    kind: str
    question: str
    answer: str
    choices: tuple[str, ...] = ()


def in_view(scene: Scene) -> frozenset[str]:
    """The known classes that a picture shows: the main object's and its companions'.

    >>> sorted(in_view(Scene(label="mug", subcategory="short mug", colour="red", accent="white")))
    ['mug']
    """
    return frozenset({scene.label, *(thing.kind for thing in scene.others)} & set(CLASS_NAMES))


def training_instructions(scenes: Sequence[Scene], seed: int, per_image: int = 2) -> list[Instruction]:
    """`per_image` (1–3) instructions of different kinds about each scene; image i depends on (seed, i) alone.

    What is rare is asked wherever it occurs: the relation to a companion, the number of copies. The number of a
    single object is asked so seldom that the three answers balance on wild scenes. All other kinds that fit the
    scene are equally likely; a question about "this" is not asked where it could mean two things.

    Choices and yes-no questions cannot be answered above chance without the image: "yes" is right half of the
    time for every class, and so is each name on offer in its share. Half of the "no" are about a look-alike.
    Colours, patterns and places keep the priors of the world. Raises BadInput for scenes without a known class.
    """
    if not 1 <= per_image <= 3:
        raise BadInput(f"{per_image} instructions per image", "1 to 3: not every scene has more kinds")
    found = []
    for i, scene in enumerate(scenes):
        if scene.label not in CLASS_NAMES:
            raise BadInput(f"scene {i} shows a {scene.label}", "only known classes are asked about")
        dice = Dice(seed, i, _ASKED)
        for kind in _kinds(scene, per_image, dice):
            found.append(_ASK[kind](i, scene, dice))
    return found


def random_distractors(
    labels: np.ndarray, seed: int, k: int = 3, seen: Sequence[Collection[str]] | None = None
) -> np.ndarray:
    """k different wrong classes per image, all equally likely; int64 (n, k), positions in CLASS_NAMES.

    labels: int (n,). seen: the classes in view of each image (`in_view`), none of which is a fair distractor.
    """
    wrong = _wrong(labels, seen)
    scores = [np.random.default_rng([seed, i, _OFFERED]).random(len(CLASS_NAMES)) for i in range(len(wrong))]
    return _best(np.reshape(scores, wrong.shape), wrong, k)


def hard_distractors(
    logits: np.ndarray, labels: np.ndarray, k: int = 3, seen: Sequence[Collection[str]] | None = None
) -> np.ndarray:
    """The k wrong classes that a model ranks highest, best first; int64 (n, k), positions in CLASS_NAMES.

    logits: (n, 26), of any scale; ties go to the earlier class. Not with the logits of the model that is scored,
    unless the artefact is what you want to show. Names that a model is fond of recur among the wrong ones: an
    answerer that sees the questions alone may do better than chance, and belongs beside the others.
    """
    logits, wrong = np.asarray(logits, float), _wrong(labels, seen)
    if logits.shape != wrong.shape or not np.isfinite(logits).all():
        raise BadInput(f"logits of shape {logits.shape} for {len(wrong)} labels", "finite (n, classes)")
    return _best(logits, wrong, k)


def choice_questions(
    labels: np.ndarray, distractors: np.ndarray, seed: int, order: str = "shuffled"
) -> list[Instruction]:
    """One question per image, such as those of EVALUATION_SETS: which of these names is it?

    labels: int (n,); distractors: int (n, k), from `random_distractors` or `hard_distractors`; chance is
    1 / (k + 1). order: "shuffled", from (seed, image) alone, or "right first", where whoever always takes the
    first name is right.

    >>> choice_questions(np.array([0]), np.array([[1, 2]]), seed=0, order="right first")[0].question
    'what is this: mug, bottle or teapot?'
    """
    if order not in ORDERS:
        raise BadInput(f"order {order!r} of the choices", f"use one of {', '.join(map(repr, ORDERS))}")
    labels, distractors = np.asarray(labels), np.asarray(distractors)
    if distractors.ndim != 2 or len(distractors) != len(labels) or (distractors == labels[:, None]).any():
        raise BadInput(
            f"distractors of shape {distractors.shape} for {len(labels)} labels",
            "give one row of wrong classes per label",
        )
    found = []
    for i, row in enumerate(np.column_stack([labels, distractors])):
        if order == "shuffled":
            row = np.random.default_rng([seed, i, _ORDERED]).permutation(row)
        found.append(_choice(i, CLASS_NAMES[labels[i]], tuple(CLASS_NAMES[c] for c in row)))
    return found


def answers_of(logits: np.ndarray, questions: Sequence[Instruction]) -> list[str]:
    """What a classifier answers: of each question's names, the one with the highest logit of its image.

    logits: (n, 26), one row per image. Ties go to the earlier class, not to the name that was listed first.
    """
    index = {name: c for c, name in enumerate(CLASS_NAMES)}
    return [
        max(sorted(q.choices, key=index.__getitem__), key=lambda name: logits[q.image][index[name]])
        for q in questions
    ]


def _kinds(scene: Scene, n: int, dice: Dice) -> list[str]:
    alone = all(thing.kind == scene.label for thing in scene.others)
    drawn_in_full = scene.style != "sketch"
    fits = {
        "name": alone,
        "choice": True,
        "attribute": alone and drawn_in_full and scene.occluder is None,
        "place": drawn_in_full,
        "yes-no": True,
        "caption": True,
    }
    kinds = ["relation"] if scene.relation else []
    if scene.count > 1 or dice.chance(_COUNT_OF_ONE):
        kinds.append("count")
    while len(kinds) < n:
        kinds.append(dice.pick([kind for kind, does in fits.items() if does], kinds))
    return kinds[:n]


def _name(i, scene, dice):
    return Instruction(i, "name", "what is this?", scene.label)


def _choice(i, answer, names):
    question = f"what is this: {', '.join(names[:-1])} or {names[-1]}?"
    return Instruction(i, "choice", question, answer, names)


def _four(i, scene, dice):
    names: list[str] = []
    while len(names) < 3:
        names.append(dice.pick(CLASS_NAMES, {*names, *in_view(scene)}))
    names.insert(dice.pick(range(4)), scene.label)
    return _choice(i, scene.label, tuple(names))


def _attribute(i, scene, dice):
    if scene.style == "flat" or dice.chance(0.5):
        two = scene.pattern != "plain" and scene.style != "flat"
        answer = f"{scene.colour} and {scene.accent}" if two else scene.colour
        return Instruction(i, "attribute", "what colour is this?", answer)
    return Instruction(i, "attribute", "what pattern is this?", PATTERN_WORDS[scene.pattern][0])


def _count(i, scene, dice):
    answer = {1: "one", **COUNT_WORDS}[scene.count]
    return Instruction(i, "count", f"how many {plural(scene.label)} are there?", answer)


def _place(i, scene, dice):
    return Instruction(i, "place", "where is this?", PLACE_WORDS[scene.background][0])


def _relation(i, scene, dice):
    pair, relation = [scene.label, scene.others[0].kind], scene.relation
    if dice.chance(0.5):
        pair, relation = pair[::-1], INVERSE[relation]
    first, second = pair if dice.chance(0.5) else pair[::-1]
    question = f"{first} and {second}: where is the {pair[0]}?"
    return Instruction(i, "relation", question, f"{relation} the {pair[1]}")


def _yes_no(i, scene, dice):
    seen = sorted(in_view(scene))
    near = [name for name in _GROUP[scene.label] if name not in seen]
    if dice.chance(0.5):
        name, answer = dice.pick(seen), "yes"
    else:
        name, answer = dice.pick(near if near and dice.chance(0.5) else CLASS_NAMES, seen), "no"
    return Instruction(i, "yes-no", article(f"is there a {name}?"), answer)


def _caption(i, scene, dice):
    short = [c for c in training_captions(scene, dice) if len(c.split()) <= _CAPTION_WORDS]
    return Instruction(i, "caption", "what is in this picture?", dice.pick(short))


_ASK = dict(zip(KINDS, (_name, _four, _attribute, _count, _place, _relation, _yes_no, _caption), strict=True))


def _wrong(labels, seen) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.isin(labels, np.arange(len(CLASS_NAMES))).all():
        raise BadInput("labels that are not known classes", "give positions in CLASS_NAMES, (n,)")
    wrong = labels[:, None] != np.arange(len(CLASS_NAMES))
    if seen is not None:
        wrong &= np.array([[name not in names for name in CLASS_NAMES] for names in seen])
    return wrong


def _best(scores, wrong, k) -> np.ndarray:
    if not 1 <= k <= wrong.sum(1).min(initial=len(CLASS_NAMES)):
        raise BadInput(f"{k} distractors", "ask for at least one and no more than there are wrong classes")
    return np.argsort(np.where(wrong, -scores, np.inf), axis=1, kind="stable")[:, :k]
