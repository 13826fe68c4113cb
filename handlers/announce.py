"""Who hears about which event: one table. A test proves that every event has a row.

``announce`` is the only way a case changes: evolve, save, journal, tell whoever should know, draw the cards anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

from domain import followups
from domain.cases import (
    AttachmentAdded,
    CallLogged,
    Case,
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseDeclined,
    CaseId,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    CaseSettled,
    CaseSubmitted,
    CaseWithdrawn,
    CategoryChanged,
    CommunityChosen,
    Event,
    InfoAsked,
    InfoGiven,
    LookBackAsked,
    LookedBack,
    NoteAdded,
    PlaceAdded,
    Reminded,
    SaidToMember,
    SaidToResident,
    Satisfaction,
    Supervision,
    SupervisionRaised,
    VerdictDisputed,
    VerdictExplained,
    WordsAdded,
    WordsEdited,
    evolve,
)
from domain.casework import Concern, Refusal, may_call
from domain.followups import LAPSED, REMINDERS, ClockName, MarkName
from domain.people import Person, Role
from handlers import notices
from handlers.cards import CaseCard
from handlers.kit.messages import CaseMessage
from handlers.kit.turn import Turn


@dataclass(frozen=True, slots=True)
class Scene:
    """What happened, and the case before and after it."""

    turn: Turn
    before: Case
    case: Case
    event: Event

    @property
    def holder(self) -> Person | None:
        """The member who holds the case; nobody where they have left the group since."""
        found = self.turn.someone_by_id(self.case.holder)
        return found if found and found.has(Role.MEMBER) else None

    @property
    def coordinators(self) -> list[Person]:
        """Everyone who runs the group."""
        return self.turn.unit.people.staff(Role.COORDINATOR)

    @property
    def observers(self) -> list[Person]:
        """The special committee."""
        return self.turn.unit.people.staff(Role.OBSERVER)

    @property
    def author(self) -> str:
        """The name of whoever did it."""
        found = self.turn.someone_by_id(self.event.by)
        return found.name if found else ""


Tell = Callable[[Scene], None]
Audience = tuple[Tell, ...]


def announce(turn: Turn, case: Case, event: Event) -> Case:
    """Let it have happened: the case as it is afterwards."""
    after = evolve(case, event)
    turn.unit.cases.save(after, followups.next_at(after, turn.charter), followups.due_at(after, turn.charter))
    turn.unit.journal.add(event)
    if (after.state, after.asked_back) != (case.state, case.asked_back):
        turn.unit.calls.all_done(case.id, turn.now)
    tell(Scene(turn, case, after, event))
    return after


def open_case(turn: Turn, concern: Concern) -> Case:
    """A concern becomes a case: its number is given in the insert."""
    draft, charter = concern.submitted(CaseId(0), "", turn.now).born(), turn.charter
    year = charter.calendar.local_date(turn.now).year
    case = turn.unit.cases.add(draft, year, followups.next_at(draft, charter), followups.due_at(draft, charter))
    event = concern.submitted(case.id, case.number, turn.now)
    turn.unit.journal.add(event)
    for say in AUDIENCE[type(event)]:
        say(Scene(turn, case, case, event))
    return announce(turn, case, CaseSettled(case=case.id, at=turn.now, by=None)) if case.urgent else case


def tell(scene: Scene) -> None:
    """Tell everyone in the event's row, then draw the case's cards anew."""
    for say in AUDIENCE[type(scene.event)]:
        say(scene)
    scene.turn.refresh_cards(scene.case.id)


def decide(turn: Turn, case: Case, outcome: Event | Refusal) -> Case | None:
    """What a rule answered: announce the event, or say why not (None)."""
    if isinstance(outcome, Refusal):
        turn.refuse(outcome)
        return None
    return announce(turn, case, outcome)


# -- whom


def resident(make: Callable[[Scene], CaseMessage], subject: str = "") -> Tell:
    """The resident; a member by telephone where the resident cannot be written to and ``subject`` says what for."""

    def say(scene: Scene) -> None:
        turn, case = scene.turn, scene.case
        reporter = turn.someone_by_id(case.reporter)
        if reporter is None:
            return
        if case.behalf is None and not reporter.unreachable:
            turn.tell(reporter, make(scene))
        elif subject:
            by_telephone(scene, subject, make(scene))

    return say


def by_telephone(scene: Scene, subject: str, message: CaseMessage) -> None:
    """Ask somebody to call them."""
    text = getattr(message, "text", "") or getattr(message, "why", "") or scene.case.answer
    ask_to_call(scene.turn, scene.case, subject, text)


def ask_to_call(turn: Turn, case: Case, subject: str, text: str) -> None:
    """A telephone task for whoever calls about that case."""
    person = caller(turn, case)
    if person is None:
        return
    remind = turn.charter.calendar.after(turn.now, turn.charter.deadlines.contact)
    call = turn.unit.calls.add(case.id, person.id, subject, text, turn.now, remind)
    turn.tell(person, notices.PhoneTask(case.id, call, subject, text), urgent=case.urgent)


def caller(turn: Turn, case: Case) -> Person | None:
    """Who telephones about a case: the member who reported for somebody, else its holder, else a coordinator.

    Whoever has left that role does not: it goes on with the next one. Somebody who comes back is asked again.
    """
    reporter = turn.someone_by_id(case.reporter)
    nearest = (reporter if case.behalf else None, turn.someone_by_id(case.holder))
    if found := next((person for person in nearest if person and may_call(case, person)), None):
        return found
    others = [person for person in turn.unit.people.staff(Role.COORDINATOR) if case.behalf or person != reporter]
    return min(others, key=lambda person: person.unreachable, default=None)


def holder(make: Callable[[Scene], CaseMessage]) -> Tell:
    """The member who holds the case, unless it was their own doing."""

    def say(scene: Scene) -> None:
        if scene.holder and scene.holder.id != scene.event.by:
            scene.turn.tell(scene.holder, make(scene), urgent=scene.case.urgent)

    return say


def whoever_holds(make: Callable[[Scene], CaseMessage]) -> Tell:
    """The member who holds the case; where they have left since, the coordinators."""

    def say(scene: Scene) -> None:
        (holder(make) if scene.holder else coordinators(make))(scene)

    return say


def holder_card(scene: Scene) -> None:
    """The member who holds the case gets its card."""
    if scene.holder:
        scene.turn.card(scene.holder, CaseCard(scene.case.id), urgent=scene.case.urgent)


def coordinators(make: Callable[[Scene], CaseMessage]) -> Tell:
    """Everyone who runs the group, but whoever did it."""

    def say(scene: Scene) -> None:
        for person in scene.coordinators:
            if person.id != scene.event.by:
                scene.turn.tell(person, make(scene), urgent=scene.case.urgent)

    return say


def danger(scene: Scene) -> None:
    """Words of danger came later than the concern: whoever has heard of it hears at once, quiet hours or not."""
    if scene.case.urgent and not scene.before.urgent and scene.before.settled_at:
        holder_card(scene)
        coordinators_card(scene)


def coordinators_card(scene: Scene) -> None:
    """Everyone who runs the group gets the card."""
    for person in scene.coordinators:
        scene.turn.card(person, CaseCard(scene.case.id), urgent=scene.case.urgent)


# -- what, where it takes more than one line


def former_holder(scene: Scene) -> None:
    """Whoever held it before somebody else did; calls they still had to make go to the new holder."""
    if scene.before.holder is not None and scene.case.holder is not None:
        scene.turn.unit.calls.hand_over(scene.case.id, scene.before.holder, scene.case.holder)
    former = scene.turn.someone_by_id(scene.before.holder)
    if former and former.id != scene.case.holder and former.id != scene.event.by:
        scene.turn.tell(former, notices.TakenAway(scene.case.id, scene.case.number))


def withdrawn(scene: Scene) -> None:
    """Whoever holds it, else the coordinators where they have heard of it; the resident where it lapsed."""
    lapsed = scene.case.reason == LAPSED
    gone = notices.Withdrawn(scene.case.id, scene.case.number, lapsed)
    if lapsed:
        resident(lambda s: notices.Lapsed(s.case.id))(scene)
    if scene.holder and scene.before.state != "accepted":
        scene.turn.tell(scene.holder, gone)
    elif scene.before.settled_at:
        coordinators(lambda s: gone)(scene)


def closed(scene: Scene) -> None:
    """The holder hears the verdict; the resident only what was decided without them."""
    match scene.event:
        case CaseClosed(satisfaction=Satisfaction.NO_ANSWER):
            resident(lambda s: notices.ClosedWithoutAnswer(s.case.id))(scene)
        case CaseClosed(satisfaction=Satisfaction.NOT, reason=why) if why:
            resident(lambda s: notices.Confirmed(s.case.id, why), "confirmed")(scene)
        case CaseClosed(satisfaction=satisfaction):
            whoever_holds(lambda s: notices.VerdictIn(s.case.id, satisfaction))(scene)


def reopened(scene: Scene) -> None:
    """The holder starts again, coordinators hear of it, the resident where somebody else decided it."""
    by_resident = not scene.before.disputed
    cause = ("came_back" if scene.before.asked_back else "not_solved") if by_resident else "review"
    holder(lambda s: notices.StartAgain(s.case.id, cause))(scene)
    coordinators(lambda s: notices.StartAgain(s.case.id, cause))(scene)
    if not by_resident:
        resident(lambda s: notices.TakenUpAgain(s.case.id))(scene)


def reminded(scene: Scene) -> None:
    """Whoever must act: the resident where an answer is awaited, else the holder or the coordinators."""
    event = scene.event
    if not isinstance(event, Reminded) or event.silent:
        return
    match event.clock:
        case ClockName.INFO:
            resident(lambda s: notices.InfoNudge(s.case.id, event.mark == MarkName.WARN), "info")(scene)
        case ClockName.VERDICT:
            resident(lambda s: notices.AskVerdict(s.case.id, reminder=True))(scene)
        case _:
            for person in actors(scene, event.clock):
                remind(scene, person, event)


def actors(scene: Scene, clock: str) -> list[Person]:
    """Who must act on a deadline: coordinators assign and settle disputes, the holder does the rest."""
    if clock in (ClockName.ASSIGN, ClockName.DISPUTE) or scene.holder is None:
        return scene.coordinators
    return [scene.holder]


def remind(scene: Scene, person: Person, event: Reminded) -> None:
    """Before the deadline with the morning's list, unless that is too late or the case urgent; else at once."""
    message = notices.Reminder(scene.case.id, event.clock, event.mark)
    if event.mark in REMINDERS and not scene.case.urgent and morning_comes_first(scene, event.clock):
        scene.turn.tell_in_the_morning(person, message)
    else:
        scene.turn.tell(person, message, urgent=scene.case.urgent)


def morning_comes_first(scene: Scene, clock: str) -> bool:
    """Whether the next morning's list is read before the deadline has passed."""
    charter, now = scene.turn.charter, scene.turn.now
    due = (step.due for step in followups.steps(scene.case, charter) if step.clock == clock)
    return charter.calendar.next_at(now, charter.morning) < min(due, default=now)


def raised(scene: Scene) -> None:
    """The coordinators and whoever must act; of urgent cases that are elevated the observers too."""
    event = scene.event
    if not isinstance(event, SupervisionRaised):
        return
    message = notices.Rising(scene.case.id, event.clock, event.level)
    told = {person.id: person for person in [*scene.coordinators, *actors(scene, event.clock)]}
    for person in told.values():
        scene.turn.tell(person, message, urgent=scene.case.urgent)
    if event.level is Supervision.ELEVATED and scene.case.urgent:
        for person in scene.observers:
            scene.turn.tell(person, message, urgent=True)


def asked_verdict(scene: Scene) -> None:
    """The resident is asked with the news; somebody who is not on Telegram is called."""
    resident(lambda s: notices.AskVerdict(s.case.id), "verdict")(scene)


def resident_says(scene: Scene) -> None:
    """The holder reads what the resident wrote; somebody else's case changes nothing for the one who wrote it."""
    match scene.event:
        case SaidToMember(text=text, file_kind=kind, file_id=file) | InfoGiven(text=text, file_kind=kind, file_id=file):
            whoever_holds(lambda s: notices.ResidentSays(s.case.id, text, kind, file))(scene)
        case WordsEdited(new=text):
            holder(lambda s: notices.ResidentSays(s.case.id, text))(scene)


def member_says(scene: Scene) -> None:
    """The resident reads what the member wrote, or hears it by telephone."""
    match scene.event:
        case SaidToResident(text=text, file_kind=kind, file_id=file):
            resident(lambda s: notices.MemberSays(s.case.id, s.author, text, kind, file), "say")(scene)


def info_asked(scene: Scene) -> None:
    """The resident is asked, in the chat or by telephone."""
    match scene.event:
        case InfoAsked(text=text):
            resident(lambda s: notices.InfoWanted(s.case.id, s.author, text), "info")(scene)


def verdict_words(scene: Scene) -> None:
    """The holder reads the resident's own words about the outcome."""
    match scene.event:
        case VerdictExplained(text=text):
            whoever_holds(lambda s: notices.VerdictWords(s.case.id, text))(scene)


AUDIENCE: dict[type[Event], Audience] = {
    CaseSubmitted: (),
    CaseSettled: (coordinators_card,),
    WordsAdded: (danger,),
    WordsEdited: (resident_says,),
    AttachmentAdded: (),
    PlaceAdded: (),
    CommunityChosen: (),
    CategoryChanged: (),
    CaseWithdrawn: (withdrawn,),
    CaseDeclined: (resident(lambda s: notices.Declined(s.case.id, s.case.reason), "declined"),),
    CaseAssigned: (holder_card, former_holder),
    CaseReturned: (coordinators(lambda s: notices.Returned(s.case.id, s.author, s.case.reason)), coordinators_card),
    CaseClaimed: (resident(lambda s: notices.Claimed(s.case.id, s.author)),),
    SaidToResident: (member_says,),
    SaidToMember: (resident_says,),
    NoteAdded: (),
    CallLogged: (),
    InfoAsked: (info_asked,),
    InfoGiven: (resident_says,),
    CaseResolved: (asked_verdict,),
    VerdictDisputed: (
        coordinators(lambda s: notices.Disputed(s.case.id)),
        holder(lambda s: notices.VerdictIn(s.case.id, "not")),
    ),
    VerdictExplained: (verdict_words,),
    CaseClosed: (closed,),
    CaseReopened: (reopened,),
    LookedBack: (),
    LookBackAsked: (resident(lambda s: notices.AskStillGood(s.case.id), "look_back"),),
    Reminded: (reminded,),
    SupervisionRaised: (raised,),
}
