"""Unusual names and terms: how many come out right with and without the list, and false ones.

    python -m tests.bench.words [--base FOLDER]

A calm voice says twenty sentences with 45 terms, and ordinary ones. The list has the terms and
some that nobody says. Each take goes through the engine and the text pipeline. FOLDER has Moonshine
base in English; then it is measured, too, and the two in relay.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from tests.bench.engine import dictate
from tests.speech import Samples, resampled, say
from tray_dictate.app.delivery import build_pipeline
from tray_dictate.config.schema import Config
from tray_dictate.core.text.pipeline import Insert
from tray_dictate.engine.models import Models
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.offline.moonshine import OfflineModels
from tray_dictate.engine.offline.relay import Relay
from tray_dictate.engine.segmenter import RATE

SENTENCES = {
    "Please ask Siobhan to send the Grafana dashboard to Ingvild.": "Siobhan Grafana Ingvild",
    "Ottokar deployed the Terraform module to Hetzner last night.": "Ottokar Terraform Hetzner",
    "Did Bjarne review the Ansible playbook for Dagmar?": "Bjarne Ansible Dagmar",
    "The Prometheus alert went to Ximena and Oluwaseun.": "Prometheus Ximena Oluwaseun",
    "We moved the Redpanda cluster from Ljubljana to Reykjavik.": "Redpanda Ljubljana Reykjavik",
    "Rosalind and Thaddeus meet Doctor Achterberg on Thursday.": "Thaddeus Achterberg",
    "Open the notebook and import Polars before Matplotlib.": "Polars Matplotlib",
    "Mrs Szymanski bought a ticket to Oaxaca.": "Szymanski Oaxaca",
    "Ask Yevgenia whether Elasticsearch is slow again.": "Yevgenia Elasticsearch",
    "The Traefik proxy in front of Nextcloud keeps failing.": "Traefik Nextcloud",
    "Leocadia paints in Bregenz every summer.": "Leocadia Bregenz",
    "Giancarlo wants the Podman documentation by Monday.": "Giancarlo Podman",
    "Evangeline called from Llandudno this morning.": "Evangeline Llandudno",
    "Tell Rasmus that Valgrind found another leak.": "Rasmus Valgrind",
    "Install Homebrew and then Neovim on the new computer.": "Homebrew Neovim",
    "Quentin wrote the invoice for Vandenberghe.": "Quentin Vandenberghe",
    "The Wireguard tunnel to Tromso is up.": "Wireguard Tromso",
    "Zbigniew asked for Parmigiano in the canteen.": "Zbigniew Parmigiano",
    "Heloise plays the theorbo in Montserrat.": "Heloise theorbo",
    "Our Kubectl wrapper was written by Fitzwilliam.": "Kubectl Fitzwilliam",
}
NEVER_SAID = (
    "Torvald Maribel Envoy Keyring Cloudformation Jansson Murmansk Memcached Huwel Guinevere "
    "Calliope Odenwald"
).split()
ORDINARY = (
    "Please put the heavy box on the table behind the door and close the window before you leave.",
    "We talked for an hour about the garden, the weather, and what the children want to eat.",
    "The red car in front of the school belongs to the teacher who lives at the end of our street.",
    "If the next train is late again, I will take a taxi to the meeting and send you a message.",
    "My brother found an old map in the cellar, and nobody knows which island it shows.",
    "The doctor said that a long walk in the evening is better than another cup of coffee.",
    "Could you write down the number of the room and tell the others where the stairs are?",
    "There was hardly any snow this winter, so the river is lower than in other years.",
    "A wire in the kitchen was broken, and the guard had to search for the main switch.",
    "The new printer is slow, but its pages look sharper than those of the last one.",
    "She opened the letter, read it twice, and put it back into the pocket of her coat.",
    "In the morning the market is full of people who buy bread, cheese, fish and flowers.",
    "Mark the place with a stone, and hand me the rope when the boat comes closer.",
    "They sent the wrong keys, which is why the store could not open until half past nine.",
    "Every report should begin with a short summary and end with a list of open questions.",
    "The farmer plants potatoes in spring, and his neighbour keeps bees, goats and a few horses.",
    "We need more paper, a pair of scissors, and some glue for the poster in the hall.",
    "After the concert the musicians packed their instruments and went home through the rain.",
    "It is easier to learn a song by heart if you sing it slowly a couple of times.",
    "The bridge is closed for repairs, so please follow the signs to the other side of town.",
)
TERMS = [term for terms in SENTENCES.values() for term in terms.split()]
LISTED = [*dict.fromkeys(TERMS), *NEVER_SAID]


def has(text: str, term: str) -> bool:
    """Whether the text has the term as such, upper and lower case alike."""
    return f" {term.lower()} " in f" {re.sub(r'[^a-z0-9 ]', '', text.lower())} "


async def written(
    make: Callable[[Sequence[str]], Models], words: Sequence[str], takes: Sequence[Samples]
) -> list[str]:
    """Return the text of each take with these words in the settings."""
    pipeline = build_pipeline(Config.model_validate({"text": {"words": words}}))
    engine = OfflineEngine(lambda: make(words))
    texts: list[str] = []
    for take in takes:
        heard, _ = await dictate(engine, take, live=False)
        said = pipeline.polish(heard).said
        texts.append(" ".join(part.text for part in said if isinstance(part, Insert)))
    await engine.close()
    return texts


async def bench(models: dict[str, Callable[[Sequence[str]], Models]]) -> None:
    plain = EnglishTextNormalizer()
    takes = [resampled(*say(text), RATE) for text in SENTENCES]
    ordinary = [resampled(*say(text), RATE) for text in ORDINARY]
    counted = sum(len(text.split()) for text in ORDINARY)
    print(f"{len(TERMS)} terms in {len(SENTENCES)} sentences, {counted} ordinary words, "
          f"{len(LISTED)} terms in the list")  # fmt: skip
    for name, make in models.items():
        for words in ([], LISTED):
            said = await written(make, words, takes)
            right = sum(
                has(text, term)
                for text, terms in zip(said, SENTENCES.values(), strict=True)
                for term in terms.split()
            )
            others = await written(make, words, ordinary)
            false = sum(has(text, term) for text in others for term in LISTED)
            rates = (
                jiwer.wer([plain(text) for text in meant], [plain(text) for text in found])
                for meant, found in ((SENTENCES, said), (ORDINARY, others))
            )
            print(f"  {name:<6} {'with' if words else 'without'} the list: {right:>2} right "
                  f"({right / len(TERMS):.0%}), {false} false; word error rate, with terms and "
                  "ordinary: {:.1%}, {:.1%}".format(*rates), flush=True)  # fmt: skip


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--base", type=Path, help="folder with Moonshine base in English")
    base = options.parse_args().base
    chosen: dict[str, Callable[[Sequence[str]], Models]] = {
        "tiny": lambda words: OfflineModels(words=words)
    }
    if base:
        chosen["base"] = lambda words: OfflineModels(base, words=words)
        chosen["relay"] = lambda words: Relay(base, "full", words=words)
    asyncio.run(bench(chosen))
