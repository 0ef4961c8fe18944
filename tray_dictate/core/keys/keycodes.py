"""Maps canonical key names to Linux's key codes (linux/input-event-codes.h).

The kernel's input events use these codes, and so do the key requests of Wayland and of the portals;
the keycode of X11 and xkb is 8 more. A code is a position: letters are as on a US keyboard.
"""

from __future__ import annotations

from collections.abc import Iterator

from tray_dictate.core.keys.keysyms import KERNEL
from tray_dictate.core.keys.names import place_of

XKB = 8  # X and xkb add this to a code

_ROWS = {
    2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./",
}  # fmt: skip
_NAMED = {
    "escape": 1, "backspace": 14, "tab": 15, "enter": 28, "ctrl_l": 29, "shift_l": 42,
    "shift_r": 54, "alt_l": 56, "space": 57, "caps_lock": 58, "num_lock": 69, "scroll_lock": 70,
    "f11": 87, "f12": 88, "ctrl_r": 97, "print_screen": 99, "alt_r": 100, "home": 102, "up": 103,
    "page_up": 104, "left": 105, "right": 106, "end": 107, "down": 108, "page_down": 109,
    "insert": 110, "delete": 111, "pause": 119, "super_l": 125, "super_r": 126, "menu": 127,
}  # fmt: skip
# the numeric keypad, and keys for media and programs, with the usual keyboard map
_KEYPAD = {
    "kp_7": 71, "kp_8": 72, "kp_9": 73, "kp_subtract": 74, "kp_4": 75, "kp_5": 76, "kp_6": 77,
    "kp_add": 78, "kp_1": 79, "kp_2": 80, "kp_3": 81, "kp_0": 82, "kp_decimal": 83,
    "kp_multiply": 55, "kp_enter": 96, "kp_divide": 98, "kp_equal": 117, "kp_separator": 121,
    "linefeed": 101, "katakana": 90, "hiragana": 91, "henkan": 92, "hiragana_katakana": 93,
    "muhenkan": 94, "hangul": 122, "hangul_hanja": 123, "cancel": 128, "redo": 129, "undo": 131,
    "find": 136, "help": 138,
}  # fmt: skip
_MEDIA = """
AudioMute 113 PowerOff 116 LaunchA 120 Copy 133 Open 134 Paste 135 Cut 137 MenuKB 139
Calculator 140 Sleep 142 WakeUp 143 Explorer 144 Send 145 Xfer 147 Launch1 148 Launch2 149 WWW
150 DOS 151 ScreenSaver 152 RotateWindows 153 TaskPane 154 Mail 155 Favorites 156 MyComputer
157 Back 158 Forward 159 Eject 161 AudioNext 163 AudioPlay 164 AudioPrev 165 AudioStop 166
AudioRecord 167 AudioRewind 168 Phone 169 Tools 171 HomePage 172 Reload 173 Close 174 ScrollUp
177 ScrollDown 178 New 181 Launch5 184 Launch6 185 Launch7 186 Launch8 187 Launch9 188
AudioMicMute 190 TouchpadToggle 191 TouchpadOn 192 TouchpadOff 193 AudioPause 201 Launch3 202
Launch4 203 LaunchB 204 Suspend 205 AudioForward 208 WebCam 212 AudioPreset 213 Messenger 216
Search 217 Go 218 Finance 219 Game 220 Shop 221 MonBrightnessDown 224 MonBrightnessUp 225
AudioMedia 226 Display 227 KbdLightOnOff 228 KbdBrightnessDown 229 KbdBrightnessUp 230 Reply
232 MailForward 233 Save 234 Documents 235 Battery 236 Bluetooth 237 WLAN 238 UWB 239
MonBrightnessCycle 243 WWAN 246 RFKill 247 CycleAngle 371 FullScreen 372 Keyboard 374 Video
393 Calendar 397 AudioRandomPlay 410 ZoomIn 418 ZoomOut 419 Word 421 Excel 423 News 427 LogOff
433 FrameBack 436 FrameForward 437 RotationLockToggle 561
"""


def _pairs(table: str) -> Iterator[tuple[str, str]]:
    words = table.split()
    return zip(words[::2], words[1::2], strict=True)


BUTTONS = {2: 0x112, 8: 0x113, 9: 0x114, 10: 0x115, 11: 0x116, 12: 0x117}  # of mice, as X counts

CODES: dict[str, int] = {
    **{key: first + at for first, row in _ROWS.items() for at, key in enumerate(row)},
    **{f"f{number}": 58 + number for number in range(1, 11)},
    **{f"f{number}": 170 + number for number in range(13, 25)},
    **_NAMED,
    **_KEYPAD,
    **{f"xf86{name.lower()}": int(code) for name, code in _pairs(_MEDIA)},
    **KERNEL,
    "xf86audiomicmute": 248,
    **{f"mouse{button}": code for button, code in BUTTONS.items()},
    "alt_gr": 100,
}
NAMES: dict[int, str] = {}  # the first of each
for _name, _code in CODES.items():
    if _name != "alt_gr":
        NAMES.setdefault(_code, _name)


def code_of(key: str) -> int | None:
    """Return the kernel's code of a key; None if it has none."""
    place = place_of(key)
    return CODES.get(key) if place is None else place - XKB
