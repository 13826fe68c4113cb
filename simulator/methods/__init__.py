"""The methods of the Bot API; importing a module here adds its methods to the registry."""

from simulator.methods import answering, chats, editing, media, menu, receiving, sending
from simulator.methods.registry import METHODS, Call, perform

__all__ = ["METHODS", "Call", "answering", "chats", "editing", "media", "menu", "perform", "receiving", "sending"]
