"""Gives a sentence its capital where the model wrote it in lower case: "the window. the menu"."""

from __future__ import annotations

import re

from tray_dictate.core.text.capitals import casing

# a sentence may go on after these, in any of the languages
_ABBREVIATIONS = frozenset(
    "adj adv al alt ap approx appt apr apt arch assoc aug av ave avg bd bldg blvd cal capt cf "
    "ch co col comp conf corp cpl dec def dept dist dr ed eds engl esp esq est etc excl ext feb "
    "fem fig figs fr fri ft gal gen gov hon hr hrs hwy inc incl jan jr jul jun lat lb lbs lib "
    "lt ltd mag maj mar masc max mfg mgr min misc mon mr mrs ms mt mts nat neg no nos nov obj "
    "obs oct op opp org orig oz par pd pf pg pkg pl pop pos pp pres prev prob prof pt qty qts "
    "rd ref reg rep rept resp ret rev sat sec sen sep sept seq ser sgt sing soc sp sq sr st "
    "subj sun sup supp syn tech tel temp thu thur thurs tr trans tue tues univ var vol vols vs "
    "wed wk wt yr yrs abb abs allg bspw bzw ca evtl exkl ggf gem gez hl inkl insb jh jhd kath "
    "mio mrd nr röm sog str tsd usw vgl zzgl zt aprox art cap dña dra etcétera fdo gral incl "
    "lda mme mlle núm pág págs prov ptas sra srta tfno ud uds vd vds env hab janv févr juil ecc "
    "pag prof sig dott "
    "геогр гос др им млн млрд пр руб см тел тыс ул".split()  # noqa: RUF001
)  # fmt: skip
_STOPPED = re.compile(r"(?<!\S)[\"'(\[“‘«]*([^\W\d_][\w'’-]*[^\W\d_])\. +")  # noqa: RUF001


def capitalize_sentences(text: str) -> str:
    """Return the text with a capital after each full stop that ends a sentence for certain.

    The word before it has two letters at least, so that it is no initial and no number, contains no
    full stop and is no abbreviation.
    """
    done = ""
    for stopped in _STOPPED.finditer(text):
        if stopped[1].lower() not in _ABBREVIATIONS and text[stopped.end() :][:1].islower():
            done += text[len(done) : stopped.end()]
            done += casing(done, text[stopped.end() :])[:1]
    return done + text[len(done) :]
