"""From what somebody did to the function that handles it.

A file that is too large is refused before anything else; an edit of words that did not fit is heard as new words.
Order for a message: command · reply to a case's message · open question · free text by role. Words that give up answer
no question.
A feature lists its handlers with decorators; ``Router`` is built once from all features, in order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from domain.people import Person, Role
from domain.reading import Look
from handlers.kit.incoming import Kind
from handlers.kit.press import CasePress, Press, decode
from handlers.kit.refused import made_shorter, rest_of_refused
from handlers.kit.turn import FileTooBig, Step, Turn, draft_of
from storage.messages import About

P = TypeVar("P", bound=Press)
Handler = Callable[[Turn], None]
Tried = Callable[[Turn], bool]
ReplyHandler = Callable[[Turn, About], bool]
ClockHandler = Callable[[Turn], bool]

STALE = "stale_press"
NO_SUCH_COMMAND = "no_such_command"
DEAD_LINK = "dead_link"
ROLE_ENDED = "role_ended"
START = "start"


@dataclass(frozen=True, slots=True)
class Command:
    """A command, whose it is, and its place in the menu (None: not shown)."""

    name: str
    role: Role
    run: Handler


@dataclass(slots=True)
class Feature:
    """One file's handlers."""

    name: str
    commands: list[Command] = field(default_factory=list)
    presses: dict[type[Press], Callable[[Turn, Any], None]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    step_roles: dict[str, frozenset[Role]] = field(default_factory=dict)
    replies: list[ReplyHandler] = field(default_factory=list)
    free: list[Tried] = field(default_factory=list)
    clocks: list[ClockHandler] = field(default_factory=list)
    starts: dict[str, Callable[[Turn, str], None]] = field(default_factory=dict)
    happenings: dict[Kind, Handler] = field(default_factory=dict)

    def command(self, name: str, role: Role = Role.RESIDENT) -> Callable[[Handler], Handler]:
        """Handle ``/name`` for that role."""

        def register(run: Handler) -> Handler:
            self.commands.append(Command(name, role, run))
            return run

        return register

    def press(self, kind: type[P]) -> Callable[[Callable[[Turn, P], None]], Callable[[Turn, P], None]]:
        """Handle a button."""

        def register(run: Callable[[Turn, P], None]) -> Callable[[Turn, P], None]:
            self.presses[kind] = run
            return run

        return register

    def step(self, name: str, *roles: Role) -> Callable[[Step], Step]:
        """Take the answer to a question. The name is kept in the database: it never changes.

        ``roles``: it is asked of whoever has one of them, and goes with the last of them; without any, of everyone.
        """

        def register(run: Step) -> Step:
            self.steps[f"{self.name}.{name}"] = run
            if roles:
                self.step_roles[f"{self.name}.{name}"] = frozenset(roles)
            return run

        return register

    def reply(self, run: ReplyHandler) -> ReplyHandler:
        """Handle a reply to a message about a case; False passes it on."""
        self.replies.append(run)
        return run

    def free_text(self, run: Tried) -> Tried:
        """Handle what nothing else took; False passes it on."""
        self.free.append(run)
        return run

    def clock(self, run: ClockHandler) -> ClockHandler:
        """Do what is due. True: there may be more."""
        self.clocks.append(run)
        return run

    def start(self, prefix: str) -> Callable[[Callable[[Turn, str], None]], Callable[[Turn, str], None]]:
        """Handle ``/start prefix_…``: a deep link."""

        def register(run: Callable[[Turn, str], None]) -> Callable[[Turn, str], None]:
            self.starts[prefix] = run
            return run

        return register

    def when(self, kind: Kind) -> Callable[[Handler], Handler]:
        """Handle an update that is neither message nor press."""

        def register(run: Handler) -> Handler:
            self.happenings[kind] = run
            return run

        return register


@dataclass(slots=True)
class Router:
    """All features, looked up by what arrived."""

    commands: dict[str, list[Command]]
    presses: dict[type[Press], Callable[[Turn, Any], None]]
    steps: dict[str, Step]
    replies: list[ReplyHandler]
    free: list[Tried]
    clocks: list[ClockHandler]
    starts: dict[str, Callable[[Turn, str], None]]
    happenings: dict[Kind, Handler]
    step_names: dict[Step, str]
    step_roles: dict[str, frozenset[Role]]

    @classmethod
    def of(cls, features: Iterable[Feature]) -> "Router":
        """One table of everything. Raises ``ValueError`` where two features claim the same."""
        router = cls({}, {}, {}, [], [], [], {}, {}, {}, {})
        for feature in features:
            for command in feature.commands:
                router.commands.setdefault(command.name, []).append(command)
            for table, more in (
                (router.presses, feature.presses),
                (router.steps, feature.steps),
                (router.step_roles, feature.step_roles),
                (router.starts, feature.starts),
                (router.happenings, feature.happenings),
            ):
                merge(table, more, feature.name)
            router.replies += feature.replies
            router.free += feature.free
            router.clocks += feature.clocks
        router.step_names = {step: name for name, step in router.steps.items()}
        return router

    def dispatch(self, turn: Turn) -> None:
        """Hand the turn to whoever it is for."""
        if made_shorter(turn):
            turn.incoming, turn.edited = turn.incoming.anew, True
        if file_too_big(turn):
            return
        kind = turn.incoming.kind
        if kind in self.happenings:
            self.happenings[kind](turn)
        elif kind is Kind.PRESS:
            self._press(turn)
        elif turn.incoming.command is not None:
            self._command(turn, turn.incoming.command)
        elif not (self._question_replied(turn) or self._reply(turn) or self._question(turn)):
            self._free(turn)

    def _press(self, turn: Turn) -> None:
        press = decode(turn.incoming.press)
        run = self.presses.get(type(press)) if press else None
        if run is None:
            turn.refuse(STALE)
        elif not isinstance(press, CasePress) or turn.case(press.case, press.asks()):
            run(turn, press)

    def _command(self, turn: Turn, name: str) -> None:
        prefix, _, rest = turn.incoming.arguments.partition("_")
        if name == START and turn.incoming.arguments:
            self._follow_link(turn, prefix, rest)
            return
        allowed = [command for command in self.commands.get(name, ()) if turn.person.has(command.role)]
        if allowed:
            allowed[-1].run(turn)
        else:
            turn.refuse(NO_SUCH_COMMAND)

    def _follow_link(self, turn: Turn, prefix: str, rest: str) -> None:
        """``/start prefix_rest``: a deep link; a dead one says so."""
        run = self.starts.get(prefix)
        if run is None or not rest:
            turn.refuse(DEAD_LINK)
        else:
            run(turn, rest)

    def _question_replied(self, turn: Turn) -> bool:
        """A reply to the message that asked is an answer, even where that message is about a case."""
        dialog = turn.unit.dialogs.open(turn.incoming.chat) if turn.incoming.reply_to else None
        about = self._about(turn) if dialog else None
        return bool(about and dialog and about.kind == dialog.question and self._question(turn))

    def _reply(self, turn: Turn) -> bool:
        about = self._about(turn)
        return about is not None and any(handle(turn, about) for handle in self.replies)

    def _about(self, turn: Turn) -> About | None:
        """What the message answers; of one that did not fit and was written otherwise, also what it was about."""
        incoming, messages = turn.incoming, turn.unit.messages
        about = None if incoming.reply_to is None else messages.about(incoming.chat, incoming.reply_to)
        return about or (messages.about(incoming.chat, incoming.message_id) if turn.edited else None)

    def _question(self, turn: Turn) -> bool:
        dialog = turn.unit.dialogs.open(turn.incoming.chat)
        if dialog is None or dialog.expires_at <= turn.now:
            return False
        if turn.look(turn.incoming.text) is Look.CANCEL:
            return False
        if rest_of_refused(turn, dialog):
            return True
        if turn.edited and dialog.refused[1] != turn.incoming.message_id:  # it did not fit somewhere else
            return False
        step = self.steps.get(dialog.step)
        if step is None:
            turn.done()
            return False
        if not may_answer(turn.person, self.step_roles.get(dialog.step)):
            turn.done()
            turn.refuse(ROLE_ENDED)
            return True
        return step(turn, draft_of(draft_type(step), dialog)) is not False

    def _free(self, turn: Turn) -> None:
        for handle in self.free:
            if handle(turn):
                return


def may_answer(person: Person, roles: frozenset[Role] | None) -> bool:
    """Whether somebody still has a role in which a question was asked (None: it was asked of everyone)."""
    return roles is None or bool(person.roles & roles)


def file_too_big(turn: Turn) -> bool:
    """Say so where a file is larger than allowed. True: there was nothing else; otherwise its words are heard alone."""
    incoming, most = turn.incoming, turn.charter.limits.file_bytes
    if not (incoming.file and most and incoming.file.size > most and incoming.kind in (Kind.PHOTO, Kind.FILE)):
        return False
    turn.say(FileTooBig(incoming.has_words, most))
    turn.incoming = incoming.without_file
    return not incoming.has_words


def merge(table: dict[Any, Any], more: dict[Any, Any], feature: str) -> None:
    """Add a feature's handlers to the table of all."""
    for key, run in more.items():
        if key in table:
            raise ValueError(f"{feature}: {key!r} is handled twice")
        table[key] = run


def draft_type(step: Step) -> type[Any]:
    """The type of a step's draft, from its second argument."""
    hints = get_type_hints(step)
    return next(hint for name, hint in hints.items() if name not in ("turn", "return"))  # type: ignore[no-any-return]
