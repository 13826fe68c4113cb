"""Persons, their roles, and the one-time links by which staff join."""

from datetime import datetime, time

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, literal_column, select, text, update

from domain.people import ChatId, Invite, Person, PersonId, Role
from storage.shelf import Shelf
from storage.tables import WORKED, cases, invites, people

BY_CHAT = select(people).where(people.c.chat == bindparam("chat_"))
BY_ID = select(people).where(people.c.id == bindparam("id_"))
_nobody: ColumnElement[str] = literal_column("''")
STAFF_ONLY = (people.c.roles != _nobody, people.c.roles > _nobody)
STAFF = select(people).where(*STAFF_ONLY)
"""Twice the same: for the index of staff, and for its order. In the order of ids SQLite would read everybody."""
MANY = 100
"""Open cases that are counted of a member: a hundred are a hundred or more, and there is no help in knowing."""
_in_hand = select(cases.c.id).where(cases.c.holder == people.c.id, text(WORKED)).correlate(people).limit(MANY)
_load = select(func.count()).select_from(_in_hand.subquery()).scalar_subquery().label("load")
LOADS = select(people.c.id, _load).where(*STAFF_ONLY)
ADD = insert(people).returning(people.c.id)
CHANGE = update(people).where(people.c.id == bindparam("id_"))
RENAME = CHANGE.values(name=bindparam("name_"), language_code=bindparam("code_"), unreachable=False)
ROLES = CHANGE.values(
    roles=bindparam("roles_"),
    communities=bindparam("communities_"),
    sector=bindparam("sector_"),
    standing=bindparam("standing_"),
)
LANGUAGE = CHANGE.values(language=bindparam("language_"))
QUIET = CHANGE.values(quiet_start=bindparam("start_"), quiet_end=bindparam("end_"))
UNREACHABLE = CHANGE.values(unreachable=bindparam("unreachable_"))
INVITE = insert(invites).returning(invites.c.id)
INVITE_BY_HASH = select(invites).where(invites.c.secret_hash == bindparam("hash_"))
INVITE_BY_ID = select(invites).where(invites.c.id == bindparam("id_"))
USE_INVITE = (
    update(invites)
    .where(invites.c.id == bindparam("id_"), invites.c.used_by.is_(None))
    .values(used_by=bindparam("person_"))
)
CONFIRM_INVITE = (
    update(invites).where(invites.c.id == bindparam("id_"), invites.c.confirmed.is_(False)).values(confirmed=True)
)


class People(Shelf):
    """Everyone who wrote to the bot or was named by the operator."""

    def by_chat(self, chat: ChatId) -> Person | None:
        """The person of a private chat."""
        return maybe(self._connection.execute(BY_CHAT, {"chat_": chat}).one_or_none())

    def get(self, person: PersonId) -> Person | None:
        """The person with that id."""
        return maybe(self._connection.execute(BY_ID, {"id_": person}).one_or_none())

    def add(self, chat: ChatId, name: str, code: str, now: datetime) -> Person:
        """Someone new."""
        row = {"chat": chat, "name": name, "language_code": code, "seen_at": now}
        return Person(
            id=PersonId(self._connection.execute(ADD, row).scalar_one()), chat=chat, name=name, language_code=code
        )

    def seen(self, chat: ChatId, name: str, code: str, now: datetime) -> Person:
        """The person who just wrote: added at first sight, their name and language kept up to date."""
        known = self.by_chat(chat)
        if known is None:
            return self.add(chat, name, code, now)
        if (known.name, known.language_code, known.unreachable) != (name or known.name, code, False):
            named = known.name if (known.staff and known.name) or not name else name
            if (known.name, known.language_code, known.unreachable) != (named, code, False):
                self._connection.execute(RENAME, {"id_": known.id, "name_": named, "code_": code})
                return self.get(known.id) or known
        return known

    def staff(self, role: Role | None = None) -> list[Person]:
        """Everyone with a role (or with that one), in the order they joined."""
        found = sorted((person_of(row) for row in self._connection.execute(STAFF)), key=lambda person: person.id)
        return [person for person in found if role is None or person.has(role)]

    def loads(self) -> dict[PersonId, int]:
        """How many open cases each of the group has in hand, up to ``MANY``."""
        return {PersonId(person): count for person, count in self._connection.execute(LOADS)}

    def set_roles(self, person: Person) -> None:
        """Keep roles, communities, sector and standing flag as ``person`` has them."""
        self._connection.execute(
            ROLES,
            {
                "id_": person.id,
                "roles_": ",".join(sorted(person.roles)),
                "communities_": ",".join(person.communities),
                "sector_": person.sector,
                "standing_": person.standing,
            },
        )

    def rename(self, person: Person, name: str) -> None:
        """Staff carry the name they were invited under."""
        self._connection.execute(RENAME, {"id_": person.id, "name_": name, "code_": person.language_code})

    def set_language(self, person: PersonId, language: str) -> None:
        """The language they chose."""
        self._connection.execute(LANGUAGE, {"id_": person, "language_": language})

    def set_quiet(self, person: PersonId, start: time, end: time) -> None:
        """Their own quiet hours, local time."""
        self._connection.execute(QUIET, {"id_": person, "start_": start.isoformat(), "end_": end.isoformat()})

    def set_unreachable(self, person: PersonId, unreachable: bool) -> None:
        """Telegram says they blocked the bot or left; cleared when they write again."""
        self._connection.execute(UNREACHABLE, {"id_": person, "unreachable_": unreachable})

    def invite(self, invite: Invite, secret_hash: str) -> int:
        """Keep a link; only the hash of its secret is stored."""
        row = {
            "secret_hash": secret_hash,
            "role": invite.role,
            "name": invite.name,
            "communities": ",".join(invite.communities),
            "sector": invite.sector,
            "inviter": invite.inviter,
            "expires_at": invite.expires_at,
        }
        return int(self._connection.execute(INVITE, row).scalar_one())

    def invite_by_hash(self, secret_hash: str) -> Invite | None:
        """The link with that secret."""
        row = self._connection.execute(INVITE_BY_HASH, {"hash_": secret_hash}).one_or_none()
        return None if row is None else invite_of(row)

    def invite_by_id(self, invite: int) -> Invite | None:
        """The link with that id."""
        row = self._connection.execute(INVITE_BY_ID, {"id_": invite}).one_or_none()
        return None if row is None else invite_of(row)

    def use_invite(self, invite: int, person: PersonId) -> bool:
        """Mark it used; False where someone else was first."""
        return self._connection.execute(USE_INVITE, {"id_": invite, "person_": person}).rowcount == 1

    def confirm_invite(self, invite: int) -> bool:
        """Mark it confirmed; False where it already was."""
        return self._connection.execute(CONFIRM_INVITE, {"id_": invite}).rowcount == 1


def maybe(row: Row[tuple[object, ...]] | None) -> Person | None:
    """A person where there is a row."""
    return None if row is None else person_of(row)


def person_of(row: Row[tuple[object, ...]]) -> Person:
    """A row as a person."""
    return Person(
        id=PersonId(row.id),
        chat=ChatId(row.chat),
        name=row.name,
        language=row.language,
        language_code=row.language_code,
        roles=frozenset(Role(role) for role in row.roles.split(",") if role),
        communities=tuple(code for code in row.communities.split(",") if code),
        sector=row.sector,
        standing=row.standing,
        quiet_start=time.fromisoformat(row.quiet_start) if row.quiet_start else None,
        quiet_end=time.fromisoformat(row.quiet_end) if row.quiet_end else None,
        unreachable=row.unreachable,
    )


def invite_of(row: Row[tuple[object, ...]]) -> Invite:
    """A row as a link."""
    return Invite(
        id=row.id,
        role=Role(row.role),
        name=row.name,
        communities=tuple(code for code in row.communities.split(",") if code),
        sector=row.sector,
        inviter=row.inviter,
        expires_at=row.expires_at,
        used_by=row.used_by,
        confirmed=row.confirmed,
    )
