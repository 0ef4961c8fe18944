"""The editor that picture.py films: a GTK 3 window with large letters that wraps at words."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402 - after the version

style = Gtk.CssProvider()
style.load_from_data(b"textview { font: 22px 'DejaVu Sans'; padding: 10px; }")
window = Gtk.Window(title=sys.argv[1])
view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR)
view.get_style_context().add_provider(style, Gtk.STYLE_PROVIDER_PRIORITY_USER)
window.add(view)
window.connect("destroy", Gtk.main_quit)
window.maximize()
window.show_all()
Gtk.main()
