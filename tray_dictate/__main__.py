"""`python -m tray_dictate`."""

from tray_dictate.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
