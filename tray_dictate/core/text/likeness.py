"""Says how like a term what an engine wrote is: by its letters, its sound and its consonants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from tray_dictate.core.text.normalize import compose
from tray_dictate.core.text.replacements import is_word

LIKE = 80.0  # percent: from here on a word may be a misspelt term
_SOUNDS_LIKE = 85.0  # percent: where the letters are less alike, the sounds must be more so
_BONES_SOUND_LIKE = 72.0  # percent: unless the consonants are the same
_OTHER_FIRST_SOUND = 10.0  # percent less: engines seldom mistake it
_LENGTHENED = 3  # letters by which a misspelling may be longer or shorter
_BONES, _TOGETHER = 3, 10  # consonants, and with the letters, by which a word is known

_ACCENTS = re.compile("[\u0300-\u036f]")
_VOWELS = re.compile("[aeiou]")
_SOUNDS = [
    (re.compile(letters), sound)
    for letters, sound in (
        ("^x", "s"), ("ph", "f"), ("sch|tch|[cs]z|[cs]h(?=[eiy])|sh", "S"), ("ck|q", "k"),
        ("x", "ks"), ("c(?=[eiy])", "s"), ("ch?", "k"), ("dg|g(?=[ei])", "j"), ("gh", ""),
        ("z", "s"), ("w", "v"), ("(?<=.)h", ""), ("e+[aiy]|ie|ee|y", "i"), ("oo|o[uw]", "u"),
        (r"(.)\1+", r"\1"), ("(?<=..)e$", ""),
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What is compared of a term, or of words that may be one."""

    letters: str  # small, without accents
    sound: str  # roughly, in English
    bones: str  # the consonants of the sound

    @classmethod
    def of(cls, letters: str) -> Form:
        """Return the form of some letters, see `bare`."""
        sound = letters
        for pattern, heard in _SOUNDS:
            sound = pattern.sub(heard, sound)
        return cls(letters, sound, _VOWELS.sub("", sound))

    def likeness(self, other: Form) -> float:
        """Return how alike two forms are, in percent."""
        if abs(len(self.letters) - len(other.letters)) > _LENGTHENED:
            return 0.0
        found = fuzz.ratio(self.letters, other.letters)
        sound = fuzz.ratio(self.sound, other.sound)
        if sound >= _SOUNDS_LIKE:
            found = max(found, sound)
        elif sound >= _BONES_SOUND_LIKE and self._has_bones_of(other):
            found = max(found, LIKE)
        return found if _begin_alike(self.sound, other.sound) else found - _OTHER_FIRST_SOUND

    def _has_bones_of(self, other: Form) -> bool:
        bones, letters = len(other.bones), min(len(self.letters), len(other.letters))
        enough = bones >= _BONES and bones + letters >= _TOGETHER
        return enough and self.bones == other.bones

    def continues(self, other: Form) -> bool:
        """Whether this is the other with an ending that can be heard."""
        return self.letters.startswith(other.letters) and self.sound != other.sound


class Forms:
    """Many forms, among which those that are like another are found quickly."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._letters = [form.letters for form in forms]
        self._sounds = [form.sound for form in forms]
        self._bones = [form.bones for form in forms]

    def like(self, form: Form) -> Iterator[tuple[Form, float]]:
        """Yield the forms that are like `form`, and their likeness."""
        near = {at for at, bones in enumerate(self._bones) if bones == form.bones}
        for own, others in ((form.letters, self._letters), (form.sound, self._sounds)):
            found = process.extract(own, others, scorer=fuzz.ratio, score_cutoff=LIKE, limit=None)
            near |= {at for _, _, at in found}
        for at in sorted(near):
            if (likeness := form.likeness(self._forms[at])) >= LIKE:
                yield self._forms[at], likeness


def bare(text: str) -> str:
    """Return the letters and digits of a text in small letters, without accents."""
    return plain(_ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def plain(text: str) -> str:
    """Return the letters and digits of a text in small letters."""
    return "".join(filter(is_word, compose(text).casefold()))


def _begin_alike(sound: str, other: str) -> bool:
    vowels = _VOWELS.match(sound) and _VOWELS.match(other)
    return sound[:1] == other[:1] or vowels is not None
