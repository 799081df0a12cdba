"""Nouns with their measure words, numerals, and the spots where things lie."""

from typing import NamedTuple

from minis2s.data.tasks.translation.lexicon.table import table


class Noun(NamedTuple):
    english: str
    plural: str  # "" for what is not counted: music
    chinese: str
    measure: str  # the measure word between numeral and noun: 三本书
    sort: str
    unit: str = ""  # the English for the measure word of what is not counted: "a cup of tea", 一杯茶


NOUNS = table(Noun, """
    apple             apples        苹果      个  fruit
    banana            bananas       香蕉      根  fruit
    orange            oranges       橙子      个  fruit
    watermelon        watermelons   西瓜      个  fruit
    cake              cakes         蛋糕      个  food
    dumpling          dumplings     饺子      个  food
    egg               eggs          鸡蛋      个  food
    bread             -             面包      -   food
    rice              -             米饭      碗  food       bowl
    soup              -             汤        碗  broth      bowl
    meat              -             肉        -   food
    tea               -             茶        杯  drink      cup
    coffee            -             咖啡      杯  drink      cup
    milk              -             牛奶      杯  drink      glass
    juice             -             果汁      杯  drink      glass
    water             -             水        杯  drink      glass
    beer              -             啤酒      杯  drink      glass
    book              books         书        本  reading
    novel             novels        小说      本  reading
    magazine          magazines     杂志      本  reading
    dictionary        dictionaries  词典      本  reading
    newspaper         newspapers    报纸      份  reading
    letter            letters       信        封  text
    email             emails        邮件      封  text
    story             stories       故事      个  text
    movie             movies        电影      部  show
    match             matches       比赛      场  show
    the news          -             新闻      -   show
    television        -             电视      -   show
    song              songs         歌        首  song
    music             -             音乐      -   field
    deep learning     -             深度学习  -   field
    machine learning  -             机器学习  -   field
    mathematics       -             数学      -   field
    physics           -             物理      -   field
    chemistry         -             化学      -   field
    history           -             历史      -   field
    art               -             艺术      -   field
    law               -             法律      -   field
    programming       -             编程      -   field
    English           -             英语      -   language
    Chinese           -             中文      -   language
    French            -             法语      -   language
    German            -             德语      -   language
    Japanese          -             日语      -   language
    basketball        -             篮球      -   sport
    football          -             足球      -   sport
    tennis            -             网球      -   sport
    volleyball        -             排球      -   sport
    the piano         -             钢琴      -   instrument
    the guitar        -             吉他      -   instrument
    computer          computers     电脑      台  device
    camera            cameras       相机      台  device
    phone             phones        手机      部  device
    car               cars          车        辆  vehicle
    bicycle           bicycles      自行车    辆  vehicle
    bus               buses         公交车    辆  vehicle
    taxi              taxis         出租车    辆  vehicle
    pen               pens          钢笔      支  item
    umbrella          umbrellas     雨伞      把  item
    key               keys          钥匙      把  item
    ticket            tickets       票        张  item
    map               maps          地图      张  item
    box               boxes         盒子      个  item
    bag               bags          包        个  item
    gift              gifts         礼物      件  item
    chair             chairs        椅子      把  furniture
    table             tables        桌子      张  furniture
    bed               beds          床        张  furniture
    shirt             shirts        衬衫      件  clothes
    coat              coats         大衣      件  clothes
    skirt             skirts        裙子      条  clothes
    cat               cats          猫        只  pet
    dog               dogs          狗        只  pet
    bird              birds         鸟        只  pet
    rabbit            rabbits       兔子      只  pet
    fish              fish          鱼        条  pet
    horse             horses        马        匹  animal
    cow               cows          牛        头  animal
    sheep             sheep         羊        只  animal
    flower            flowers       花        朵  plant
    tree              trees         树        棵  plant
    house             houses        房子      栋  building
    room              rooms         房间      个  building
    money             -             钱        -   means
    time              -             时间      -   means
""")  # fmt: skip

# Before a measure word two is 两, never 二. "many" and "some" take no measure word.
NUMERALS = {
    "a": "一", "two": "两", "three": "三", "four": "四", "five": "五", "six": "六", "seven": "七", "eight": "八",
    "nine": "九", "ten": "十", "many": "很多", "some": "一些",
}  # fmt: skip

# (English, Chinese, sorts of what is found there): English puts the relation before the thing, Chinese after it.
LANDMARKS = tuple(
    (f"{english} the {thing}", chinese_thing + chinese, sorts)
    for thing, chinese_thing, relations, sorts in (
        ("table", "桌子", "on", "fruit,drink,rice,broth,reading,text,item,device"),
        ("table", "桌子", "under next_to", "reading,text,item,device"),
        ("chair", "椅子", "on under behind", "reading,text,item"),
        ("bed", "床", "on under next_to", "reading,text,item,clothes"),
        ("box", "盒子", "in behind next_to", "fruit,reading,text,pen,key,ticket,map,camera"),
        ("bag", "包", "in next_to", "fruit,reading,text,pen,key,ticket,map,camera"),
        ("car", "车", "in behind next_to", "item,reading,clothes"),
        ("house", "房子", "behind next_to in_front_of", "cat,dog,bird,rabbit,animal,vehicle,tree"),
        ("tree", "树", "under behind next_to in_front_of", "cat,dog,bird,rabbit,animal,bicycle,chair,table"),
    )
    for english, chinese in (
        ("on", "上"), ("in", "里"), ("under", "下面"), ("behind", "后面"), ("next to", "旁边"), ("in front of", "前面"),
    )
    if english.replace(" ", "_") in relations.split()
)  # fmt: skip
