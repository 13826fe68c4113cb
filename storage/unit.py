"""One transaction and its shelves."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection

from domain.people import ChatId
from storage.agenda import Agenda
from storage.board import Board
from storage.calls import Calls
from storage.cases import Cases
from storage.dialogs import Dialogs
from storage.errands import Errands
from storage.intake import Intake
from storage.journal import Journal
from storage.locks import NONE, Again, Locks
from storage.messages import Messages
from storage.operations import Operations
from storage.outbox import Outbox
from storage.owner import Owner
from storage.people import People
from storage.relays import Relays
from storage.retention import Retention
from storage.settings import Settings
from storage.subscriptions import Subscriptions
from storage.visits import Visits


class Unit:
    """What a turn may read and write. It never leaves the transaction; a turn returns plain data."""

    def __init__(self, connection: Connection, locks: Locks = NONE) -> None:
        self._connection = connection
        self._locks = locks

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself where it fails."""
        try:
            with self._connection.begin_nested():
                yield
        except Exception as error:
            if self._locks.lost(error):
                raise Again from error
            raise

    def lock_chat(self, chat: ChatId) -> None:
        """Wait until nothing else happens in a chat. A turn does it first."""
        self._locks.chat(chat)

    def lock_roster(self) -> None:
        """Wait until nobody else changes roles, or assigns by them; read persons after it, not before."""
        self._locks.roster()

    @cached_property
    def people(self) -> People:
        """Persons, roles and invites."""
        return People(self._connection)

    @cached_property
    def cases(self) -> Cases:
        """Cases and their attachments."""
        return Cases(self._connection, self._locks)

    @cached_property
    def journal(self) -> Journal:
        """What happened, append-only."""
        return Journal(self._connection)

    @cached_property
    def visits(self) -> Visits:
        """Visits logged by members."""
        return Visits(self._connection)

    @cached_property
    def calls(self) -> Calls:
        """Telephone tasks for people who cannot be written to."""
        return Calls(self._connection)

    @cached_property
    def relays(self) -> Relays:
        """Words of members on their way to residents, while they can still be taken back."""
        return Relays(self._connection)

    @cached_property
    def dialogs(self) -> Dialogs:
        """Open questions, one a chat."""
        return Dialogs(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        """What is to be said."""
        return Outbox(self._connection)

    @cached_property
    def messages(self) -> Messages:
        """Which message in which chat is about which case; the live cards."""
        return Messages(self._connection)

    @cached_property
    def intake(self) -> Intake:
        """Updates seen, and the ones that failed."""
        return Intake(self._connection)

    @cached_property
    def errands(self) -> Errands:
        """Durable work for the network."""
        return Errands(self._connection)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Who gets which digest, when."""
        return Subscriptions(self._connection)

    @cached_property
    def settings(self) -> Settings:
        """Small facts of this installation, such as the bot's username."""
        return Settings(self._connection)

    @cached_property
    def owner(self) -> Owner:
        """Whose database this is."""
        return Owner(self._connection)

    @cached_property
    def retention(self) -> Retention:
        """How long rows stay."""
        return Retention(self._connection)

    @cached_property
    def operations(self) -> Operations:
        """What the operator asks and may do."""
        return Operations(self._connection)

    @cached_property
    def agenda(self) -> Agenda:
        """When something is due next."""
        return Agenda(self._connection)

    @cached_property
    def board(self) -> Board:
        """Read-only questions that cross shelves."""
        return Board(self._connection)
