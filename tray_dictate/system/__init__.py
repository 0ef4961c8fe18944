"""The operating system and the desktop, behind small modules that know nothing of dictation."""
