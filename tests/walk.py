"""Cases led by chance over a real database: people do what fits (and what does not), and time passes.

No case is made by hand here. Every change is what a rule answered, told by ``announce``; the clock's part is done by
the clock's own handlers. So a state that comes up is one that can come up, and what was said is what would be said.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import TypeVar

from bot.app import FEATURES
from domain import casework
from domain.cases import (
    AttachmentAdded,
    Behalf,
    BehalfKind,
    Case,
    CaseDeclined,
    CaseId,
    CaseWithdrawn,
    Event,
    Outcome,
    Place,
    Satisfaction,
    State,
    VisitId,
    evolve,
)
from domain.casework import Concern, Refusal
from domain.charter import Charter
from domain.digest import Period
from domain.people import ChatId, Invite, Person, PersonId, Role
from domain.visits import Photo, Visit, Visited, WorkKind
from handlers import calls, digest, followup, relay, roster, unreachable
from handlers.announce import decide, open_case
from handlers.invites import InviteDraft, take_name
from handlers.kit.incoming import File, Incoming, Kind
from handlers.kit.routes import Router
from handlers.kit.turn import Kit, Turn
from handlers.notices import PhoneTask
from storage.cases import Attachment
from storage.outbox import Saying
from storage.records import load
from storage.subscriptions import Subscription
from storage.unit import Unit

T = TypeVar("T")

Answer = Event | Refusal
VERDICTS = tuple(Satisfaction)[:3]
KIT = Kit(step_names=Router.of(FEATURES).step_names)

SPANS = (
    *[timedelta(seconds=30), timedelta(minutes=20), timedelta(hours=2), timedelta(hours=7)] * 8,
    *[timedelta(days=1)] * 4,
    timedelta(days=4),
    timedelta(days=15),
    timedelta(days=40),
)
"""How much time passes: mostly little."""
WORDS = (
    "路灯坏了三天",
    "城北社区3号楼的路灯坏了\n老人晚上看不见",
    "<b>漏水</b> & {{ 7*7 }} </blockquote>",
    "👨‍👩‍👧" * 60,
    "灯" * 1900,
)
PLACES = (Place("东门"), Place("<东门>" * 40, 31.2, 121.5), Place("", 31.2, 121.5))
BEHALVES = (
    None,
    None,
    Behalf(BehalfKind.PERSON, "王奶奶", "13800001234"),
    Behalf(BehalfKind.HOUSEHOLD, "<张>家"),
    Behalf(BehalfKind.ENTERPRISE, "老张面馆", "021-5550"),
)
CAST: tuple[tuple[str, str, Role | None], ...] = (
    ("王芳", "zh", None),
    ("", "en", None),
    ("<b>Bob & Co</b>", "en", None),
    ("赵强", "zh", None),
    ("李建国", "zh", Role.MEMBER),
    ("Ann <Lee>", "en", Role.MEMBER),
    ("张敏", "zh", Role.MEMBER),
    ("陈静", "zh", Role.COORDINATOR),
    ("Tom", "en", Role.COORDINATOR),
    ("周宁", "zh", Role.OBSERVER),
    ("水务局", "zh", Role.DEPARTMENT),
)
"""Names, languages and roles; the fourth has blocked the bot."""
FEW = 4
"""Cases that are under way at once."""


@dataclass(slots=True)
class Walk:
    """A group at work.

    ``said`` is all that was said about each case (0: about none), ``former`` are those who held it before.
    """

    unit: Unit
    charter: Charter
    chance: Random
    now: datetime
    cases: list[CaseId] = field(default_factory=list)
    former: dict[CaseId, set[PersonId]] = field(default_factory=lambda: defaultdict(set))
    said: dict[CaseId, list[Saying]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[CaseId, list[int]] = field(default_factory=lambda: defaultdict(list))
    relays: dict[CaseId, list[int]] = field(default_factory=lambda: defaultdict(list))
    visits: list[VisitId] = field(default_factory=list)
    invites: list[int] = field(default_factory=list)
    everyone: list[Person] = field(default_factory=list)
    last_row: int = 0

    # -- who there is

    def begin(self) -> None:
        """People, their habits, visits and links."""
        people = self.unit.people
        communities = [community.code for community in self.charter.communities]
        for number, (name, code, role) in enumerate(CAST, start=1001):
            person = people.seen(ChatId(number), name, code, self.now)
            if role is not None:
                served = tuple(self.chance.sample(communities, 2)) if role is Role.MEMBER else ()
                people.set_roles(replace(person, roles=frozenset({role}), communities=served))
        people.set_unreachable(PersonId(4), True)
        people.set_quiet(PersonId(5), time(0), time(0))
        self.unit.subscriptions.put(Subscription(PersonId(8), Period.DAILY, time(8, 30)))
        self.unit.subscriptions.put(Subscription(PersonId(6), Period.WEEKLY, time(18), False))
        self.meet()
        self.log_visits()
        self.make_links()

    def log_visits(self) -> None:
        """A bare one, and one of which everything is known."""
        member = self.members[0]
        bare = Visit(id=VisitId(0), member=member.id, at=self.now, note=WORDS[2])
        whole = replace(
            bare,
            note=WORDS[4],
            visited=Visited.SHOP,
            community=self.charter.communities[0].code,
            kinds=frozenset(WorkKind),
            place=PLACES[1],
            photos=(Photo("photo", "f1", "u1"),),
        )
        pinned = replace(bare, at=self.now - timedelta(days=1), place=PLACES[2])
        self.visits = [self.unit.visits.add(visit) for visit in (bare, whole, pinned)]

    def make_links(self) -> None:
        """One that waits, and one that was decided."""
        for number, role in enumerate((Role.COORDINATOR, Role.OBSERVER)):
            link = Invite(
                id=0,
                role=role,
                name="<周>宁",
                communities=(),
                sector=None,
                inviter=None,
                expires_at=self.now + self.charter.invite_lasts,
            )
            self.invites.append(self.unit.people.invite(link, f"hash{number}"))
        self.unit.people.use_invite(self.invites[1], self.everyone[9].id)
        self.unit.people.confirm_invite(self.invites[1])

    def invite(self) -> None:
        """A coordinator is asked what a new member brings along."""
        take_name(self.turn_of(self.everyone[7], "<b>新人</b>"), InviteDraft(Role.MEMBER))

    def meet(self) -> None:
        """Everybody, as they are now."""
        found = (self.unit.people.get(PersonId(number)) for number in range(1, len(CAST) + 1))
        self.everyone = [person for person in found if person]

    @property
    def members(self) -> list[Person]:
        """Who can be given a case now."""
        return self.unit.people.staff(Role.MEMBER)

    def case(self, case: CaseId) -> Case:
        """A case as it is now."""
        found = self.unit.cases.get(case)
        assert found is not None
        return found

    # -- what happens

    def step(self) -> set[CaseId]:
        """Time passes and somebody does something; which cases that changed, or said something about."""
        self.now += self.chance.choice(SPANS)
        before = {number: case for number in self.cases if not (case := self.case(number)).at_rest}
        self.clock()
        under_way = [number for number in before if not self.case(number).at_rest]
        if len(under_way) < FEW or self.chance.random() < 0.05:
            self.submit()
        else:
            self.move(self.chance.choice(under_way[-FEW:]))
        if self.chance.random() < 0.03:
            self.come_or_go()
        self.meet()
        changed = {number for number, case in before.items() if case != self.case(number)}
        return self.listen() | changed | {self.cases[-1]}

    def clock(self) -> None:
        """All that is due by now."""
        turn = self.turn_of(None)
        for due in (relay.send_due, followup.follow_up, calls.remind_due, digest.send_due, followup.release_held):
            while due(turn):
                continue
        assert turn.troubles == []

    def turn_of(self, person: Person | None, text: str = "") -> Turn:
        """A message of theirs, or a look at the clock."""
        chat = person.chat if person else ChatId(0)
        incoming = Incoming(update_id=0, kind=Kind.TEXT, chat=chat, at=self.now, text=text)
        return Turn(self.now, self.unit, self.charter, incoming, person, KIT)

    def submit(self) -> None:
        """A concern with as much or as little as one may say."""
        pick, maybe, serial = self.chance.choice, self.maybe, len(self.cases)
        behalf = BEHALVES[serial % len(BEHALVES)]
        reporter = pick(self.members) if behalf else self.everyone[serial % len(self.everyone)]
        place = maybe(pick(PLACES))
        concern = Concern(
            reporter=reporter.id,
            text="" if place and serial % 3 == 1 else pick(WORDS),
            category=maybe(pick(self.charter.categories)),
            community=maybe(pick(self.charter.communities).code),
            urgent=self.chance.random() < 0.15,
            place=place,
            behalf=behalf,
            attached=place is not None,
        )
        accepted = casework.submit(concern, [], self.now, self.charter.limits)
        assert isinstance(accepted, Concern)
        self.cases.append(open_case(self.turn_of(reporter), accepted).id)

    def maybe(self, value: T) -> T | None:
        """The value, or nothing."""
        return value if self.chance.random() < 0.5 else None

    def move(self, number: CaseId) -> None:
        """Somebody tries something with a case: mostly what fits."""
        case, astray = self.case(number), self.chance.random() < 0.1
        by = self.chance.choice(self.everyone) if astray else self.right_one(case)
        self.happen(case, by, self.chosen(case, self.moves(case, by), astray))
        if self.chance.random() < 0.1:
            self.lose(number)

    def chosen(self, case: Case, tried: list[Answer], astray: bool) -> Answer:
        """One of what may be tried: mostly what moves the case on, each kind of event as likely as the others."""
        ends_it = () if self.chance.random() < 0.1 else (CaseDeclined, CaseWithdrawn)
        allowed = [event for event in tried if isinstance(event, Event) and not isinstance(event, ends_it)]
        if astray or not allowed:
            return self.chance.choice(tried)
        moving = [event for event in allowed if standing(evolve(case, event)) != standing(case)]
        found = moving if moving and self.chance.random() < 0.6 else allowed
        kind = self.chance.choice(sorted({type(event) for event in found}, key=lambda kind: kind.__name__))
        return self.chance.choice([event for event in found if isinstance(event, kind)])

    def happen(self, case: Case, by: Person, outcome: Answer) -> None:
        """What the rule answered is told, or said to be refused; a file is kept as the handlers keep it."""
        after = decide(self.turn_of(by), case, outcome)
        if isinstance(outcome, AttachmentAdded):
            held = self.unit.cases.count_attachments(case.id)
            self.unit.cases.attach(case.id, Attachment("photo", f"f{held}", f"u{held}"), by.id, self.now)
        if after and after.holder != case.holder and case.holder:
            self.former[case.id].add(case.holder)
        if after and case.state is State.IN_PROGRESS and self.chance.random() < 0.3:
            self.relay(after)

    def right_one(self, case: Case) -> Person:
        """Who has to act, more often than not."""
        people = self.unit.people
        reporter, holder = people.get(case.reporter), case.holder and people.get(case.holder)
        coordinator = self.chance.choice(people.staff(Role.COORDINATOR))
        assert reporter is not None
        match case.state:
            case State.SUBMITTED | State.ACCEPTED:
                return self.chance.choice([coordinator, coordinator, reporter])
            case State.ASSIGNED | State.IN_PROGRESS if holder and holder.has(Role.MEMBER):
                return self.chance.choice([holder, holder, holder, coordinator, reporter])
            case State.RESOLVED if case.disputed:
                return coordinator
            case State.RESOLVED | State.CLOSED | State.NEED_INFO:
                return self.chance.choice([*[reporter] * 5, holder or coordinator])
            case _:
                return coordinator

    def moves(self, case: Case, by: Person) -> list[Answer]:
        """What that person may try, as the rules answer it."""
        return [
            *self.of_anybody(case, by),
            *self.of_reporter(case, by),
            *self.of_holder(case, by),
            *self.of_coordinator(case, by),
        ]

    def of_anybody(self, case: Case, by: Person) -> list[Answer]:
        """What reporters and staff do alike."""
        pick, now, charter = self.chance.choice, self.now, self.charter
        held = self.unit.cases.count_attachments(case.id)
        return [
            casework.place(case, pick(PLACES), None, by, now),
            casework.choose_community(case, pick(charter.communities).code, by, now),
            casework.categorise(case, pick(charter.categories), by, now),
            casework.attach(case, "photo", held, by, now, charter.limits),
        ]

    def of_reporter(self, case: Case, by: Person) -> list[Answer]:
        """What a resident does, or a member for somebody."""
        pick, now = self.chance.choice, self.now
        urgent = self.chance.random() < 0.3
        more = Concern(reporter=by.id, text="还有煤气味", category=None, community=None, urgent=urgent)
        return [
            casework.settle(case, by, now),
            casework.undo(case, by, now),
            casework.add_words(case, more, by, now),
            casework.edit_words(case, case.text, pick(WORDS), by, now),
            casework.say_to_member(case, pick(WORDS), by, now),
            casework.say_to_member(case, "", by, now, "photo", "f1"),
            *[casework.judge(case, solved, how, by, now) for solved in (True, False) for how in VERDICTS],
            casework.explain_verdict(case, pick(WORDS), by, now),
            *[casework.look_back(case, effective, by, now) for effective in (True, False)],
            casework.log_call(case, "", by, now),
        ]

    def of_holder(self, case: Case, by: Person) -> list[Answer]:
        """What a member does with what they hold."""
        pick, now = self.chance.choice, self.now
        planned = self.charter.calendar.local_date(now) + timedelta(days=self.chance.randrange(60))
        return [
            casework.claim(case, by, now),
            casework.say_to_resident(case, pick(WORDS), by, now),
            casework.say_to_resident(case, "", by, now, "photo", "f1"),
            casework.note(case, pick(WORDS), by, now),
            casework.ask_info(case, pick(WORDS), by, now),
            casework.give_back(case, pick(WORDS), by, now),
            *[casework.resolve(case, o, pick(WORDS), planned, by, now, self.charter) for o in Outcome],
        ]

    def of_coordinator(self, case: Case, by: Person) -> list[Answer]:
        """What is decided about cases."""
        pick, now = self.chance.choice, self.now
        return [
            *[casework.assign(case, member, by, now) for member in self.members],
            casework.decline(case, pick(WORDS), by, now),
            casework.settle_dispute(case, True, "", by, now),
            casework.settle_dispute(case, False, pick(WORDS), by, now),
        ]

    def relay(self, case: Case) -> None:
        """The holder's words wait a moment; perhaps the case is in other hands by then."""
        holder = self.unit.people.get(case.holder) if case.holder else None
        if holder is not None:
            words, file = self.chance.choice([(self.chance.choice(WORDS), None), ("", File("photo", "f1", "u1"))])
            relay.wait(self.turn_of(holder), case, words, file)
            self.relays[case.id].append(self.unit.relays.waiting(case.id)[-1].id)

    def lose(self, case: CaseId) -> None:
        """Something that was said cannot be delivered; whoever it was for writes again later."""
        if self.said[case]:
            lost = self.chance.choice(self.said[case])
            unreachable.lost(self.turn_of(None), lost)
            found = self.unit.people.by_chat(lost.chat)
            if found and self.chance.random() < 0.8:
                self.unit.people.set_unreachable(found.id, False)

    def come_or_go(self) -> None:
        """One of two members gives up the role, where the rules let them, or comes back; the first one stays."""
        person = self.everyone[self.chance.choice((5, 6))]
        turn = self.turn_of(person)
        if Role.MEMBER not in person.roles:
            self.unit.people.set_roles(replace(person, roles=person.roles | {Role.MEMBER}))
        elif roster.may_end(turn, person, Role.MEMBER) is None:
            roster.end(turn, person, Role.MEMBER)

    # -- what was said

    def listen(self) -> set[CaseId]:
        """Take note of what was said; about which cases."""
        new = self.unit.outbox.by_ids(range(self.last_row + 1, self.last_row + 1000))
        for saying in new:
            self.last_row = saying.id
            case = saying.case or CaseId(0)
            self.said[case].append(saying)
            if saying.kind == PhoneTask.__name__:
                self.calls[case].append(load(PhoneTask, saying.fields).call)
        return {saying.case for saying in new if saying.case}


def standing(case: Case) -> tuple[object, ...]:
    """Where a case stands, and whom it waits for."""
    return case.state, case.holder, case.disputed, case.asked_back, case.contacted_at is None
