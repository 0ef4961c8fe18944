"""Which application is treated how, and what is said of a rule that cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tray_dictate.config import load
from tray_dictate.config.schema import OutputRule
from tray_dictate.core.errors import ConfigError
from tray_dictate.output.rules import Rules, Treatment, refusal

SHELL = ("xterm", "XTerm")
BROWSER = ("Navigator", "firefox-esr")
REMOTE = ("remmina", "org.remmina.Remmina")
FAR = Treatment("type", remote=True, shift_key=True)
PROMPT = ("pinentry-gtk-2", "Pinentry-gtk-2")


def rule(application: str, **fields: object) -> OutputRule:
    return OutputRule(application=application, **fields)  # type: ignore[arg-type]


TABLE = [
    ("most windows are pasted into", "auto", [], BROWSER, Treatment()),
    ("a window without a class, too", "auto", [], (), Treatment()),
    ("a terminal pastes PRIMARY", "auto", [], SHELL, Treatment(primary=True)),
    ("a remote desktop is typed into", "auto", [], REMOTE, FAR),
    (
        "a spreadsheet is better typed into", "auto", [], ("libreoffice", "libreoffice-calc"),
        Treatment("type", cells=True, optional=True),
    ),
    ("who wants paste everywhere gets it", "paste", [], REMOTE, replace(FAR, method="paste")),
    ("a password prompt gets nothing", "auto", [], PROMPT, Treatment("off")),
    ("whatever the method for all is", "type", [], PROMPT, Treatment("off")),
    (
        "a rule of the user's comes first", "auto", [rule("(?i)remmina", method="paste")], REMOTE,
        replace(FAR, method="paste", ours=False),
    ),
    (
        "also before a password prompt's", "auto", [rule("Pinentry", method="type")], PROMPT,
        Treatment("type", ours=False),
    ),
    (
        "what it does not give is as it was", "auto", [rule("(?i)remmina", after=" ")], REMOTE,
        replace(FAR, after=" "),
    ),
    (
        "the first rule that gives a field wins", "auto",
        [rule("fire", chord="ctrl+v"), rule(".", chord="f5", after="\n")], BROWSER,
        Treatment(chord="ctrl+v", after="\n"),
    ),
    (
        "an empty `after` is given, too", "auto", [rule("fire", after=""), rule(".", after=" ")],
        BROWSER, Treatment(),
    ),
    ("both names are looked at", "auto", [rule("^Navigator$", after=" ")], BROWSER,
     Treatment(after=" ")),
    ("letters count as they are written", "auto", [rule("Firefox", method="off")], BROWSER,
     Treatment()),
    ("private can be off", "auto", [rule("firefox", private=False)], BROWSER,
     Treatment(private=False)),
    (
        "a terminal with another chord is a terminal still", "auto",
        [rule("XTerm", chord="ctrl+shift+v")], SHELL,
        Treatment(chord="ctrl+shift+v", primary=True),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "rules", "names", "wanted"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_treatment(method, rules, names, wanted: Treatment) -> None:
    assert Rules(method, rules).treatment(names) == wanted


def test_a_rule_may_be_private_where_the_rest_is_not() -> None:
    rules = Rules(rules=[rule("firefox", private=True)], private=False)
    assert rules.treatment(BROWSER).private
    assert not rules.treatment(SHELL).private


# WM_CLASS as the programs set it
KNOWN = {
    "off": [
        ("pinentry-qt", "pinentry-qt"), ("gcr-prompter", "Gcr-prompter"),
        ("ssh-askpass", "SshAskpass"), ("ksshaskpass", "ksshaskpass"),
        ("polkit-gnome-authentication-agent-1", "Polkit-gnome-authentication-agent-1"),
        ("polkit-kde-authentication-agent-1", "polkit-kde-authentication-agent-1"),
        ("lxqt-policykit-agent", "lxqt-policykit-agent"), ("kwalletd5", "kwalletd5"),
        ("x11-ssh-askpass", "X11-ssh-askpass"), ("mate-polkit", "Mate-polkit"),
    ],
    "type": [
        ("xfreerdp", "xfreerdp"), ("rdesktop", "rdesktop"), ("VirtualBox Machine", "VirtualBoxVM"),
        ("virt-viewer", "Virt-viewer"), ("remote-viewer", "Remote-viewer"), ("vmware", "Vmware"),
        ("vncviewer", "Vncviewer"), ("vncviewer", "TigerVNC Viewer"), ("anydesk", "Anydesk"),
        ("TeamViewer", "TeamViewer"), ("X2GoAgent", "X2GoAgent"), ("x2goclient", "X2GoClient"),
        ("qemu-system-x86_64", "Qemu-system-x86_64"), ("Xephyr", "Xephyr"),
        ("libreoffice", "libreoffice-calc"), ("soffice", "Soffice-calc"), ("gvim", "Gvim"),
        ("gnumeric", "Gnumeric"), ("excel.exe", "excel.exe"), ("nvim-qt", "nvim-qt"),
        ("neovide", "neovide"), ("et", "et"), ("gvncviewer", "Gvncviewer"), ("wlfreerdp", ""),
        ("rustdesk", "Rustdesk"), ("scrcpy", "scrcpy"), ("calligrasheets", "calligrasheets"),
    ],
    "auto": [
        ("gnome-terminal-server", "Gnome-terminal"), ("konsole", "konsole"), ("emacs", "Emacs"),
        ("chromium", "Chromium"), ("libreoffice", "libreoffice-writer"), ("code", "Code"),
        ("keepassxc", "KeePassXC"), ("google-chrome", "Google-chrome"), ("gedit", "Gedit"),
        ("gnome-calculator", "gnome-calculator"), ("zenity", "Zenity"), ("st-256color", "st"),
        ("notepad.exe", "notepad.exe"), ("libreoffice", "libreoffice-impress"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "method"), [(names, method) for method, all_ in KNOWN.items() for names in all_]
)
def test_applications_of_today(names: tuple[str, str], method: str) -> None:
    assert Rules().treatment(names).method == method


@pytest.mark.parametrize(
    "name",
    [
        "Gnome-terminal",
        "konsole",
        "kitty",
        "URxvt",
        "Alacritty",
        "st-256color",
        "Zutty",
        "foot",
        "PuTTY",
        "Sakura",
    ],
)
def test_terminals_of_today(name: str) -> None:
    assert Rules().treatment((name.lower(), name)).primary


@pytest.mark.parametrize(
    ("title", "method"),
    [
        ("Budget - Google Sheets - Mozilla Firefox", "type"),
        ("Ausgaben - Google Tabellen", "type"),
        ("Fogli Google", "type"),
        ("Book1.xlsx - Excel", "type"),
        ("Budget - Microsoft Excel Online", "type"),
        ("How to excel at chess - Mozilla Firefox", "auto"),
        ("Letter - Google Docs", "auto"),
        ("", "auto"),
    ],
)
def test_a_spreadsheet_in_a_browser_is_known_by_its_title(title: str, method: str) -> None:
    assert Rules().treatment(BROWSER, title).method == method
    assert Rules().treatment(("gedit", "Gedit"), title).method == "auto"


def test_what_sees_keys_gets_a_press_of_shift_for_a_capital() -> None:
    for name, pressed in (("notepad.exe", True), ("xfreerdp", True), ("gedit", False)):
        assert Rules().treatment((name, name)).shift_key is pressed
    assert not Rules().treatment(()).shift_key


def test_a_refusal_says_whose_it_is_and_what_would_change_it() -> None:
    ours = Rules().treatment(PROMPT)
    assert "it asks for a password" in refusal("Pinentry", ours)
    assert "output.rules" in refusal("Pinentry", ours)
    users = Rules(rules=[rule("fire", method="off")]).treatment(BROWSER)
    assert refusal("firefox", users) == (
        'Nothing is inserted into firefox: output.rules says "off".'
    )
    assert refusal("", users).startswith("Nothing is inserted into this window")


def test_rules_are_read_from_the_users_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[output]\nprivate = false\n[[output.rules]]\napplication = "(?i)firefox"\n'
        'chord = "ctrl+v"\n[[output.rules]]\napplication = "mpv"\nmethod = "off"\n'
    )
    output = load.load(path, env={}).output
    assert output.rules == [rule("(?i)firefox", chord="ctrl+v"), rule("mpv", method="off")]
    assert not output.private


WRONG = [
    ("a bad expression", 'application = "("', "output.rules[0].application: got '(', "),
    ("a chord of unknown keys", 'application = "x"\nchord = "ctrl+shfit+v"', "mean 'shift'?"),
    ("modifiers alone", 'application = "x"\nchord = "ctrl"', "[0].chord: got 'ctrl', mod"),
    ("an unknown method", 'application = "x"\nmethod = "no"', "output.rules[0].method: got 'no', "),
    ("no application", 'after = " "', "output.rules[0].application: it is missing"),
    ("a field misspelt", 'application = "x"\nchrod = "f5"', "did you mean output.rules[0].chord?"),
    ("too long a tail", f'application = "x"\nafter = "{"x" * 21}"', "output.rules[0].after: got"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "said"), [r[1:] for r in WRONG], ids=[r[0] for r in WRONG])
def test_a_wrong_rule_is_named(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[[output.rules]]\n{table}\n")
    with pytest.raises(ConfigError) as raised:
        load.load(path, env={})
    assert said in str(raised.value)


def test_every_wrong_rule_is_named_at_once() -> None:
    rules = 'output.rules=[{application="("}, {application="x", chord="alt"}, "x"]'
    with pytest.raises(ConfigError) as raised:
        load.load(None, [rules], {})
    assert [line.split(":")[0] for line in raised.value.problems] == [
        "output.rules[0].application", "output.rules[1].chord", "output.rules[2]",
    ]  # fmt: skip
