"""By which headers Telegram is known to the webhook, and the webhook to whoever asks at its public address."""

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
SIGN_HEADER = "x-yixian"
"""On the answers of this program, whatever stands in front of it."""
WEBHOOK = "webhook"
"""The sign of the webhook itself."""
NOTHING_HERE = "nothing-here"
"""The sign of a path that this program does not serve."""
