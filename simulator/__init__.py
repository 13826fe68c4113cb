"""A small Telegram: the Bot API over HTTP, phones for people and tests, and a clock that can be put forward."""
