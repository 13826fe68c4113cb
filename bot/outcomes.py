"""What came of the rows of the outbox: noted for those behind them, and written down."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.config_sections import Sender as Settings
from bot.delivery import Dead, Later, Moved, Prepared, Result, Sent, TooLate, Unreachable, Wait
from domain.cases import CaseId
from domain.people import ChatId
from handlers import unreachable
from handlers.kit.turn import Turn
from storage.messages import Card
from storage.outbox import Ending, Mode, Saying
from storage.unit import Unit

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row and what came of it; None: its reader may not, or need not, read it any more."""

    saying: Saying
    result: Result | None
    live: bool = False
    drawn: str | None = None


@dataclass(slots=True)
class Shown:
    """What has just been sent to a chat and is not written down yet: its cards, and messages drawn over by a menu."""

    cards: dict[CaseId, Card] = field(default_factory=dict)
    overdrawn: set[int] = field(default_factory=set)

    def in_(self, prepared: Prepared) -> Prepared:
        """A row as it is to be sent after all that."""
        saying = prepared.saying
        new = self.cards.get(saying.case) if saying.case is not None and saying.mode is not Mode.ANSWER else None
        same_kind = new is not None and (not prepared.live or new.kind == saying.kind)
        card = new if same_kind else prepared.card
        if card and card.message_id in self.overdrawn:
            card = replace(card, drawn=None)
        return replace(prepared, card=card)

    def note(self, outcome: Outcome) -> None:
        """Remember what a row did, for the rows behind it."""
        saying, result = outcome.saying, outcome.result
        if not isinstance(result, Sent) or result.message_id is None or saying.case is None:
            return
        if outcome.live:
            self.cards[saying.case] = Card(saying.chat, saying.case, saying.kind, result.message_id, outcome.drawn)
            self.overdrawn.discard(result.message_id)
        elif saying.mode is Mode.EDIT:
            self.overdrawn.add(result.message_id)


def end(outcome: Outcome, turn: Turn, settings: Settings) -> None:
    """Write down what came of a row: an end, or when it is tried again."""
    saying, outbox = outcome.saying, turn.unit.outbox
    match outcome.result:
        case Sent(message_id):
            outbox.end([ending(saying, "sent", turn.now, message_id)])
            remember(outcome, message_id, turn.unit)
        case Unreachable(why):
            log.info("undeliverable", outbox=saying.id, kind=saying.kind)
            outbox.end([ending(saying, "undeliverable", turn.now, error=why)])
            unreachable.lost(turn, saying)
        case Moved(chat):
            unreachable.group_moved(turn, saying.chat, ChatId(chat))
        case Wait() | Later() as again:
            try_again(saying, again, turn, settings)
        case _:
            end_unsent(outcome, turn)


def try_again(saying: Saying, result: Wait | Later, turn: Turn, settings: Settings) -> None:
    """Told to wait, or not sent: again freely. Perhaps sent: a few times, more slowly; then it is uncertain."""
    if isinstance(result, Wait):
        turn.unit.outbox.retry(saying.id, turn.now + result.delay, "429", counts=False)
        return
    why = result.why
    if not result.ambiguous:
        turn.unit.outbox.retry(saying.id, turn.now, why, counts=False)
    elif saying.attempts + 1 >= settings.attempts:
        log.warning("uncertain", outbox=saying.id, kind=saying.kind, error=why)
        turn.unit.outbox.end([ending(saying, "uncertain", turn.now, error=why)])
    else:
        wait = min(settings.longest_wait, settings.first_wait * 2**saying.attempts)
        turn.unit.outbox.retry(saying.id, turn.now + wait, why)


def end_unsent(outcome: Outcome, turn: Turn) -> None:
    """A row that will not be sent: nobody to read it, too late to be of use, or a fault of ours."""
    saying = outcome.saying
    match outcome.result:
        case TooLate(why):
            turn.unit.outbox.end([ending(saying, "expired", turn.now, error=why)])
            forget(outcome, turn.unit)
        case Dead(why):
            log.error("dead_letter", outbox=saying.id, kind=saying.kind)
            turn.unit.outbox.end([ending(saying, "dead", turn.now, error=why)])
        case _:
            turn.unit.outbox.end([ending(saying, "withheld", turn.now)])
            forget(outcome, turn.unit)


def result_name(result: Result | None) -> str:
    """What came of a row, for counting."""
    if isinstance(result, Later):
        return "ambiguous" if result.ambiguous else "not_sent"
    return "withheld" if result is None else type(result).__name__.lower()


def ending(saying: Saying, state: str, at: datetime, message_id: int | None = None, error: str | None = None) -> Ending:
    """How a row ended, unless it was touched meanwhile."""
    return Ending(saying.id, state, at, saying.touched, message_id, error, saying.mode)


def remember(outcome: Outcome, message_id: int | None, unit: Unit) -> None:
    """Which message is about which case, and which is its card."""
    saying = outcome.saying
    if message_id is None or saying.case is None or saying.mode is Mode.ANSWER:
        return
    unit.messages.add(saying.chat, message_id, saying.case, saying.kind)
    if outcome.live:
        unit.messages.put_card(Card(saying.chat, saying.case, saying.kind, message_id, outcome.drawn))
    elif saying.mode is Mode.EDIT:
        unit.messages.overdraw(saying.chat, message_id)


def forget(outcome: Outcome, unit: Unit) -> None:
    """A card that is gone, or is not for its reader any more, is not drawn again."""
    saying = outcome.saying
    if saying.mode is Mode.REFRESH and saying.case is not None and outcome.live:
        unit.messages.drop_card(saying.chat, saying.case, saying.kind)
