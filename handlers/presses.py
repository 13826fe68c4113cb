"""The buttons that more than one feature shows. Their codes never change: a press may come from an old message."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.cases import CaseId, Outcome, Satisfaction
from domain.casework import EITHER_SIDE, REPORTER, STAFF, Relation
from domain.people import PersonId
from handlers.kit.press import CasePress, Press
from handlers.kit.views import View


class Side(StrEnum):
    """Whose card a menu was opened on: the resident's or the staff's."""

    RESIDENT = "r"
    STAFF = "s"


@dataclass(frozen=True, slots=True)
class SidedPress(CasePress):
    """A button that both cards have; whose it is, what one is to the case decides, not what the button says."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    side: Side

    def asks(self) -> frozenset[Relation]:
        """The staff's card is for staff, the resident's for whoever reported."""
        return STAFF if self.side is Side.STAFF else REPORTER


@dataclass(frozen=True, slots=True)
class Redraw(SidedPress):
    """Back to the card."""

    code: ClassVar[str] = "rd"


@dataclass(frozen=True, slots=True)
class OpenConcern(CasePress):
    """Show the resident one of their cases."""

    code: ClassVar[str] = "oc"
    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class OpenCase(CasePress):
    """Show staff a case."""

    code: ClassVar[str] = "os"
    whose: ClassVar[frozenset[Relation]] = STAFF


def opening(case: CaseId, view: View) -> Press | None:
    """What opens a case for the reader: the staff's card, or their own concern; None where they may not read it."""
    if view.case(case, STAFF):
        return OpenCase(case)
    return OpenConcern(case) if view.case(case, REPORTER) else None


@dataclass(frozen=True, slots=True)
class AddPlace(CasePress):
    """Say where it is."""

    code: ClassVar[str] = "ap"
    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class ChangeType(SidedPress):
    """Show the kinds of concern to choose from."""

    code: ClassVar[str] = "ct"
    page: int


@dataclass(frozen=True, slots=True)
class PickType(SidedPress):
    """Choose a kind of concern."""

    code: ClassVar[str] = "pt"
    category: str


@dataclass(frozen=True, slots=True)
class ChangeCommunity(SidedPress):
    """Show the communities to choose from."""

    code: ClassVar[str] = "cc"
    page: int


@dataclass(frozen=True, slots=True)
class PickCommunity(SidedPress):
    """Choose a community."""

    code: ClassVar[str] = "pc"
    community: str


@dataclass(frozen=True, slots=True)
class Undo(CasePress):
    """Take the concern back; ``sure`` once it has gone to staff."""

    code: ClassVar[str] = "un"
    whose: ClassVar[frozenset[Relation]] = REPORTER
    sure: bool


@dataclass(frozen=True, slots=True)
class SendNow(CasePress):
    """Do not wait for the window to pass."""

    code: ClassVar[str] = "sn"
    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class Judge(CasePress):
    """The resident's verdict."""

    code: ClassVar[str] = "jd"
    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    solved: bool
    satisfaction: Satisfaction


@dataclass(frozen=True, slots=True)
class StillGood(CasePress):
    """The resident's answer when a case is looked at again."""

    code: ClassVar[str] = "lb"
    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    effective: bool


@dataclass(frozen=True, slots=True)
class AssignTo(CasePress):
    """Give the case to that member."""

    code: ClassVar[str] = "as"
    whose: ClassVar[frozenset[Relation]] = STAFF
    member: PersonId


@dataclass(frozen=True, slots=True)
class Others(CasePress):
    """Show all members to give the case to."""

    code: ClassVar[str] = "ot"
    whose: ClassVar[frozenset[Relation]] = STAFF
    page: int


@dataclass(frozen=True, slots=True)
class Decline(CasePress):
    """Say that it is not for this group."""

    code: ClassVar[str] = "dc"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class More(CasePress):
    """Show what else can be done with the case."""

    code: ClassVar[str] = "mo"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class Claim(CasePress):
    """Sign for the case."""

    code: ClassVar[str] = "cl"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class GiveBack(CasePress):
    """Return the case to the coordinator."""

    code: ClassVar[str] = "gb"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class Resolve(CasePress):
    """Say what came of it."""

    code: ClassVar[str] = "rs"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class ResolveAs(CasePress):
    """The kind of outcome."""

    code: ClassVar[str] = "ra"
    whose: ClassVar[frozenset[Relation]] = STAFF
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AskInfo(CasePress):
    """Ask the resident something the case needs."""

    code: ClassVar[str] = "ai"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class WriteNote(CasePress):
    """Write something for staff only."""

    code: ClassVar[str] = "wn"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class ShowPhotos(CasePress):
    """Send what came with the case."""

    code: ClassVar[str] = "ph"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class Dispute(CasePress):
    """The coordinator reopens a case the resident was not satisfied with, or confirms it."""

    code: ClassVar[str] = "dp"
    whose: ClassVar[frozenset[Relation]] = STAFF
    reopen: bool


@dataclass(frozen=True, slots=True)
class CallMade(Press):
    """The member telephoned."""

    code: ClassVar[str] = "cm"
    call: int


@dataclass(frozen=True, slots=True)
class NewVisit(Press):
    """Log a visit."""

    code: ClassVar[str] = "nv"


@dataclass(frozen=True, slots=True)
class NewBehalf(Press):
    """Report for somebody who is not on Telegram; ``visit`` is 0 where it does not come from one."""

    code: ClassVar[str] = "nb"
    visit: int


@dataclass(frozen=True, slots=True)
class NewConcern(Press):
    """Tell a concern of one's own."""

    code: ClassVar[str] = "nc"


@dataclass(frozen=True, slots=True)
class MyConcerns(Press):
    """List one's own cases."""

    code: ClassVar[str] = "mc"
    page: int


@dataclass(frozen=True, slots=True)
class MyCases(Press):
    """List the cases one holds."""

    code: ClassVar[str] = "hc"
    page: int


@dataclass(frozen=True, slots=True)
class Inbox(Press):
    """List what a coordinator must decide."""

    code: ClassVar[str] = "ib"
    page: int


@dataclass(frozen=True, slots=True)
class ShowHelp(Press):
    """Say what the bot can do."""

    code: ClassVar[str] = "hp"


@dataclass(frozen=True, slots=True)
class Cancel(Press):
    """Give up the open question."""

    code: ClassVar[str] = "cx"
