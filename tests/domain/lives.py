"""Ready-made people, a charter and a new case, for tests of the rules."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.calendar import WorkingCalendar
from domain.cases import Case, CaseId, CaseSettled, CaseSubmitted
from domain.casework import Concern
from domain.charter import Category, Charter, Handling
from domain.people import ChatId, Person, PersonId, Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI).astimezone(UTC)
CHARTER = Charter(
    group={"zh": "一线"},
    calendar=WorkingCalendar(SHANGHAI),
    categories=(
        Category("lighting", {"zh": "照明"}),
        Category("question", {"zh": "咨询"}, handling=Handling.QUESTION),
        Category("complex", {"zh": "疑难"}, handling=Handling.COMPLEX),
    ),
)


def person(number: int, name: str, *roles: Role) -> Person:
    """Somebody."""
    return Person(id=PersonId(number), chat=ChatId(number), name=name, roles=frozenset(roles))


WANG = person(1, "王芳")
STRANGER = person(2, "路人")
LEE = person(3, "李建国", Role.MEMBER)
ZHANG = person(4, "张敏", Role.MEMBER)
CHEN = person(5, "陈静", Role.COORDINATOR)
PEOPLE = (WANG, STRANGER, LEE, ZHANG, CHEN)


def submitted(at: datetime = MONDAY, *, urgent: bool = False, category: str | None = "lighting") -> CaseSubmitted:
    """A concern of 王芳's that has just become a case."""
    concern = Concern(
        reporter=WANG.id, text="路灯坏了", category=CHARTER.category(category), community="north", urgent=urgent
    )
    return concern.submitted(CaseId(1), "26-0001", at)


def settled(at: datetime = MONDAY, *, urgent: bool = False, category: str | None = "lighting") -> Case:
    """The same case once staff have heard of it."""
    case = submitted(at, urgent=urgent, category=category).born()
    return CaseSettled(case=case.id, at=at, by=None).apply(case)
