"""Groups: the bot is added, promoted and removed, people come and go, a group becomes a supergroup."""

from __future__ import annotations

from simulator.buttons import Buttons
from simulator.cast import Chat, ChatType, Membership, Person
from simulator.phones import Who
from simulator.refusals import Impossible, Json


class Groups(Buttons):
    """What happens to groups; their members write with `say(…, chat=group)`."""

    def group(self, title: str, members: list[Who], *, kind: ChatType = "supergroup", with_bot: bool = True) -> Chat:
        """A new group. Its first member made it and adds the bot."""
        people = [self.find_person(who) for who in members]
        if not people:
            raise Impossible("a group needs somebody who makes it")
        number = 4_000_000_000 + self.serial()
        chat = Chat(-1_000_000_000_000 - number if kind == "supergroup" else -number, kind, title, bot="left")
        chat.members = {one.id: "creator" if one is people[0] else "member" for one in people}
        self.chats[chat.id] = chat
        self.record.group(chat)
        self.emit("group", chat_id=chat.id, title=title)
        if with_bot:
            self.add_bot(chat, people[0])
        return chat

    def find_group(self, chat: Chat | int) -> Chat:
        """The group, or `Impossible`."""
        found = chat if isinstance(chat, Chat) else self.chats.get(chat)
        if found is None or found.person is not None:
            raise Impossible(f"there is no group {chat}")
        return found

    def add_bot(self, chat: Chat | int, by: Who, status: Membership = "member") -> None:
        """Adds the bot, or changes its rank ("administrator")."""
        group, person = self.find_group(chat), self.find_person(by)
        arrives = not group.has_bot()
        self.record.deed(person, "promote-bot" if status == "administrator" else "add-bot", group)
        self.bot_moved(group, person, status)
        if arrives:
            self._service(group, person, {"new_chat_members": [self.bot]})

    def remove_bot(self, chat: Chat | int, by: Who) -> None:
        """Removes the bot from a group."""
        group, person = self.find_group(chat), self.find_person(by)
        self.record.deed(person, "remove-bot", group)
        self.bot_moved(group, person, "kicked")

    def join(self, chat: Chat | int, who: Who) -> None:
        """Somebody joins a group."""
        group, person = self.find_group(chat), self.find_person(who)
        if person.id in group.present():
            raise Impossible(f"{person.name} is in {group.title} already")
        self.record.deed(person, "join", group)
        self._moved(group, person, "member")
        self._service(group, person, {"new_chat_members": [person.user()]})

    def leave(self, chat: Chat | int, who: Who) -> None:
        """Somebody leaves a group."""
        group, person = self.find_group(chat), self.find_person(who)
        if person.id not in group.present():
            raise Impossible(f"{person.name} is not in {group.title}")
        self.record.deed(person, "leave", group)
        self._moved(group, person, "left")
        self._service(group, person, {"left_chat_member": person.user()})

    def migrate(self, chat: Chat | int, by: Who) -> Chat:
        """A group becomes a supergroup with another id; calls to the old one are refused with the new id."""
        old, person = self.find_group(chat), self.find_person(by)
        if old.type != "group":
            raise Impossible("only a basic group becomes a supergroup")
        new = Chat(-1_000_000_000_000 - abs(old.id), "supergroup", old.title, members=dict(old.members), bot=old.bot)
        self.chats[new.id] = new
        self.record.deed(person, "migrate", old)
        self._service(old, person, {"migrate_to_chat_id": new.id})
        self._service(new, person, {"migrate_from_chat_id": old.id})
        old.migrated_to = new.id
        self.emit("group", chat_id=new.id, title=new.title)
        return new

    def _moved(self, group: Chat, person: Person, status: Membership) -> None:
        before = group.members.get(person.id, "left")
        group.members[person.id] = status
        update = {
            "chat": group.described(),
            "from": person.user(),
            "date": self.stamp(),
            "old_chat_member": self.member(person.user(), before),
            "new_chat_member": self.member(person.user(), status),
        }
        # Bot API, Update.chat_member: only administrators hear of others.
        if group.bot == "administrator":
            self.queue.push("chat_member", update, ("chat", group.id))
        self.emit("member", chat_id=group.id, person_id=person.id, status=status)

    def _service(self, group: Chat, person: Person, content: Json) -> None:
        """A service message, which every bot in the group gets."""
        post = self.post(group, person.user(), content, outgoing=False)
        if group.has_bot():
            self.queue.push("message", post.message, ("chat", group.id), post=post)
