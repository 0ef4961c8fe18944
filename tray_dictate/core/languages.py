"""Checks and names language codes (ISO 639-1), and suggests one for what people write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.core.suggestions import closest

# code and English name
_KNOWN = """
aa Afar|ab Abkhazian|ae Avestan|af Afrikaans|ak Akan|am Amharic|an Aragonese|ar Arabic|as Assamese|
av Avaric|ay Aymara|az Azerbaijani|ba Bashkir|be Belarusian|bg Bulgarian|bi Bislama|bm Bambara|
bn Bengali|bo Tibetan|br Breton|bs Bosnian|ca Catalan|ce Chechen|ch Chamorro|co Corsican|cr Cree|
cs Czech|cu Church Slavonic|cv Chuvash|cy Welsh|da Danish|de German|dv Divehi|dz Dzongkha|ee Ewe|
el Greek|en English|eo Esperanto|es Spanish|et Estonian|eu Basque|fa Persian|ff Fulah|fi Finnish|
fj Fijian|fo Faroese|fr French|fy Frisian|ga Irish|gd Gaelic|gl Galician|gn Guarani|gu Gujarati|
gv Manx|ha Hausa|he Hebrew|hi Hindi|ho Hiri Motu|hr Croatian|ht Haitian|hu Hungarian|hy Armenian|
hz Herero|ia Interlingua|id Indonesian|ie Interlingue|ig Igbo|ii Sichuan Yi|ik Inupiaq|io Ido|
is Icelandic|it Italian|iu Inuktitut|ja Japanese|jv Javanese|jw Javanese|ka Georgian|kg Kongo|
ki Kikuyu|kj Kuanyama|kk Kazakh|kl Greenlandic|km Khmer|kn Kannada|ko Korean|kr Kanuri|ks Kashmiri|
ku Kurdish|kv Komi|kw Cornish|ky Kirghiz|la Latin|lb Luxembourgish|lg Ganda|li Limburgish|
ln Lingala|lo Lao|lt Lithuanian|lu Luba-Katanga|lv Latvian|mg Malagasy|mh Marshallese|mi Maori|
mk Macedonian|ml Malayalam|mn Mongolian|mr Marathi|ms Malay|mt Maltese|my Burmese|na Nauru|
nb Bokmal|nd North Ndebele|ne Nepali|ng Ndonga|nl Dutch|nn Nynorsk|no Norwegian|nr South Ndebele|
nv Navajo|ny Chichewa|oc Occitan|oj Ojibwa|om Oromo|or Oriya|os Ossetian|pa Punjabi|pi Pali|
pl Polish|ps Pashto|pt Portuguese|qu Quechua|rm Romansh|rn Rundi|ro Romanian|ru Russian|
rw Kinyarwanda|sa Sanskrit|sc Sardinian|sd Sindhi|se Northern Sami|sg Sango|si Sinhala|sk Slovak|
sl Slovenian|sm Samoan|sn Shona|so Somali|sq Albanian|sr Serbian|ss Swati|st Sotho|su Sundanese|
sv Swedish|sw Swahili|ta Tamil|te Telugu|tg Tajik|th Thai|ti Tigrinya|tk Turkmen|tl Tagalog|
tn Tswana|to Tonga|tr Turkish|ts Tsonga|tt Tatar|tw Twi|ty Tahitian|ug Uighur|uk Ukrainian|ur Urdu|
uz Uzbek|ve Venda|vi Vietnamese|vo Volapuk|wa Walloon|wo Wolof|xh Xhosa|yi Yiddish|yo Yoruba|
za Zhuang|zh Chinese|zu Zulu
"""
_OTHERS = {  # native names, three-letter codes, and codes of countries
    "deutsch": "de", "ger": "de", "deu": "de", "at": "de", "eng": "en", "us": "en", "gb": "en",
    "español": "es", "espanol": "es", "castellano": "es", "spa": "es", "français": "fr",
    "francais": "fr", "fra": "fr", "fre": "fr", "italiano": "it", "ita": "it", "português": "pt",
    "portugues": "pt", "por": "pt", "nederlands": "nl", "nld": "nl", "dut": "nl", "flemish": "nl",
    "polski": "pl", "pol": "pl", "svenska": "sv", "swe": "sv", "dansk": "da", "dan": "da",
    "dk": "da", "norsk": "no", "nor": "no", "suomi": "fi", "fin": "fi", "čeština": "cs", "cz": "cs",
    "ces": "cs", "cze": "cs", "magyar": "hu", "hun": "hu", "türkçe": "tr", "tur": "tr",
    "русский": "ru", "rus": "ru", "українська": "uk", "ukr": "uk", "ua": "uk", "ελληνικά": "el",
    "gr": "el", "ell": "el", "gre": "el", "中文": "zh", "mandarin": "zh", "zho": "zh", "chi": "zh",
    "日本語": "ja", "jpn": "ja", "jp": "ja", "한국어": "ko", "kor": "ko", "hangul": "ko",
    "العربية": "ar", "ara": "ar", "हिन्दी": "hi", "hin": "hi", "עברית": "he", "heb": "he",
    "farsi": "fa", "română": "ro", "ron": "ro", "srpski": "sr", "hrvatski": "hr",
    "slovenčina": "sk", "tiếng việt": "vi", "vie": "vi", "bahasa indonesia": "id", "ind": "id",
}  # fmt: skip
_SAME = {"nb": "no", "nn": "no", "jw": "jv", "iw": "he", "fil": "tl"}  # models differ in these
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NAMES = {
    name.lower(): code
    for code, _, name in (row.strip().partition(" ") for row in _KNOWN.split("|"))
}
_TITLES = {
    code: name for code, _, name in (row.strip().partition(" ") for row in _KNOWN.split("|"))
}


def language_problem(code: str) -> str:
    """Return what is wrong with a language code; empty for a correct one: "de", "pt-BR"."""
    language = code.partition("-")[0]
    longer = len(language) == 3 and language not in _OTHERS  # ISO 639-3: "yue"
    if (language in _TITLES or longer) and _TAG.fullmatch(code):
        return ""
    said = f"{code!r} is not a language code"
    meant = _meant(code.strip().lower())
    return f"{said}; did you mean {meant!r}?" if meant else f"{said}, such as 'en'"


def language_of(code: str) -> str:
    """Return the language of a code without its region, in one spelling: "de" for "de-AT"."""
    language = code.partition("-")[0]
    return _SAME.get(language, language)


def language_name(code: str) -> str:
    """Return the English name of a language; its code if it has no name here."""
    return _TITLES.get(language_of(code), code)


def language_names(codes: Sequence[str], joint: str = "and") -> str:
    """Return the names of languages in a sentence: "German, French and Dutch"."""
    names = [language_name(code) for code in codes]
    return f" {joint} ".join([", ".join(names[:-1]), *names[-1:]] if names[1:] else names)


def _meant(word: str) -> str:
    first = re.split(r"[-_ ,;/(]", word, maxsplit=1)[0]
    for name in (word, first):
        if name in _TITLES:
            return name
        if found := _NAMES.get(name) or _OTHERS.get(name):
            return found
    known = _NAMES | _OTHERS
    return known.get(closest(word, known, 0.75), "")
