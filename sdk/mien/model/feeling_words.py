"""The words of feelings.py: a line each, as a table.

A line of `WORDS` is the word, its primary and secondary word, its intensity, valence and arousal,
and its face as a formula of action units; `=` stands for the named expression of that word.
A line of `ADJECTIVES` is a word and what else is said for it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADJECTIVES", "WORDS"]

WORDS: Final = """
adoration      love     affection      0.75 0.9  0.3  1D 2C 6C 12C 25C 43B 63C
affection      love     affection      0.45 0.8  0.2  6B 12C 24A 43B
love           love     affection      0.6  0.9  0.3  1D 6C 12D 43C
fondness       love     affection      0.35 0.7  0    6C 12B 14C
liking         love     affection      0.25 0.6  0    2C 12C
attraction     love     affection      0.45 0.6  0.4  2D 7B 12B 25D
caring         love     affection      0.4  0.6  0    1D 4A 6B 12B 24C
tenderness     love     affection      0.4  0.8  -0.2 1D 6B 12B 43C
compassion     love     affection      0.5  0.2  -0.1 1D 2B 4B 17C 25B 43B
sentimentality love     affection      0.5  0.3  -0.2 1D 4C 6C 12C 25B 43D 64D
arousal        love     lust           0.6  0.6  0.7  2A 25C 26B 43C
desire         love     lust           0.6  0.6  0.6  4B 7C 12B 25C
lust           love     lust           0.8  0.5  0.8  12A 32D 43C
passion        love     lust           0.9  0.6  0.9  1C 4C 7C 25C 26B
infatuation    love     lust           0.7  0.7  0.5  1D 2C 12D 25B 43B 63B
longing        love     longing        0.6  0    0    1D 2B 4B 25C 43B 63D
amusement      joy      cheerfulness   0.6  0.8  0.5  6D 12D 25C 26B
bliss          joy      cheerfulness   0.8  1    0.1  1B 6C 12D 43E
cheerfulness   joy      cheerfulness   0.55 0.8  0.4  2C 6C 12D 25A
gaiety         joy      cheerfulness   0.65 0.8  0.6  2D 6B 12E 25D 26A
glee           joy      cheerfulness   0.85 0.9  0.8  2D 5C 6D 12E 25E 26C
jolliness      joy      cheerfulness   0.7  0.8  0.5  6E 7D 12D 25B
joviality      joy      cheerfulness   0.75 0.8  0.6  6D 12D 25D 26D
joy            joy      cheerfulness   0.7  1    0.5  1B 2B 6D 12D 25D
delight        joy      cheerfulness   0.75 0.9  0.6  1C 2D 5C 6C 12D 25C 26B
enjoyment      joy      cheerfulness   0.5  0.8  0.3  6D 7D 12C 25C
gladness       joy      cheerfulness   0.45 0.8  0.2  1D 6C 12C
happiness      joy      cheerfulness   0.6  0.9  0.4  6C 12D 14B
jubilation     joy      cheerfulness   1    1    0.9  1B 2C 6E 12E 25E 27C
elation        joy      cheerfulness   0.9  0.9  0.8  1D 2E 5B 6D 12E 25D 26C 63C
satisfaction   joy      cheerfulness   0.4  0.7  -0.1 6B 7B 12B 14D 24C 43B
ecstasy        joy      cheerfulness   1    1    0.7  1D 4A 6C 12C 25D 26C 43E
euphoria       joy      cheerfulness   1    1    0.7  1C 2C 6E 12E 25C 26B 43C
enthusiasm     joy      zest           0.7  0.8  0.7  1C 2C 5C 6B 12D 25B
zeal           joy      zest           0.7  0.4  0.7  4B 5C 12C 25B
zest           joy      zest           0.6  0.7  0.6  2C 5C 6B 12D 25C 26B
excitement     joy      zest           0.8  0.8  0.9  1C 2D 5D 12D 25C 26C
thrill         joy      zest           0.9  0.7  1    1D 2D 5D 12C 20B 25D 26D
exhilaration   joy      zest           0.95 0.9  1    1C 2C 5C 6D 12E 25D 27C
contentment    joy      contentment    0.35 0.8  -0.4 6B 12C 43D
pleasure       joy      contentment    0.5  0.8  -0.1 6E 7C 12C 43D
pride          joy      pride          0.45 0.7  0.2  2A 12B 14A 17B 24B 43A
triumph        joy      pride          0.9  0.8  0.8  4B 6C 7C 12D 25D 26C
eagerness      joy      optimism       0.6  0.7  0.6  1B 2C 5D 12C 25C
hope           joy      optimism       0.4  0.6  0.1  1D 2B 12C 25C 63D
optimism       joy      optimism       0.45 0.7  0.2  2C 5B 12C 17C 63B
enthrallment   joy      enthrallment   0.6  0.6  0.5  1C 2C 5C 25B 26B
rapture        joy      enthrallment   0.9  0.9  0.5  1D 2B 12B 25C 26B 43A 63D
relief         joy      relief         0.5  0.6  -0.4 1B 12B 25C 26B 43D
amazement      surprise surprise       0.8  0.5  0.8  1D 2D 5D 12B 25C 27B
surprise       surprise surprise       0.6  0.2  0.8  =
astonishment   surprise surprise       1    0.2  0.9  1E 2E 5E 25C 27D
aggravation    anger    irritation     0.5  -0.6 0.5  4C 5B 10C 23C
irritation     anger    irritation     0.4  -0.5 0.4  4C 7C 24B
agitation      anger    irritation     0.5  -0.5 0.7  2C 4D 5D 20C 25B
annoyance      anger    irritation     0.35 -0.5 0.3  4B 7C 14C 24B 61C
grouchiness    anger    irritation     0.45 -0.5 0.2  4C 7B 15C 17C
grumpiness     anger    irritation     0.45 -0.5 0.1  4C 15B 17D 24C 64B
exasperation   anger    exasperation   0.6  -0.6 0.4  1B 2C 14C 25A 43B 63D
frustration    anger    exasperation   0.65 -0.6 0.6  4D 7C 14C 17B 23C
anger          anger    rage           0.8  -0.8 0.8  =
rage           anger    rage           1    -0.9 1    4E 5D 7C 9C 10D 16D 25D 27C
outrage        anger    rage           0.9  -0.8 0.9  1B 2C 4D 5E 7B 10B 25C 26D
fury           anger    rage           1    -0.9 1    4E 5C 7D 9D 10C 23D 25B
wrath          anger    rage           0.95 -0.9 0.9  4E 5D 7D 17C 23E 24C
hostility      anger    rage           0.7  -0.7 0.6  4C 5C 7C 10B 24E
ferocity       anger    rage           1    -0.8 1    4E 5C 9E 10E 16E 20C 25D 26B
bitterness     anger    rage           0.5  -0.7 0.2  4C 7C 10C 14C 15C 17B
hate           anger    rage           0.85 -0.9 0.7  4E 7D 9C 15C 17C
loathing       anger    rage           0.8  -0.9 0.5  4D 7C 9D 10D 15D
scorn          anger    rage           0.55 -0.6 0.3  4B 7B L10C L14D 43B
spite          anger    rage           0.6  -0.7 0.5  4C 7D L10B L12B 23B
vengefulness   anger    rage           0.75 -0.7 0.7  4D 5A 7E 12A L12B 24C
dislike        anger    rage           0.35 -0.5 0.2  4C 9C 10B 15B
resentment     anger    rage           0.5  -0.6 0.3  4C 7B 15D 24D 61D
disgust        anger    disgust        0.7  -0.8 0.4  =
revulsion      anger    disgust        1    -0.9 0.7  4C 6D 9E 10E 16B 25C 26B 43C
contempt       anger    disgust        0.5  -0.6 0.2  =
envy           anger    envy           0.5  -0.5 0.3  4C 7D 15B 23B 62D
jealousy       anger    envy           0.6  -0.6 0.5  1B 4C 7B 15C 17B 25A 62D
torment        anger    torment        0.9  -0.9 0.7  1D 4E 7D 20D 25C 43C
agony          sadness  suffering      1    -1   0.8  1C 4E 6D 7E 9C 10C 20D 25D 27B 43D
suffering      sadness  suffering      0.8  -0.9 0.3  1D 4D 7C 15C 20B 43C
hurt           sadness  suffering      0.6  -0.8 0.2  1D 4C 15B 17C
anguish        sadness  suffering      0.95 -0.9 0.6  1E 4D 7C 15C 20C 25C 26C
depression     sadness  sadness        0.6  -0.8 -0.6 1A 4A 15C 43D 64C
despair        sadness  sadness        0.9  -0.9 0.1  1E 4C 15D 25B 26B 43A 63B
hopelessness   sadness  sadness        0.7  -0.9 -0.5 1D 15D 25C 26B 43C 64B
gloom          sadness  sadness        0.5  -0.7 -0.5 4C 15C 17B 43C 64D
glumness       sadness  sadness        0.4  -0.6 -0.4 15C 17C 43A 64C
sadness        sadness  sadness        0.65 -0.8 -0.3 =
unhappiness    sadness  sadness        0.5  -0.7 -0.2 1C 4C 15D
grief          sadness  sadness        1    -0.9 0.2  1E 4D 6C 15D 17D 43D
sorrow         sadness  sadness        0.75 -0.8 -0.2 1E 4B 15C 25A 43B 64C
woe            sadness  sadness        0.75 -0.8 0    1E 4C 15D 17D 20B
misery         sadness  sadness        0.9  -0.9 0    1D 4D 6C 15E 17E
melancholy     sadness  sadness        0.45 -0.5 -0.4 1C 15B 24A 43B 62C 64C
dismay         sadness  disappointment 0.6  -0.6 0.4  1D 4C 5B 15B 25B 26C
disappointment sadness  disappointment 0.5  -0.6 -0.2 1B 14C 15C 17B 64C
displeasure    sadness  disappointment 0.4  -0.5 0.1  4D 10B 15C 24B 43A
guilt          sadness  shame          0.55 -0.7 0.1  1D 4C 14B 24C 62D 64D
shame          sadness  shame          0.65 -0.7 0    1B 15B 24B 43C 64E
regret         sadness  shame          0.5  -0.6 -0.1 1C 4D 15C 28C 64C
remorse        sadness  shame          0.75 -0.8 0    1E 4D 15D 17B 23B 64E
alienation     sadness  neglect        0.4  -0.6 -0.3 4A 15B 24B 43C 62E
isolation      sadness  neglect        0.45 -0.6 -0.4 1B 24C 43C 61D
neglect        sadness  neglect        0.5  -0.6 -0.3 1D 15C 17C 63D
loneliness     sadness  neglect        0.55 -0.7 -0.4 1D 15C 17C 24C 43C 61D
rejection      sadness  neglect        0.6  -0.7 0.1  1D 4C 15C 20A 24C 64B
homesickness   sadness  neglect        0.45 -0.4 -0.2 1D 12B 15B 61D 63B
defeat         sadness  neglect        0.6  -0.7 -0.5 1B 15D 26A 43D 64D
dejection      sadness  neglect        0.6  -0.8 -0.5 1C 15D 17C 43B 64E
insecurity     sadness  neglect        0.45 -0.5 0.2  1D 2B 20C 28C 62C 64C
embarrassment  sadness  neglect        0.55 -0.3 0.5  6B 12C 14C 24D 62C 64D
humiliation    sadness  neglect        0.8  -0.8 0.3  1D 4D 17B 20B 23C 43D 64E
insult         sadness  neglect        0.6  -0.7 0.5  1C 2C 4C 5C 10A 15B 25B
pity           sadness  sympathy       0.45 -0.3 -0.2 1D 4B 15B 17D L14C
sympathy       sadness  sympathy       0.5  -0.2 -0.1 1D 4C 6B 14B 17B 24B
alarm          fear     horror         0.75 -0.6 0.9  1C 2C 4B 5D 20B 25B 26B
shock          fear     horror         0.95 -0.6 0.9  1D 2D 4A 5E 25C 27D
fear           fear     horror         0.8  -0.8 0.8  =
fright         fear     horror         0.85 -0.8 0.9  1E 2C 4C 5E 20D 25D 26C
horror         fear     horror         0.95 -0.9 0.8  1D 4D 5E 7B 9B 10C 20D 25D 27C
terror         fear     horror         1    -1   1    1E 2D 4D 5E 20E 25D 27D
panic          fear     horror         0.95 -0.9 1    1D 2C 4C 5D 16D 20E 25D 26D
hysteria       fear     horror         1    -0.8 1    1E 4D 7D 20E 25E 27D 43C
mortification  fear     horror         0.75 -0.8 0.4  1D 4C 5B 20C 24C 64D
anxiety        fear     nervousness    0.55 -0.6 0.6  1C 2A 4C 5B 20B 24B
nervousness    fear     nervousness    0.45 -0.4 0.6  1C 2C 5C 20C 28B 62B
tenseness      fear     nervousness    0.5  -0.4 0.5  4B 5A 7C 23C 24C
uneasiness     fear     nervousness    0.35 -0.4 0.3  1C 4B 14C 20B 62C
apprehension   fear     nervousness    0.5  -0.5 0.5  1D 2C 4C 5C 14B 25B
worry          fear     nervousness    0.5  -0.5 0.3  =
distress       fear     nervousness    0.7  -0.8 0.6  1D 4D 7B 15B 20C 25B
dread          fear     nervousness    0.7  -0.8 0.4  1D 4C 5D 15B 20B 25A 26A 64A
"""

ADJECTIVES: Final = """
adoration: adoring worshipful
affection: affectionate
love: loving enamoured
fondness: fond
liking: friendly pleasant
attraction: attracted intrigued flirty
caring: kind considerate
tenderness: tender gentle
compassion: compassionate
sentimentality: sentimental touched moved
arousal: aroused sensual
desire: desirous seductive
lust: lustful
passion: passionate
infatuation: infatuated smitten
longing: yearning
amusement: amused playful
bliss: blissful
cheerfulness: cheerful
gaiety: gay merry
glee: gleeful
jolliness: jolly
joviality: jovial hearty
joy: joyful joyous
delight: delighted
enjoyment: enjoying
gladness: glad
happiness: happy
jubilation: jubilant
elation: elated
satisfaction: satisfied smug
ecstasy: ecstatic
euphoria: euphoric
enthusiasm: enthusiastic
zeal: zealous determined
zest: zestful lively
excitement: excited
thrill: thrilled
exhilaration: exhilarated
contentment: content contented serene peaceful
pleasure: pleased
pride: proud
triumph: triumphant victorious
eagerness: eager
hope: hopeful
optimism: optimistic confident
enthrallment: enthralled fascinated captivated
rapture: rapturous entranced
relief: relieved
amazement: amazed awed awestruck
surprise: surprised
astonishment: astonished astounded stunned
aggravation: aggravated
irritation: irritated
agitation: agitated
annoyance: annoyed
grouchiness: grouchy
grumpiness: grumpy sulky
exasperation: exasperated
frustration: frustrated
anger: angry mad
rage: raging enraged
outrage: outraged indignant
fury: furious
wrath: wrathful
hostility: hostile
ferocity: ferocious fierce
bitterness: bitter
hate: hateful
loathing: loath
scorn: scornful sneering
spite: spiteful malicious
vengefulness: vengeful
dislike: disliking disapproving
resentment: resentful
disgust: disgusted
revulsion: revolted repulsed
contempt: contemptuous disdainful
envy: envious
jealousy: jealous
torment: tormented
agony: agonised agonized
suffering: pained
hurt: wounded
anguish: anguished
depression: depressed
despair: despairing desperate
hopelessness: hopeless
gloom: gloomy
glumness: glum
sadness: sad
unhappiness: unhappy
grief: grieving
sorrow: sorrowful mournful
woe: woeful
misery: miserable
melancholy: melancholic wistful pensive
dismay: dismayed
disappointment: disappointed
displeasure: displeased
guilt: guilty
shame: ashamed
regret: regretful sorry
remorse: remorseful
alienation: alienated aloof
isolation: isolated withdrawn
neglect: neglected
loneliness: lonely lonesome
rejection: rejected
homesickness: homesick
defeat: defeated
dejection: dejected downcast
insecurity: insecure shy
embarrassment: embarrassed awkward sheepish
humiliation: humiliated
insult: insulted offended
pity: pitying
sympathy: sympathetic
alarm: alarmed
shock: shocked
fear: afraid scared fearful
fright: frightened
horror: horrified
terror: terrified
panic: panicked panicky
hysteria: hysterical
mortification: mortified
anxiety: anxious
nervousness: nervous
tenseness: tense
uneasiness: uneasy
apprehension: apprehensive wary
worry: worried
distress: distressed upset
dread: dreading
"""
