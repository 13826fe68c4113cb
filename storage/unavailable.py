"""The database cannot be reached, or is too busy."""


class Unavailable(Exception):
    """Nothing is wrong with what was asked; it was not done, and is to be done later. The text says why, in short."""


class NotLetIn(Unavailable):
    """The server answers and refuses us, and goes on to until somebody changes something."""
