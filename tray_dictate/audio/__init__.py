"""The microphone, sound files and cues."""
