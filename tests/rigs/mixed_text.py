"""Mixed text of every script, and what a window holds of it in the end."""

from __future__ import annotations

import random
import time

from tests.rigs.x11_windows import KINDS, TextWindow

TARGETS = KINDS
LAYOUTS = ("us", "de", "fr", "ru", "jp")
# ruff: noqa: RUF001 - the texts
WORDS = (
    "The quick (brown) [fox] {jumps} @5% #1 $2 ^& *~ `x` \\|/ <ok> \"q\" 'it's' a=b+c; "
    "Élève Noël Grüße Straße ÜBERMUT ¿Qué? Łódź žluťoučký İstanbul naïve "
    "Привет мир! Съешь ещё этих ЁЖИКОВ "
    "今天天气很好 我们去公园散步吧 日本語の文章 한국어 "
    "שלום עולם مرحبا بالعالم "  # right to left
    "नमस्ते สวัสดี e\u0301a\u0308o\u0302 "  # combining marks
    "😀 🚀 𝒳𝔘 𐍈 👍🏽 👩\u200d👩\u200d👧 🏳️\u200d🌈 ❤️ 🇩🇪 — … “x” €"
).split()


def mixed_text(length: int, seed: int = 0) -> str:
    """Return random words, so many characters in all."""
    chance = random.Random(seed)
    text = ""
    while len(text) < length:
        text += chance.choice(WORDS) + chance.choice("     \n")
    return text[:length].rstrip() + "." * (length - len(text[:length].rstrip()))


def settled(window: TextWindow, wanted: str, quiet: float = 2.0) -> str:
    """Return what the window holds once it holds it all, or nothing more comes."""
    last, since = window.text(), time.perf_counter()
    while last != wanted and time.perf_counter() - since < quiet:
        if (text := window.text()) != last:
            last, since = text, time.perf_counter()
        time.sleep(0.01)
    return last
