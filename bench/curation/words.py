"""Prose without meaning in many languages and scripts, from a seed: function words that are the language's, all others of its letters.

A language's vocabulary is the same for every seed, so that corpora of different seeds are of one kind. `words_of` and `shingles` say what a
word is: docs/curation.md, "Words", as far as this text needs it.
"""
import itertools, random, re, unicodedata

# A run of letters, digits and marks; a character of Chinese or Japanese is a word by itself.
WORD = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff]|[\\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u097f]+")


def words_of(text):
    return WORD.findall(unicodedata.normalize("NFC", text).lower())


def shingles(text, size=5):
    words = words_of(text)
    return {tuple(words[at:at + size]) for at in range(max(1, len(words) - size + 1))} if words else set()


def jaccard(one, other):
    together = len(one | other)
    return len(one & other) / together if together else 1.0


# script, share of the corpus, function words, beginnings, middles and ends of made-up words
LANGUAGES = {
    "en": ("Latin", 48, "the of and to a in that is for it with as was on be by at this have from or had not are but they which you all were her there "
           "would their we has when who will more if no out so what up said about than them can only other new some could these two may then do first any my "
           "now such like our over me even most made after also did many before must through back where much how well down should because each just those",
           "b br c ch d dr f fl g gr h j k l m n p pl pr r s sh sl st t th tr v w".split(), "a e i o u ai ea oo ou".split(),
           "b ck d g ll m n nd ng nt p r rd rk rn ss st t th x ling ment ness tion er est".split()),
    "de": ("Latin", 5, "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei "
           "einer um am sind noch wie einem über so zum war haben nur oder aber vor zur bis mehr durch man sein wurde kein wenn doch schon können müssen",
           "b bl d f fr g gl h k kl l m n p pf r s sch sp st str t w z".split(), "a e i o u ä ö ü au ei ie eu".split(),
           "ch cht ck d ff g l ld lt m n nd ng r rt s ss ß t tz ung heit keit lich isch chen".split()),
    "fr": ("Latin", 4, "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son lui nous comme mais on tout "
           "aux elle fait été cette bien où même y peut deux très sans autre après être leur si ces depuis encore alors toujours vous ils entre",
           "b br c ch d f fl g gr j l m n p pl pr qu r s t tr v".split(), "a e é è i o u ou ai oi eau".split(),
           "l lle r s sse t tte n nne ve ge che que eur tion ment age ité ère".split()),
    "es": ("Latin", 4, "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este ya entre cuando "
           "todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo han yo hay vez puede todos así nos ni parte tiene él",
           "b c ch d f g gr h j l ll m n ñ p pr r s t tr v z".split(), "a e i o u á í ó ie ue".split(),
           "da do l n r s ra ro sa so ta to ción dad mente ero ista".split()),
    "ru": ("Cyrillic", 6, "и в не на я быть он с что а по это она к но они мы весь который из у то за свой от так о для ты же все тот вы такой его только или "
           "ещё бы себя один как уже до время если сам когда другой вот наш мой где есть ни под без раз теперь чтобы чем при можно там тоже",
           "б в г д ж з к л м н п р с т ф х ц ч ш ст пр кр гл тр".split(), "а е и о у ы я ю ё".split(),
           "й л м н р с т ть ка ок ый ая ое ость ение ник ский ов".split()),
    "uk": ("Cyrillic", 2, "і в не на я бути він з що а по це вона до але вони ми який із у то за свій від так про для ти ж усе той ви такий його тільки або ще "
           "би себе один як уже час якщо сам коли інший ось наш мій де є ні під без тепер щоб ніж при можна там також її",
           "б в г ґ д ж з к л м н п р с т ф х ц ч ш ст пр кр".split(), "а е и і ї о у я ю є".split(),
           "й л м н р с т ти ка ок ий а е ість ення ник ський ів".split()),
    "el": ("Greek", 4, "και το να του η της με που την από για τα είναι των σε ο οι στο θα τη στην τον τους δεν τις ένα μια ότι ή στη αλλά αυτό όπως ως έχει κατά "
           "μας μου τι αν έτσι όταν πολύ μετά πριν μόνο πιο όμως εδώ εκεί κάθε ήταν τώρα πάντα",
           "β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ χ ψ στ πρ κρ τρ".split(), "α ε η ι ο υ ω ά έ ή ί ό ύ ώ ου αι".split(),
           "ς ν ρα λος μα νη σης τας κή ικός μένη σμός".split()),
    "ar": ("Arabic", 5, "في من على إلى أن هذا التي الذي عن مع كان هذه ما لا هو كل بعد بين ذلك هي قد لم أو ثم حيث كما حتى عند لكن قال يوم بعض غير إذا كانت فيه منه "
           "عليه لها له به أنه أي أما إن نحو مثل تم هناك", "ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ع غ ف ق ك ل م ن ه ي ال م ت".split(),
           "ا و ي ت ر ل م ن ب س".split(), "ة ات ين ون ية ر ل م د ب ق ف ع".split()),
    "hi": ("Devanagari", 4, "के का में की है और से को यह पर इस एक ने भी नहीं कि तो ही था हैं कर वह अपने हो जो लिए साथ बाद थे तक गया दिया या इसके कुछ जा जब थी करने किया "
           "रहा हुए अब कोई सब बहुत फिर उस कहा होता वे मैं हम आप", "क ख ग घ च छ ज झ ट ठ ड त थ द ध न प फ ब भ म य र ल व श ष स ह".split(),
           "ा ि ी ु ू े ै ो ौ ं ्र".split(), "क का की ना नी ता ती र ल म न स त पन वाला".split()),
    "zh": ("Han", 6, "的 一 是 不 了 在 人 有 我 他 这 个 们 中 来 上 大 为 和 国 地 到 以 说 时 要 就 出 会 可 也 你 对 生 能 而 子 那 得 于 着 下 自 之 年 过 发 后 作 里 用",
           None, None, None),
    "ja": ("Kana", 4, "の に は を た が で て と し れ さ ある いる も する から な こと として い や など なっ ない この ため その あっ よう また もの という あり まで なる へ だ これ",
           None, None, None),
    "code": ("code", 8, "if for while return let var func class import from in is not and or def try else struct enum case switch self true false none print len range open read",
             "get set add pop make find read load save push init scan sort walk emit hash".split(), "A E I O U La Ma Ra To".split(),
             "Name List Key Value Index Count Path File Node Item Buffer Size Token Line State".split()),
}
FACES = "😀 😅 🎉 👍🏽 👩‍💻 🇪🇺 ❤️ 🚀 🤷🏿‍♂️ 🐈 ☕ ✅ 🔥 😂 🙏 👨‍👩‍👧".split()


def vocabulary(language, size):
    """As many different words, of which the first are the language's function words."""
    _, _, given, begin, middle, end = LANGUAGES[language]
    rng, words = random.Random(f"words/{language}"), dict.fromkeys(given.split())
    if language in ("zh", "ja"):
        signs = rng.sample(range(0x4E00, 0x9FA0), 1500)
        while len(words) < size:
            word = "".join(chr(rng.choice(signs)) for _ in range(rng.choice((1, 2, 2))))
            if language == "ja" and rng.random() < 0.4:
                word = "".join(chr(rng.randrange(0x30A2, 0x30EE)) for _ in range(rng.randint(2, 4)))
            words[word] = None
    while len(words) < size:
        words["".join([rng.choice(begin)] + [rng.choice(middle) + (rng.choice(begin) + rng.choice(middle)) * rng.randrange(3)] + [rng.choice(end)])] = None
    return list(words)


class Tongue:
    """One language, speaking at random. Words are drawn in blocks, since drawing one is mostly the cost of the call."""

    def __init__(self, language, rng, size=6000):
        self.language, self.rng = language, rng
        self.script = LANGUAGES[language][0]
        words = vocabulary(language, size)
        given = len(dict.fromkeys(LANGUAGES[language][2].split()))
        self.given, self.made = words[:given], words[given:]
        self.weights = [list(itertools.accumulate(1 / (rank + 3) for rank in range(len(some)))) for some in (self.given, self.made)]
        self.blocks = [[], []]
        self.between, self.stop, self.ask = {"zh": ("", "。", "？"), "ja": ("", "。", "？"), "hi": (" ", "।", "?"), "ar": (" ", ".", "؟")}.get(language, (" ", ".", "?"))

    def draw(self, count, made):
        block = self.blocks[made]
        if len(block) < count:
            block.extend(self.rng.choices(self.made if made else self.given, cum_weights=self.weights[made], k=8192))
        taken = block[-count:]
        del block[-count:]
        return taken

    def word(self):
        return self.draw(1, 1)[0]

    def sentence(self, stop=None):
        if self.language == "code":
            return self.line()
        each = self.rng.randint(3, 9)
        words = [word for pair in zip(self.draw(each, 0), self.draw(each, 1)) for word in pair]
        if self.rng.random() < 0.3:
            words[each] += "," if self.between else "，" if self.language == "zh" else "、"
        words[0] = words[0][:1].upper() + words[0][1:]
        return self.between.join(words) + (stop or self.stop)

    def line(self):
        a, b, c, d = self.draw(4, 1)
        return self.rng.choice((
            f"let {a} = {b}({c}, {self.rng.randrange(1000)})  // {d}", f"if {a} != {b} {{ return {c}.{d}[{self.rng.randrange(100)}] }}", f"for {a} in {b}.{c}: {d}({a})",
            f"    {a} += {b}.{c}({d})", f"def {a}({b}, {c}={self.rng.randrange(10_000)}): return {d}", f"self.{a}.{b} = {c} & {d}", f"assert {a}[{b}] == {c} or {d}"))

    def prose(self, words):
        """Of about as many words, in paragraphs of a few sentences."""
        parts, count, rng = [], 0, self.rng
        while count < words:
            sentence = self.sentence()
            count += sentence.count(" ") + 1 if self.between else len(sentence) * 0.6
            parts.append(sentence)
            parts.append("\n" if self.language == "code" else "\n\n" if rng.random() < 0.2 else self.between)
        return "".join(parts[:-1])

    def question(self, sentences):
        if self.language == "code":
            return "\n".join(self.line() for _ in range(sentences)) + "\nwhat is wrong here?"
        return self.between.join([self.sentence() for _ in range(sentences - 1)] + [self.sentence(self.ask)])
