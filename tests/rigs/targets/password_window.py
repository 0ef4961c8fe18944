"""A GTK 3 window with a field for a password; typing appears as dots."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import run_gtk3_entry  # noqa: E402
from gi.repository import Gtk  # noqa: E402

run_gtk3_entry(sys.argv[1], Gtk.Entry(visibility=False))
