"""Maps canonical key names to xkb's keysyms and their numbers (keysymdef.h, XF86keysym.h).

Letters of other scripts have keysyms, too; here the canonical name of such a key is the letter.
"""

from __future__ import annotations

_NAMED = {
    "ctrl_l": "Control_L", "ctrl_r": "Control_R", "alt_l": "Alt_L", "alt_r": "Alt_R",
    "shift_l": "Shift_L", "shift_r": "Shift_R", "super_l": "Super_L", "super_r": "Super_R",
    "alt_gr": "ISO_Level3_Shift", "enter": "Return", "tab": "Tab", "escape": "Escape",
    "backspace": "BackSpace", "insert": "Insert", "delete": "Delete", "home": "Home", "end": "End",
    "page_up": "Prior", "page_down": "Next", "up": "Up", "down": "Down", "left": "Left",
    "right": "Right", "caps_lock": "Caps_Lock", "num_lock": "Num_Lock",
    "scroll_lock": "Scroll_Lock", "pause": "Pause", "print_screen": "Print", "menu": "Menu",
    "space": "space",
}  # fmt: skip
_SIGNS = dict(zip(
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "exclam quotedbl numbersign dollar percent ampersand apostrophe parenleft parenright asterisk "
    "plus comma minus period slash colon semicolon less equal greater question at bracketleft "
    "backslash bracketright asciicircum underscore grave braceleft bar braceright "
    "asciitilde".split(),
    strict=True,
))  # fmt: skip
# Latin-1 from 0xA1 on: a keysym's number is the character's
_LATIN = """
exclamdown cent sterling currency yen brokenbar section diaeresis copyright ordfeminine
guillemotleft notsign hyphen registered macron degree plusminus twosuperior threesuperior
acute mu paragraph periodcentered cedilla onesuperior masculine guillemotright onequarter
onehalf threequarters questiondown Agrave Aacute Acircumflex Atilde Adiaeresis Aring AE
Ccedilla Egrave Eacute Ecircumflex Ediaeresis Igrave Iacute Icircumflex Idiaeresis ETH Ntilde
Ograve Oacute Ocircumflex Otilde Odiaeresis multiply Oslash Ugrave Uacute Ucircumflex
Udiaeresis Yacute THORN ssharp agrave aacute acircumflex atilde adiaeresis aring ae ccedilla
egrave eacute ecircumflex ediaeresis igrave iacute icircumflex idiaeresis eth ntilde ograve
oacute ocircumflex otilde odiaeresis division oslash ugrave uacute ucircumflex udiaeresis
yacute thorn ydiaeresis
"""
# with their numbers
_OTHERS = """
Linefeed ff0a Clear ff0b Sys_Req ff15 Multi_key ff20 Kanji ff21 Muhenkan ff22 Henkan ff23
Hiragana ff25 Katakana ff26 Hiragana_Katakana ff27 Zenkaku_Hankaku ff2a Hangul ff31
Hangul_Hanja ff34 Begin ff58 Select ff60 Execute ff62 Undo ff65 Redo ff66 Find ff68 Cancel
ff69 Help ff6a Break ff6b KP_Space ff80 KP_Tab ff89 KP_Enter ff8d KP_F1 ff91 KP_F2 ff92 KP_F3
ff93 KP_F4 ff94 KP_Multiply ffaa KP_Add ffab KP_Separator ffac KP_Subtract ffad KP_Decimal
ffae KP_Divide ffaf KP_Equal ffbd Shift_Lock ffe6 Hyper_L ffed Hyper_R ffee ISO_Lock fe01
ISO_Next_Group fe08 ISO_Prev_Group fe0a ISO_Level5_Shift fe11 ISO_Level5_Latch fe12
ISO_Level5_Lock fe13 ISO_Left_Tab fe20 KP_0 ffb0 KP_1 ffb1 KP_2 ffb2 KP_3 ffb3 KP_4 ffb4 KP_5
ffb5 KP_6 ffb6 KP_7 ffb7 KP_8 ffb8 KP_9 ffb9 F25 ffd6 F26 ffd7 F27 ffd8 F28 ffd9 F29 ffda F30
ffdb F31 ffdc F32 ffdd F33 ffde F34 ffdf F35 ffe0 dead_grave fe50 dead_acute fe51
dead_circumflex fe52 dead_tilde fe53 dead_macron fe54 dead_breve fe55 dead_abovedot fe56
dead_diaeresis fe57 dead_abovering fe58 dead_doubleacute fe59 dead_caron fe5a dead_cedilla
fe5b dead_ogonek fe5c dead_iota fe5d dead_voiced_sound fe5e dead_semivoiced_sound fe5f
dead_belowdot fe60 dead_hook fe61 dead_horn fe62 dead_stroke fe63 dead_abovecomma fe64
dead_abovereversedcomma fe65 dead_doublegrave fe66 dead_belowring fe67 dead_belowmacron fe68
dead_belowcircumflex fe69 dead_belowtilde fe6a dead_belowbreve fe6b dead_belowdiaeresis fe6c
dead_invertedbreve fe6d dead_belowcomma fe6e dead_currency fe6f AccessX_Enable fe70
AccessX_Feedback_Enable fe71 RepeatKeys_Enable fe72 SlowKeys_Enable fe73 BounceKeys_Enable
fe74 StickyKeys_Enable fe75 MouseKeys_Enable fe76 MouseKeys_Accel_Enable fe77 Overlay1_Enable
fe78 Overlay2_Enable fe79 AudibleBell_Enable fe7a dead_a fe80 dead_A fe81 dead_e fe82 dead_E
fe83 dead_i fe84 dead_I fe85 dead_o fe86 dead_O fe87 dead_u fe88 dead_U fe89 dead_small_schwa
fe8a dead_capital_schwa fe8b dead_greek fe8c dead_lowline fe90 dead_aboveverticalline fe91
dead_belowverticalline fe92 dead_longsolidusoverlay fe93
"""
# XF86's own, with the last two digits of 0x1008FFxx
_XF86 = """
ModeLock 01 MonBrightnessUp 02 MonBrightnessDown 03 KbdLightOnOff 04 KbdBrightnessUp 05
KbdBrightnessDown 06 MonBrightnessCycle 07 Standby 10 AudioLowerVolume 11 AudioMute 12
AudioRaiseVolume 13 AudioPlay 14 AudioStop 15 AudioPrev 16 AudioNext 17 HomePage 18 Mail 19
Start 1A Search 1B AudioRecord 1C Calculator 1D Memo 1E ToDoList 1F Calendar 20 PowerDown 21
ContrastAdjust 22 RockerUp 23 RockerDown 24 RockerEnter 25 Back 26 Forward 27 Stop 28 Refresh
29 PowerOff 2A WakeUp 2B Eject 2C ScreenSaver 2D WWW 2E Sleep 2F Favorites 30 AudioPause 31
AudioMedia 32 MyComputer 33 VendorHome 34 LightBulb 35 Shop 36 History 37 OpenURL 38
AddFavorite 39 HotLinks 3A BrightnessAdjust 3B Finance 3C Community 3D AudioRewind 3E
BackForward 3F Launch0 40 Launch1 41 Launch2 42 Launch3 43 Launch4 44 Launch5 45 Launch6 46
Launch7 47 Launch8 48 Launch9 49 LaunchA 4A LaunchB 4B LaunchC 4C LaunchD 4D LaunchE 4E
LaunchF 4F ApplicationLeft 50 ApplicationRight 51 Book 52 CD 53 Calculater 54 Clear 55 Close
56 Copy 57 Cut 58 Display 59 DOS 5A Documents 5B Excel 5C Explorer 5D Game 5E Go 5F iTouch 60
LogOff 61 Market 62 Meeting 63 MenuKB 65 MenuPB 66 MySites 67 New 68 News 69 OfficeHome 6A
Open 6B Option 6C Paste 6D Phone 6E Q 70 Reply 72 Reload 73 RotateWindows 74 RotationPB 75
RotationKB 76 Save 77 ScrollUp 78 ScrollDown 79 ScrollClick 7A Send 7B Spell 7C SplitScreen 7D
Support 7E TaskPane 7F Terminal 80 Tools 81 Travel 82 UserPB 84 User1KB 85 User2KB 86 Video 87
WheelButton 88 Word 89 Xfer 8A ZoomIn 8B ZoomOut 8C Away 8D Messenger 8E WebCam 8F MailForward
90 Pictures 91 Music 92 Battery 93 Bluetooth 94 WLAN 95 UWB 96 AudioForward 97 AudioRepeat 98
AudioRandomPlay 99 Subtitle 9A AudioCycleTrack 9B CycleAngle 9C FrameBack 9D FrameForward 9E
Time 9F Select A0 View A1 TopMenu A2 Red A3 Green A4 Yellow A5 Blue A6 Suspend A7 Hibernate A8
TouchpadToggle A9 TouchpadOn B0 TouchpadOff B1 AudioMicMute B2 Keyboard B3 WWAN B4 RFKill B5
AudioPreset B6 RotationLockToggle B7 FullScreen B8
"""
# those named after the kernel's keys: the keysym is 0x10081000 plus the kernel's code
_KERNEL = """
BrightnessAuto 244 DisplayOff 245 Info 358 AspectRatio 375 DVD 389 Audio 392 ChannelUp 402
ChannelDown 403 Break 411 VideoPhone 416 ZoomReset 420 Editor 422 GraphicsEditor 424
Presentation 425 Database 426 Voicemail 428 Addressbook 429 DisplayToggle 431 SpellCheck 432
ContextMenu 438 MediaRepeat 439 10ChannelsUp 440 10ChannelsDown 441 Images 442
NotificationCenter 444 PickupPhone 445 HangupPhone 446 Fn 464 Fn_Esc 465 FnRightShift 485
Numeric0 512 Numeric1 513 Numeric2 514 Numeric3 515 Numeric4 516 Numeric5 517 Numeric6 518
Numeric7 519 Numeric8 520 Numeric9 521 NumericStar 522 NumericPound 523 NumericA 524 NumericB
525 NumericC 526 NumericD 527 CameraFocus 528 WPSButton 529 CameraZoomIn 533 CameraZoomOut 534
CameraUp 535 CameraDown 536 CameraLeft 537 CameraRight 538 AttendantOn 539 AttendantOff 540
AttendantToggle 541 LightsToggle 542 ALSToggle 560 Buttonconfig 576 Taskmanager 577 Journal
578 ControlPanel 579 AppSelect 580 Screensaver 581 VoiceCommand 582 Assistant 583 EmojiPicker
585 Dictate 586 BrightnessMin 592 BrightnessMax 593 KbdInputAssistPrev 608 KbdInputAssistNext
609 KbdInputAssistPrevgroup 610 KbdInputAssistNextgroup 611 KbdInputAssistAccept 612
KbdInputAssistCancel 613 RightUp 614 RightDown 615 LeftUp 616 LeftDown 617 RootMenu 618
MediaTopMenu 619 Numeric11 620 Numeric12 621 AudioDesc 622 3DMode 623 NextFavorite 624
StopRecord 625 PauseRecord 626 VOD 627 Unmute 628 FastReverse 629 SlowReverse 630 Data 631
OnScreenKeyboard 632 PrivacyScreenToggle 633 SelectiveScreenshot 634 Macro1 656 Macro2 657
Macro3 658 Macro4 659 Macro5 660 Macro6 661 Macro7 662 Macro8 663 Macro9 664 Macro10 665
Macro11 666 Macro12 667 Macro13 668 Macro14 669 Macro15 670 Macro16 671 Macro17 672 Macro18
673 Macro19 674 Macro20 675 Macro21 676 Macro22 677 Macro23 678 Macro24 679 Macro25 680
Macro26 681 Macro27 682 Macro28 683 Macro29 684 Macro30 685 MacroRecordStart 688
MacroRecordStop 689 MacroPresetCycle 690 MacroPreset1 691 MacroPreset2 692 MacroPreset3 693
KbdLcdMenu1 696 KbdLcdMenu2 697 KbdLcdMenu3 698 KbdLcdMenu4 699 KbdLcdMenu5 700
"""
# what the numeric keypad's keys give while Num Lock is off, from 0xFF95 on
_UNLOCKED = dict(zip(
    "KP_Home KP_Left KP_Up KP_Right KP_Down KP_Prior KP_Next KP_End KP_Begin KP_Insert "
    "KP_Delete".split(),
    "kp_7 kp_4 kp_8 kp_6 kp_2 kp_9 kp_3 kp_1 kp_5 kp_0 kp_decimal".split(),
    strict=True,
))  # fmt: skip


def _pairs(table: str, base: int, radix: int, prefix: str = "") -> dict[str, int]:
    words = table.split()
    return {
        prefix + name: base + int(number, radix)
        for name, number in zip(words[::2], words[1::2], strict=True)
    }


_NUMBERS = {  # of keysyms, by their names
    **_pairs(_OTHERS, 0, 16),
    **_pairs(_XF86, 0x1008FF00, 16, "XF86"),
    **_pairs(_KERNEL, 0x10081000, 10, "XF86"),
}
_SPELT = {name.lower(): name for name in _NUMBERS}  # canonical name -> xkb's
KERNEL = {f"xf86{name.lower()}": code for name, code in _pairs(_KERNEL, 0, 10).items()}

# canonical name by keysym's name in small letters; characters stand for themselves
BY_NAME: dict[str, str] = {
    **{name: name for name in _SPELT},
    **{symbol.lower(): name for symbol, name in _UNLOCKED.items()},
    **{symbol: sign for sign, symbol in _SIGNS.items()},
    **{name.lower(): chr(0xA1 + at).lower() for at, name in enumerate(_LATIN.split())
       if name != "hyphen"},
    **{symbol.lower(): name for name, symbol in _NAMED.items()},
    "eurosign": "\N{EURO SIGN}", "kp_page_up": "kp_9", "kp_page_down": "kp_3",
}  # fmt: skip
# canonical name by keysym's number, of keys that give no character
BY_NUMBER: dict[int, str] = {
    **{number: name.lower() for name, number in _NUMBERS.items()},
    **{0xFF95 + at: name for at, name in enumerate(_UNLOCKED.values())},
}


def keysym(key: str) -> str:
    """Return xkb's name of a key: "F9", "space", "comma", "U00FC", "XF86AudioMute"."""
    if key in _NAMED:
        return _NAMED[key]
    if key in _SPELT:
        return _SPELT[key]
    if len(key) > 1:
        return key.upper()  # a function key
    if key in _SIGNS:
        return _SIGNS[key]
    return key if key.isascii() else f"U{ord(key):04X}"
