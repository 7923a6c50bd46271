/// The languages that a recipe can ask for: those that the detector of curation (Compact Language Detector 2, in its usual size) tells with
/// certainty in its own test texts. ISO 639, two letters where there are two, with a script where two are told apart.
enum LanguageCodes {
  static let known = """
    af ar az be bg bh bn bs ca ceb chr cs cy da de dv el en es et eu fa fi fr ga gd gl gu he hi hmn hr ht hu hy id is it iu ja jv ka kk km kn ko ku ky lg \
    lif lo lt lv mg mk ml mn mr ms mt my ne nl no ny or pa pl pt ro ru rw si sk sl sq sr st su sv sw syr ta te tg th tl tr uk ur uz vi yi zh zh-Hant
    """.split(separator: " ").map(String.init)
}
