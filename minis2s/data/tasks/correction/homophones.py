"""Errors of Chinese written by sound: the right syllable, another of its characters."""

from minis2s.data.tasks.correction.keyboard import NUMBER

# Characters with the same syllable, whatever its tone. Left out: those that the grammar uses alike, as 他 and 她, 买 and 卖.
GROUPS = """
    在再 的得地 是事市师时视始室识 我握 吗妈马嘛 学雪 不部步布 这着 子字自紫 有友又右游油 天添甜 些写谢 很狠 和河喝合
    一衣医已以椅意艺 上尚商伤 位为未味 正整证 没每美妹 比笔必 想像向相香象 喜洗习西息 欢还环 也业夜爷 大打达答 过国果
    里李理礼立力利历 今进近金 家加夹 个各 要药钥 谁睡税 明名 周州 球求 机几鸡级吉极记 员院园原远 昨作做坐座 常长场 晚完玩碗
    吃迟 看砍 安按 饭反返 公工功 歌哥 程成城诚 生声升 语雨鱼与 物五舞午武 现线先县 同童痛 都豆斗 面棉免 行型形 王网往 芳房方
    需须许 会回汇 电店点典 叔书输熟 树数 手收守 姑古故 包饱保报 姐结解 去趣取 律绿旅 新心信辛 服福富 教叫交饺 足租组 弟第低
    法发 但蛋单 踢提题梯 修休秀 骑其期七 前钱千 画话花化 桌捉 旁胖 演眼言厌 三伞散 条跳 居局 司思四 觉绝决 老劳 护互户
    小校笑 帮邦 助住祝 科可课棵渴 农浓 序续 听厅停 跑炮 裙群 词次 泳永用 因音银 英影应 馆管观 样洋阳 中重种 高告搞 苹平凭
    动懂冬 忙盲 参餐 杯背北 难男南 张章 琴勤 汁知之只支 啡非飞 志治 纸指 啤皮 排牌 茶查 篮蓝兰懒 借接街 便变边编 办半 请情轻
    候后 从聪 猫毛 狗够 快块 台太 闻文问 强墙 壮状 凉良量 爸吧八把 京经静净 约月 票漂 器气汽 间见件健 干感敢 穿传 旧就九酒
    封风 深身 度读 念年 站占 钢刚 累类 饿恶 贵柜
""".split()
SAME_SOUND = {character: group.replace(character, "") for group in GROUPS for character in group}


def misspelt(text, draw):
    """The text with up to three of its characters written by another one of the same sound."""
    places = [at for at, character in enumerate(text) if character in SAME_SOUND]
    characters = list(text)
    for _ in range(min(draw.weighted(NUMBER), len(places))):
        at = places.pop(draw.pick(range(len(places))))
        characters[at] = draw.pick(SAME_SOUND[text[at]])
    return "".join(characters)
