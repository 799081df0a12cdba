"""Those who act: pronouns, names, family, and people by what they do."""

from typing import NamedTuple

from minis2s.data.tasks.translation.lexicon.table import table


class Pronoun(NamedTuple):
    subject: str
    object: str
    possessive: str
    chinese: str
    agreement: str  # the verb forms it takes: those of I, he or they


class Person(NamedTuple):
    english: str
    plural: str
    chinese: str
    measure: str = "个"  # 位 is the polite one

    sort = "person"  # as of a Noun


PRONOUNS = table(Pronoun, """
    I     me    my     我    I
    you   you   your   你    they
    he    him   his    他    he
    she   her   her    她    he
    we    us    our    我们  they
    they  them  their  他们  they
""")  # fmt: skip

NAMES = {
    "Tom": "汤姆", "Mary": "玛丽", "Anna": "安娜", "Peter": "彼得", "David": "大卫", "Lucy": "露西",
    "Li Ming": "李明", "Wang Fang": "王芳",
}  # fmt: skip

# One's own family goes without 的: 我妈妈.
KIN = table(Person, """
    mother           -  妈妈
    father           -  爸爸
    older brother    -  哥哥
    younger brother  -  弟弟
    older sister     -  姐姐
    younger sister   -  妹妹
    grandmother      -  奶奶
    grandfather      -  爷爷
    uncle            -  叔叔
    aunt             -  姑姑
    son              -  儿子
    daughter         -  女儿
""")  # fmt: skip

RELATIONS = table(Person, """
    friend     friends     朋友
    classmate  classmates  同学
    neighbor   neighbors   邻居
    colleague  colleagues  同事
""")  # fmt: skip

WORKERS = table(Person, """
    teacher     teachers     老师    位
    doctor      doctors      医生    位
    lawyer      lawyers      律师    位
    engineer    engineers    工程师  位
    scientist   scientists   科学家  位
    writer      writers      作家    位
    manager     managers     经理    位
    nurse       nurses       护士    位
    driver      drivers      司机    位
    singer      singers      歌手    位
    actor       actors       演员    位
    chef        chefs        厨师    位
    programmer  programmers  程序员  位
    waiter      waiters      服务员  个
    farmer      farmers      农民    个
    student     students     学生    个
    child       children     孩子    个
""")  # fmt: skip
