"""The icon, its menu and messages, one file per kind of host."""
