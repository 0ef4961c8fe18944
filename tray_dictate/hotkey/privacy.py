"""The warning about reading the kernel's keyboards, which imports nothing of Linux's."""

PRIVACY = (
    "Every program that you run can then read every key that is pressed on this computer, "
    "passwords too, whichever window they are for."
)
