"""The command line: its words in parser.py, and a module for each group of commands."""
