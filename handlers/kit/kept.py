"""What somebody sent before it was clear what it is: it waits in the open question until a tap says so."""

from dataclasses import dataclass, replace

from domain.cases import Place
from domain.reading import Look
from domain.visits import Photo
from handlers.kit.incoming import File, Incoming
from handlers.kit.turn import Turn

KEEPS = ".keep"
"""How the name of a step ends that keeps words for the buttons below it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Words, files and a place that wait. ``file`` is the first file, ``more`` are those that came after it."""

    text: str = ""
    message_id: int = 0
    file: File | None = None
    place: Place | None = None
    more: tuple[File, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is something to work with."""
        return bool(self.text or self.file or self.place)

    @property
    def photos(self) -> tuple[Photo, ...]:
        """Every file, as a visit or a report keeps it."""
        files = (self.file, *self.more) if self.file else ()
        return tuple(Photo(file.kind, file.file_id, file.unique_id) for file in files)

    @property
    def without_files(self) -> "Kept":
        """Words and place alone."""
        return replace(self, file=None, more=())

    def and_then(self, after: "Kept") -> "Kept":
        """Both, in order."""
        files = [*filter(None, (self.file, *self.more, after.file)), *after.more]
        return replace(
            self,
            text="\n".join(filter(None, (self.text, after.text))),
            message_id=after.message_id or self.message_id,
            file=files[0] if files else None,
            more=tuple(files[1:]),
            place=after.place or self.place,
        )


def received(turn: Turn) -> Kept:
    """What just came (of a command, the words behind it). Words that give up answer nothing and are never kept."""
    incoming = turn.incoming
    text = incoming.text if incoming.command is None else incoming.arguments
    if turn.look(text) is Look.CANCEL:
        return Kept()
    return Kept(text.strip(), incoming.message_id, incoming.file, incoming.place)


def kept(turn: Turn, lately: bool = False) -> Kept:
    """What waits in the open question, whichever feature asked it; empty where nothing does (or not ``lately``)."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog is None or dialog.expires_at <= turn.now or not dialog.step.endswith(KEEPS):
        return Kept()
    asked_at = dialog.expires_at - turn.charter.dialog_lasts
    if lately and turn.now - asked_at > turn.charter.joining:
        return Kept()
    return dialog.kept(Kept) or Kept()


def once_an_album(incoming: Incoming) -> str | None:
    """The pictures of an album arrive one by one, and need one answer."""
    return f"album:{incoming.chat}:{incoming.album}" if incoming.album else None
