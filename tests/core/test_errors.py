"""What an exception tells its reader, and keeps for its catcher."""

from __future__ import annotations

from tray_dictate.core.errors import ConfigError, FocusMovedError, UnavailableError, why


def test_an_exception_without_a_message_is_named():
    assert why(TimeoutError()) == "TimeoutError"
    assert why(ValueError("no such key")) == "no such key"


def test_all_problems_of_the_settings_stand_below_their_file():
    error = ConfigError(["audio.tail_ms: too long", "hotkey.keys: empty"], "config.toml")
    assert str(error) == "config.toml:\naudio.tail_ms: too long\nhotkey.keys: empty"
    assert str(ConfigError(["audio.tail_ms: too long"])) == "audio.tail_ms: too long"


def test_a_remedy_follows_its_reason():
    error = UnavailableError("There is no microphone.", "Plug one in.")
    assert (error.reason, error.remedy) == ("There is no microphone.", "Plug one in.")
    assert str(error) == "There is no microphone. Plug one in."
    assert str(UnavailableError("There is no microphone.")) == "There is no microphone."


def test_what_went_into_another_window_is_counted():
    error = FocusMovedError(12, astray=3)
    assert (error.done, error.astray) == (12, 3)
    assert str(error) == "Another window has the focus now."
