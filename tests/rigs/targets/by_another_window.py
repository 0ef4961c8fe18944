"""A window that treats a paste in its own way; see odd.py."""

import odd

odd.run(odd.by_another)
