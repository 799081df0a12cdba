"""Adjectives, colours and the weather."""

from typing import NamedTuple

from minis2s.data.tasks.translation.lexicon.table import table


class Adjective(NamedTuple):
    english: str
    comparative: str  # "" where one does not compare
    chinese: str
    attributive: str  # the form before a noun: 新书, but 漂亮的花; "" where it does not stand there
    sorts: str  # sorts and single nouns, apart by commas


ADJECTIVES = table(Adjective, """
    tall         taller            高      -         person
    short        shorter           矮      -         person
    young        younger           年轻    年轻的    person
    happy        happier           高兴    -         person
    sad          -                 难过    -         person
    tired        -                 累      -         person
    busy         busier            忙      -         person
    hungry       -                 饿      -         person
    thirsty      -                 渴      -         person
    angry        -                 生气    -         person
    healthy      healthier         健康    -         person
    smart        smarter           聪明    聪明的    person
    kind         kinder            善良    善良的    person
    friendly     friendlier        友好    友好的    person
    strong       stronger          强壮    强壮的    person
    lazy         lazier            懒      很懒的    person
    rich         richer            富有    富有的    person
    polite       more polite       有礼貌  有礼貌的  person
    patient      more patient      有耐心  有耐心的  person
    famous       more famous       出名    出名的    person
    expensive    more expensive    贵      很贵的    fruit,drink,device,vehicle,clothes,furniture,item,building
    cheap        cheaper           便宜    便宜的    fruit,drink,device,vehicle,clothes,furniture,item,reading
    good         better            好      好        reading,story,movie,song,device,vehicle,person
    new          -                 新      新        reading,device,vehicle,clothes,furniture,building,item,movie,song
    old          -                 旧      旧        reading,device,vehicle,clothes,furniture,building,item
    big          bigger            大      大        fruit,pet,animal,building,furniture,box,bag,tree,city
    small        smaller           小      小        fruit,pet,animal,building,furniture,box,bag,tree,city
    heavy        heavier           重      很重的    furniture,box,bag,dictionary,computer,watermelon
    long         longer            长      很长的    novel,text,movie,song,skirt,coat
    beautiful    more beautiful    漂亮    漂亮的    clothes,flower,bird,horse,house,bag,city
    delicious    more delicious    好吃    好吃的    fruit,food
    fresh        fresher           新鲜    新鲜的    fruit,egg,bread,meat,fish
    interesting  more interesting  有意思  有意思的  book,novel,magazine,story,movie,match,field
    boring       more boring       无聊    无聊的    book,novel,magazine,story,movie,match,field
    difficult    more difficult    难      很难的    field,language,book
    easy         easier            容易    -         field,language
    important    more important    重要    重要的    field,language,letter,email,match
    useful       more useful       有用    有用的    field,language,dictionary,map,device,book
    clean        cleaner           干净    干净的    clothes,furniture,building,vehicle,public
    dirty        dirtier           脏      脏        clothes,furniture,vehicle,bag,box,room
    comfortable  more comfortable  舒服    舒服的    furniture,clothes,house,room,car
    cute         cuter             可爱    可爱的    pet,sheep
    fast         faster            快      很快的    car,bicycle,computer,horse
    quiet        quieter           安静    安静的    room,house,public
    far          -                 远      -         public
""")  # fmt: skip

# A colour is 红色, and a sentence with it needs 是 … 的: 那辆车是红色的.
COLOURS = table(Adjective, """
    red     -  红色  红色的  clothes,vehicle,item,flower
    yellow  -  黄色  黄色的  clothes,vehicle,item,flower
    blue    -  蓝色  蓝色的  clothes,vehicle,item
    green   -  绿色  绿色的  clothes,vehicle,item
    black   -  黑色  黑色的  clothes,vehicle,item,phone,camera,cat,dog,rabbit,horse
    white   -  白色  白色的  clothes,vehicle,item,phone,flower,cat,dog,rabbit,horse,bird
""")  # fmt: skip

WEATHER = {"cold": "冷", "hot": "热", "warm": "暖和", "cool": "凉快"}
