"""What it means for the user that we read the kernel's keyboards; without needing any."""

PRIVACY = (
    "Every program that you run can then read every key that is pressed on this computer, "
    "passwords too, whichever window they are for."
)
