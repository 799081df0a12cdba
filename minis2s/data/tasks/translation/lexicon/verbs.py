"""Verbs with what they are done to, where and when, and the modal verbs."""

from typing import NamedTuple

from minis2s.data.tasks.translation.lexicon.table import table


class Verb(NamedTuple):
    """A verb; one that stands twice, like play, is translated according to its object."""

    english: str  # the base form, with its preposition: listen to
    chinese: str
    objects: str  # sorts and single nouns, apart by commas; "" for a verb without an object
    uses: str  # letters, see below
    places: str = ""  # the group of places where one does it


# h present, p past, e experience ("has eaten": 吃过), g progressive, m after a modal verb;
# q with a counted object, r with a counted object in the present ("two apples every day"),
# d only with a particular object ("my key"), n never negated, s a skill: "can" is 会, not 能,
# l also last year, f also next year, t only within a day or two.
VERBS = table(Verb, """
    like        喜欢  fruit,food,broth,drink,reading,movie,song,field,language,sport,instrument,pet,animal,plant,city,person  h
    love        喜欢  fruit,food,broth,drink,reading,movie,song,field,language,sport,instrument,pet,animal,plant,city  h
    hate        讨厌  fruit,food,drink,field,language,sport,pet,animal       h
    understand  懂    field,language                                         h
    have        有    reading,device,vehicle,item,furniture,clothes,pet,building,means                 hqr
    need        需要  reading,device,vehicle,item,furniture,clothes,drink,room,means                   hqr
    want        想要  reading,device,vehicle,item,furniture,clothes,drink,pet,cake,house               hqr
    know        认识  person                                                 h
    remember    记得  person                                                 h
    miss        想念  person                                                 h
    live in     住在  city,country                                           h
    help        帮助  person                                                 hpm        work
    invite      邀请  person                                                 pm
    wait for    等    person                                                 gm         wait
    see         看见  person,pet,animal,vehicle                              pqd        out
    eat         吃    fruit,food,fish                                        hpegmqr    dine
    drink       喝    drink,broth                                            hpegmqr    dine
    buy         买    fruit,food,drink,reading,device,vehicle,item,furniture,clothes,flower,house  hpegmqlf  shop
    sell        卖    fruit,reading,device,vehicle,furniture,clothes,flower,house                  hpgmqlf   shop
    make        做    cake,dumpling,bread,rice,broth,box           hpgmq      cook
    read        看    reading,text                                           hpegmqr    quiet
    write       写    text,book,novel                                        hpegmqr    quiet
    watch       看    show                                                   hpegmq     screen
    listen to   听    music,song,story,the news                                  hpgmqr     quiet
    learn       学习  field,language,sport,instrument                        hpegmf     study
    study       学习  field,language                                         hpgmf      study
    teach       教    field,language,sport,instrument                        hegmf      teach
    speak       说    language                                               hgms       work
    play        打    basketball,tennis,volleyball                 hpegms     court
    play        踢    football                                               hpegms     court
    play        弹    instrument                                             hpegms     home
    drive       开    car,bus,taxi                                     hpegms
    ride        骑    bicycle,horse                               hpegms     out
    repair      修    device,vehicle,furniture                               hpgmq      fix
    use         用    device,pen,umbrella,map,dictionary              hpegm      quiet
    borrow      借    reading,device,car,bicycle,pen,umbrella,map,money                     pmq
    lose        丢    device,key,ticket,umbrella,bag,pen,bicycle,dictionary                  pqdn
    look for    找    device,item,pet,dictionary,letter                      gmd
    wash        洗    apple,clothes,car                                hpgmq
    wear        穿    clothes                                                pmd
    draw        画    pet,animal,plant,house,map                             hpgmqr     quiet
    go to       去    city,country,public                                    hpemlf
    visit       参观  sight                                                  pegmlf
    sleep       睡觉  -                                                      hpgmt       home
    rest        休息  -                                                      hpgmt       home
    work        工作  -                                                      hpgmf      work
    study       学习  -                                                      hpgmf      study
    eat         吃饭  -                                                      hpgmt       dine
    cook        做饭  -                                                      hpgmst      cook
    swim        游泳  -                                                      hpgms      swim
    run         跑步  -                                                      hpgmt       out
    walk        散步  -                                                      hpgmt       out
    dance       跳舞  -                                                      hpgms      out
    sing        唱歌  -                                                      hpgms      out
    drive       开车  -                                                      hgms
    travel      旅行  -                                                      egmf       far
    go home     回家  -                                                      hpmlf
    come        来    -                                                      pmlf
    cry         哭    -                                                      pgt         home
""")  # fmt: skip


class Modal(NamedTuple):
    english: str
    chinese: str
    uses: str  # a an auxiliary, n negated, t with a time to come, q with a counted object


MODALS = table(Modal, """
    will      会    antq
    can       能    antq
    must      必须  atq
    should    应该  antq
    want to   想    ntq
    need to   需要  ntq
    like to   喜欢  n
""")  # fmt: skip
