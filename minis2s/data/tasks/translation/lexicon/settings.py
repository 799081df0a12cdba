"""Where, when and how often."""

from typing import NamedTuple

from minis2s.data.tasks.translation.lexicon.table import table


class Place(NamedTuple):
    preposition: str
    english: str
    chinese: str
    groups: str  # what is done there (the last column of the verbs), and what the place is: city, country, public, sight


class Time(NamedTuple):
    english: str
    chinese: str
    uses: str  # the verb's letters h p e g, f to come; w a week, l a year, r repeated


PLACES = table(Place, """
    in  Beijing          北京    city,work,study,teach,shop,far
    in  Shanghai         上海    city,work,study,teach,shop,far
    in  Paris            巴黎    city,work,study,teach,shop,far
    in  London           伦敦    city,work,study,teach,shop,far
    in  New York         纽约    city,work,study,teach,shop,far
    in  China            中国    country,work,study,teach,far
    in  France           法国    country,work,study,teach,far
    in  Japan            日本    country,work,study,teach,far
    in  America          美国    country,work,study,teach,far
    at  home             家      home,dine,cook,quiet,study,work,screen,fix
    at  school           学校    public,dine,quiet,study,teach,work,court,fix
    at  the university   大学    public,sight,dine,quiet,study,teach,work,court
    in  the library      图书馆  public,quiet,study,work
    in  the classroom    教室    quiet,study,teach
    in  the office       办公室  home,quiet,study,work,wait
    in  the park         公园    public,out,court,quiet,wait
    in  the garden       花园    out,quiet,fix
    at  the beach        海边    public,out,swim
    in  the restaurant   餐厅    public,dine,cook,work,wait
    in  the hotel        酒店    public,home,dine,screen,work,wait,swim
    in  the kitchen      厨房    cook,dine
    in  the hospital     医院    public,work,wait
    in  the supermarket  超市    public,shop,work
    at  the airport      机场    public,work,wait
    at  the station      车站    public,work,wait
    at  the cinema       电影院  public,wait
    in  the museum       博物馆  public,sight,work
    in  the zoo          动物园  public,sight,out
    at  the Great Wall   长城    public,sight
""")  # fmt: skip

TIMES = table(Time, """
    yesterday         昨天      p
    last night        昨晚      p
    this morning      今天早上  p
    last week         上周      pw
    last year         去年      pl
    today             今天      pf
    tonight           今晚      f
    tomorrow          明天      f
    this weekend      这个周末  f
    next week         下周      fw
    next year         明年      fl
    every day         每天      hr
    every morning     每天早上  hr
    every week        每周      hrw
    in the morning    早上      h
    in the afternoon  下午      h
    in the evening    晚上      h
    on weekends       周末      h
    on Mondays        星期一    h
    on Sundays        星期天    h
    before            以前      e
    now               现在      g
""")  # fmt: skip

ADVERBS = {
    "also": "也", "all": "都", "both": "都", "only": "只", "often": "经常", "always": "总是", "usually": "通常",
    "sometimes": "有时候", "never": "从不",
}  # fmt: skip
