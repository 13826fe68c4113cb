"""The buttons that more than one feature shows. Their codes never change: a press may come from an old message."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.cases import CaseId, Outcome, Satisfaction
from domain.people import PersonId
from handlers.kit.press import Press


class Side(StrEnum):
    """Whose card a menu was opened on: the resident's or the staff's."""

    RESIDENT = "r"
    STAFF = "s"


@dataclass(frozen=True, slots=True)
class Redraw(Press):
    """Back to the card."""

    code: ClassVar[str] = "rd"
    case: CaseId
    side: Side


@dataclass(frozen=True, slots=True)
class OpenConcern(Press):
    """Show the resident one of their cases."""

    code: ClassVar[str] = "oc"
    case: CaseId


@dataclass(frozen=True, slots=True)
class OpenCase(Press):
    """Show staff a case."""

    code: ClassVar[str] = "os"
    case: CaseId


@dataclass(frozen=True, slots=True)
class AddPlace(Press):
    """Say where it is."""

    code: ClassVar[str] = "ap"
    case: CaseId


@dataclass(frozen=True, slots=True)
class ChangeType(Press):
    """Show the kinds of concern to choose from."""

    code: ClassVar[str] = "ct"
    case: CaseId
    side: Side
    page: int


@dataclass(frozen=True, slots=True)
class PickType(Press):
    """Choose a kind of concern."""

    code: ClassVar[str] = "pt"
    case: CaseId
    side: Side
    category: str


@dataclass(frozen=True, slots=True)
class ChangeCommunity(Press):
    """Show the communities to choose from."""

    code: ClassVar[str] = "cc"
    case: CaseId
    side: Side
    page: int


@dataclass(frozen=True, slots=True)
class PickCommunity(Press):
    """Choose a community."""

    code: ClassVar[str] = "pc"
    case: CaseId
    side: Side
    community: str


@dataclass(frozen=True, slots=True)
class Undo(Press):
    """Take the concern back; ``sure`` once it has gone to staff."""

    code: ClassVar[str] = "un"
    case: CaseId
    sure: bool


@dataclass(frozen=True, slots=True)
class SendNow(Press):
    """Do not wait for the window to pass."""

    code: ClassVar[str] = "sn"
    case: CaseId


@dataclass(frozen=True, slots=True)
class Judge(Press):
    """The resident's verdict."""

    code: ClassVar[str] = "jd"
    case: CaseId
    solved: bool
    satisfaction: Satisfaction


@dataclass(frozen=True, slots=True)
class StillGood(Press):
    """The resident's answer when a case is looked at again."""

    code: ClassVar[str] = "lb"
    case: CaseId
    effective: bool


@dataclass(frozen=True, slots=True)
class AssignTo(Press):
    """Give the case to that member."""

    code: ClassVar[str] = "as"
    case: CaseId
    member: PersonId


@dataclass(frozen=True, slots=True)
class Others(Press):
    """Show all members to give the case to."""

    code: ClassVar[str] = "ot"
    case: CaseId
    page: int


@dataclass(frozen=True, slots=True)
class Decline(Press):
    """Say that it is not for this group."""

    code: ClassVar[str] = "dc"
    case: CaseId


@dataclass(frozen=True, slots=True)
class More(Press):
    """Show what else can be done with the case."""

    code: ClassVar[str] = "mo"
    case: CaseId


@dataclass(frozen=True, slots=True)
class Claim(Press):
    """Sign for the case."""

    code: ClassVar[str] = "cl"
    case: CaseId


@dataclass(frozen=True, slots=True)
class GiveBack(Press):
    """Return the case to the coordinator."""

    code: ClassVar[str] = "gb"
    case: CaseId


@dataclass(frozen=True, slots=True)
class Resolve(Press):
    """Say what came of it."""

    code: ClassVar[str] = "rs"
    case: CaseId


@dataclass(frozen=True, slots=True)
class ResolveAs(Press):
    """The kind of outcome."""

    code: ClassVar[str] = "ra"
    case: CaseId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AskInfo(Press):
    """Ask the resident something the case needs."""

    code: ClassVar[str] = "ai"
    case: CaseId


@dataclass(frozen=True, slots=True)
class WriteNote(Press):
    """Write something for staff only."""

    code: ClassVar[str] = "wn"
    case: CaseId


@dataclass(frozen=True, slots=True)
class ShowPhotos(Press):
    """Send what came with the case."""

    code: ClassVar[str] = "ph"
    case: CaseId


@dataclass(frozen=True, slots=True)
class Dispute(Press):
    """The coordinator reopens a case the resident was not satisfied with, or confirms it."""

    code: ClassVar[str] = "dp"
    case: CaseId
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
