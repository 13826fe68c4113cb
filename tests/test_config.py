"""Settings: the example is complete, defaults are the product's, and what is wrong is said in one sentence."""

import re
import stat
import tomllib
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bot import config
from bot.config import ConfigError, Settings, load
from bot.config_errors import section_of
from bot.config_example import EXAMPLE, render_example, write_config
from domain.calendar import Span
from domain.charter import Charter, Community, Deadlines, Handling, Limits, QuietHours

TOKEN = "123456:AAE-made_up_token_for_tests_0123456"
PLACE = {"communities", "sectors", "categories", "emergency"}
"""What every group has of its own: the example shows samples, the default is none."""
SAMPLE = Path(config.__file__).with_name("sample_place.toml")


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text), environ)
    assert caught.value.__cause__ is None
    assert not isinstance(caught.value.__context__, ValidationError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting's dotted key; those of a table that can be repeated too."""
    for name, field in model.model_fields.items():
        inner = section_of(field.annotation)
        if inner:
            yield from settings_of(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def keys_in(table: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in table.items():
        entry = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        if isinstance(entry, dict) and key not in ("name", "names"):
            yield from keys_in(entry, f"{prefix}{key}.")
        else:
            yield prefix + key


class TestExample:
    """config.example.toml is the reference."""

    def test_it_has_every_setting_exactly_once(self) -> None:
        shown = list(keys_in(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))))
        # An empty list of coordinators cannot show what an entry looks like; its comment does.
        expected = [key for key in settings_of(Settings) if not key.startswith("roster.coordinators.")]
        assert sorted(shown) == sorted([*expected, "roster.coordinators"])

    def test_every_value_is_the_default(self) -> None:
        example, defaults = load(EXAMPLE, {}), Settings()
        for name in set(Settings.model_fields) - PLACE:
            assert getattr(example, name) == getattr(defaults, name), name

    def test_its_place_is_that_of_the_demo(self) -> None:
        example, sample = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (EXAMPLE, SAMPLE))
        example["categories"][0].pop("handling")  # the default, written out once to show it
        stale = [name for name in sorted(PLACE) if example[name] != sample[name]]
        assert not stale, f"paste {', '.join(stale)} from {SAMPLE.name} into {EXAMPLE.name} again"

    def test_every_setting_is_explained_in_both_languages(self) -> None:
        comment = ""
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                comment = line
            elif not line or line.startswith("[["):
                continue
            elif line.startswith("["):
                comment = ""
            elif not line.startswith((" ", "]")) and "=" in line:
                assert re.search(r"[\u4e00-\u9fff]", comment), line
                assert re.search(r"[A-Za-z]{3}", comment), line

    def test_it_makes_a_first_configuration(self, tmp_path: Path) -> None:
        path = write_config(tmp_path / "new", render_example('广水"一线"', 42, "陈静\x7f"))
        settings = load(path, {})
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert settings.group.name == {"zh": '广水"一线"'}
        assert [(person.id, person.name) for person in settings.roster.coordinators] == [(42, "陈静\x7f")]

    def test_it_does_not_overwrite_one(self, tmp_path: Path) -> None:
        written(tmp_path, "precious = 1")
        with pytest.raises(ConfigError, match="is there already"):
            write_config(tmp_path, render_example())
        assert (tmp_path / "config.toml").read_text() == "precious = 1"


class TestSources:
    """The file, the environment, and a file with the token."""

    def test_without_any_all_is_default(self) -> None:
        assert load(None, {}) == Settings()

    def test_the_environment_wins(self, tmp_path: Path) -> None:
        path = written(tmp_path, '[intake]\nsettle = "5m"\njoining = "1m"\n[logs]\nlevel = "error"')
        settings = load(path, {"YIXIAN_INTAKE__SETTLE": "20s", "YIXIAN_LOGS__FORMAT": "json", "PATH": "/bin"})
        assert settings.intake.settle == timedelta(seconds=20)
        assert settings.intake.joining == timedelta(minutes=1)
        assert (settings.logs.level, settings.logs.format) == ("error", "json")

    def test_the_environment_reaches_nested_tables_numbers_truths_and_lists(self) -> None:
        settings = load(
            None,
            {
                "YIXIAN_DEADLINES__HANDLE__ORDINARY": "9d",
                "YIXIAN_WEBHOOK__PORT": "9000",
                "YIXIAN_TELEGRAM__BASE_URL": "http://127.0.0.1:8081/",
                "YIXIAN_TELEGRAM__LOCAL_MODE": "true",
                "YIXIAN_COMMUNITIES": '[{"code": "a", "names": "甲"}]',
                "YIXIAN_GROUP__NAME": "[not json]",
                "YIXIAN_CONFIG": "/etc/yixian/config.toml",
            },
        )
        assert settings.deadlines.handle.ordinary == Span(9, "d")
        assert settings.webhook.port == 9000
        assert settings.telegram.local_mode is True
        assert settings.telegram.bot_address == "http://127.0.0.1:8081/bot"
        assert settings.telegram.file_address == "http://127.0.0.1:8081/file/bot"
        assert settings.communities[0].names == {"zh": "甲"}
        assert settings.group.name == {"zh": "[not json]"}

    def test_the_process_environment_is_not_read_behind_our_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TELEGRAM", '{"mode": "webhook"}')
        monkeypatch.setenv("YIXIAN_LOGS__LEVEL", "error")
        assert load(None, {}).logs.level == "info"

    def test_a_token_comes_from_the_environment(self) -> None:
        assert load(None, {"YIXIAN_TELEGRAM__TOKEN": TOKEN}).required_token() == TOKEN

    def test_a_token_comes_from_its_own_file(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(TOKEN + "\n")
        (tmp_path / "token").chmod(0o600)
        path = written(tmp_path, '[telegram]\ntoken_file = "token"', mode=0o644)
        assert load(path, {}).required_token() == TOKEN
        other = TOKEN.replace("AAE", "BBB")
        assert load(path, {"YIXIAN_TELEGRAM__TOKEN": other}).required_token() == other

    def test_without_a_token_the_remedy_is_told(self) -> None:
        with pytest.raises(ConfigError, match="@BotFather"):
            load(None, {}).required_token()

    def test_a_token_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(TOKEN)
        (tmp_path / "token").chmod(0o640)
        told = refusal(tmp_path, '[telegram]\ntoken_file = "token"')
        assert told == (
            f"telegram.token_file is in {tmp_path}/token, but others can read that (mode 0640): "
            f"run `chmod 600 {tmp_path}/token`."
        )

    @pytest.mark.parametrize("secret", [f'telegram.token = "{TOKEN}"', 'webhook.secret = "0123456789abcdef"'])
    def test_a_secret_in_a_file_that_others_can_read_is_refused(self, tmp_path: Path, secret: str) -> None:
        with pytest.raises(ConfigError, match="chmod 600"):
            load(written(tmp_path, secret, mode=0o644), {})
        assert load(written(tmp_path, secret, mode=0o600), {})

    @pytest.mark.parametrize("content", ["", "not a token", "\xff"])
    def test_a_file_without_a_token_is_refused(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "token").write_bytes(content.encode("latin-1"))
        (tmp_path / "token").chmod(0o600)
        told = refusal(tmp_path, '[telegram]\ntoken_file = "token"')
        assert told.startswith("telegram.token_file is")
        assert not content or content not in told

    def test_a_token_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        assert "No such file" in refusal(tmp_path, '[telegram]\ntoken_file = "nowhere"')

    def test_a_configuration_that_is_not_there_or_not_toml_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="bot init"):
            load(tmp_path / "config.toml", {})
        assert "at line 2" in refusal(tmp_path, "[intake]\nsettle = \n")
        (tmp_path / "config.toml").write_bytes(b"\xff")
        with pytest.raises(ConfigError, match="cannot be read"):
            load(tmp_path / "config.toml", {})

    def test_paths_start_at_the_folder_of_the_file(self, tmp_path: Path) -> None:
        path = written(tmp_path, '[templates]\noverlay = "words"')
        settings = load(path, {})
        assert settings.home == tmp_path
        assert settings.database_url == f"sqlite:///{tmp_path}/yixian.db"
        assert settings.data_folder == tmp_path
        assert settings.overlay == tmp_path / "words"

    @pytest.mark.parametrize(
        "url", ["sqlite://", "sqlite:///:memory:", "sqlite:////a/b.db", "postgresql+psycopg://h/d"]
    )
    def test_other_databases_stay_as_they_are(self, tmp_path: Path, url: str) -> None:
        assert load(written(tmp_path, f'[storage]\nurl = "{url}"'), {}).database_url == url

    def test_nothing_can_be_changed_later(self) -> None:
        settings = load(None, {})
        with pytest.raises(ValidationError):
            settings.intake.batch = 5
        with pytest.raises(ValidationError):
            settings.logs = settings.logs


WRONG = [
    ('intake.settle = "90x"', "intake.settle is '90x', but it must be a whole number and s, m, h or d"),
    ('intake.settle = "2wh"', "intake.settle is '2wh', but it must be a whole number and s, m, h or d"),
    ("intake.settle = 90", "intake.settle is 90, but it must be a whole number and s, m, h or d"),
    ('intake.settle = "5000d"', "intake.settle is '5000d', but it must be at most 1000 days"),
    ('intake.dialog_lasts = "0s"', "intake.dialog_lasts is '0s', but it must be more than 0"),
    ("intake.batch = 101", "intake.batch is 101, but it must be less than or equal to 100"),
    ('intake.batch = "many"', "intake.batch is 'many', but it must be a valid integer."),
    ("intake = 5", "intake is 5, but it must be a table, as in [intake]"),
    ('intake.setle = "90s"', "intake.setle is not a setting; did you mean intake.settle?"),
    ("intakes.settle = 1", "intakes is not a setting; did you mean intake?"),
    (
        "deadlines.handle.normal = 1",
        "deadlines.handle.normal is not a setting; known here: question, ordinary, complex",
    ),
    ('deadlines.claim = "0wd"', "deadlines.claim is '0wd', but it must be more than 0"),
    ('deadlines.look_back = ["30d", "soon"]', "deadlines.look_back.2 is 'soon', but it must be a whole number"),
    ('deadlines.look_back = ["30d", "9d"]', "deadlines.look_back is ['30d', '9d'], but they must grow"),
    ('deadlines.info_lapses = "5d"', "deadlines.info_nudges is ['3d', '10d', '24d'], but they must grow, and end"),
    ('deadlines.verdict = "7d"', "deadlines.verdict_reminder is '7d', but it must come before deadlines.verdict"),
    ('telegram.mode = "poling"', "telegram.mode is 'poling', but it must be 'polling' or 'webhook'"),
    ('telegram.base_url = "https://h/bot"', "telegram.base_url is 'https://h/bot', but it must be http:// or https://"),
    ('telegram.base_url = "https://h:99999"', "telegram.base_url is"),
    ('telegram.base_url = "telegram"', "telegram.base_url is 'telegram', but it must be http:// or https://"),
    ('telegram.proxy = "ftp://h:1"', "telegram.proxy is 'ftp://h:1', but it must be empty, or an address"),
    ('telegram.connect_timeout = "40s"', "telegram.connect_timeout is '40 s', but it must not be longer than"),
    ("telegram.local_mode = true", "telegram.local_mode is True, but only a Bot API server of your own has that"),
    ('telegram.mode = "webhook"', "webhook.secret is '', but telegram.mode is webhook"),
    (
        'telegram.mode = "webhook"\nwebhook.secret = "0123456789abcdef"\nwebhook.url = "http://h/t"',
        "webhook.url is 'http://h/t', but it must begin with https://",
    ),
    (
        'telegram.mode = "webhook"\nwebhook.secret = "0123456789abcdef"\nwebhook.url = "https://h:9000/t"',
        "webhook.url is 'https://h:9000/t', but its port must be one of 443, 80, 88, 8443",
    ),
    (
        'telegram.mode = "webhook"\nwebhook.secret = "0123456789abcdef"\nwebhook.url = "https://h/yixian/"',
        "webhook.url is 'https://h/yixian/', but it must be the whole address Telegram calls and end in webhook.path, "
        "/telegram: set it to https://h/yixian/telegram, or change webhook.path.",
    ),
    (
        'telegram.mode = "webhook"\nwebhook.secret = "0123456789abcdef"\nwebhook.url = "https://h/telegram?a=/telegram"',
        "webhook.url is 'https://h/telegram?a=/telegram', but it must be the whole address Telegram calls and end in "
        "webhook.path, /telegram: set it to https://h/telegram, or change webhook.path.",
    ),
    ('webhook.url = "https://h:99999/telegram"', "webhook.url is 'https://h:99999/telegram', but it must be empty or"),
    ('webhook.secret = "short"', "webhook.secret is not shown here, but it must be 16 to 256 of the characters"),
    ('webhook.path = "telegram"', "webhook.path is 'telegram', but it must be a path"),
    ("webhook.port = 0", "webhook.port is 0, but it must be greater than or equal to 1"),
    ("group.name = ''", "group.name is '', but it must be a name in quotes"),
    ("group.languages = []", "group.languages is [], but it must have at least 1 item"),
    ('group.languages = ["zh", "zh"]', "group.languages is 'a list with zh in it twice', but"),
    ('group.time_zone = "Mars/Base"', "group.time_zone is 'Mars/Base', but it must be the name of a time zone"),
    ('group.time_zone = "../../etc"', "group.time_zone is '../../etc', but it must be the name of a time zone"),
    ('group.country = "XX"', "group.country is 'XX', but there is no holiday calendar for 'XX'"),
    ('group.country = "china"', "group.country is 'china', but it must be the code of a country"),
    ('calendar.overrides = "none.toml"', "calendar.overrides is 'none.toml', but"),
    ('calendar.opens = "18:00"', "calendar.opens is '18:00', but it must be before 17:30"),
    ('quiet.start = "25:00"', "quiet.start is '25:00', but it must be a time of day in quotes"),
    ('digest.weekday = "funday"', "digest.weekday is 'funday', but it must be one of monday, tuesday"),
    (
        'storage.url = "mysql://h/d"',
        "storage.url is 'mysql://h/d', but it must be sqlite:///FILE or postgresql+psycopg://HOST/DATABASE.",
    ),
    ('storage.url = "postgresql://h/d"', "storage.url is 'postgresql://h/d', but it must be sqlite:///FILE or"),
    ('storage.url = "postgresql+psycopg://h"', "storage.url is 'postgresql+psycopg://h', but it must be"),
    ("limits.file_bytes = 30000000", "limits.file_bytes is 30000000, but it must be at most 20971520 without"),
    ("limits.reply = 49", "limits.reply is 49, but it must be 0 for no limit, or from 50 to 4000."),
    ("limits.note = 4001", "limits.note is 4001, but it must be 0 for no limit, or from 50 to 4000."),
    ("limits.concern = -1", "limits.concern is -1, but it must be 0 for no limit, or from 50 to 4000."),
    ('limits.concern = ""', "limits.concern is '', but it must be a valid integer"),
    ("limits.attachments = -1", "limits.attachments is -1, but it must be greater than or equal to 0"),
    ("limits.file_bytes = -1", "limits.file_bytes is -1, but it must be greater than or equal to 0"),
    ("limits.pace = 0", "limits.pace is 0, but it must be"),
    ('limits.pace = [{ count = 0, within = "5m" }]', "limits.pace.1.count is 0, but it must be greater than or equal"),
    ("[[limits.pace]]\ncount = 1", "limits.pace.1.within is missing"),
    ('sender.first_wait = "1h"', "sender.first_wait is '3600 s', but it must not be longer than sender.longest_wait"),
    ("roster.coordinators = [{ id = 0 }]", "roster.coordinators.1.id is 0, but it must be greater than or equal to 1"),
    (
        '[[communities]]\ncode = "a"\nnames = "甲"\n[[communities]]\ncode = "甲"\nnames = "乙"',
        "communities.2.code is '甲'",
    ),
    (
        '[[communities]]\ncode = "a"\nnames = "甲"\n[[communities]]\ncode = "a"\nnames = "乙"',
        "communities is 'a list with",
    ),
    ('[[sectors]]\ncode = "s"\nnames = "界"\ncategories = ["x"]', "sectors.s.categories is 'x', but there is no such"),
    ('[[categories]]\ncode = "c"\nnames = "类"\nhandling = "hard"', "categories.1.handling is 'hard', but it must be"),
    (
        "[[emergency.numbers]]\nnames = '火警'\nnumber = 119",
        "emergency.numbers.1.number is 119, but it must be a telephone",
    ),
]


class TestErrors:
    """One sentence: the key, the value, what is allowed."""

    @pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[text[:40] for text, _ in WRONG])
    def test_it_is_told_in_one_sentence(self, tmp_path: Path, text: str, sentence: str) -> None:
        told = refusal(tmp_path, text)
        assert told.startswith(sentence)
        assert told.endswith((".", "?"))

    @pytest.mark.parametrize(
        "text",
        [
            f"telegram.token = '{TOKEN}!'",
            f"telegram.tokn = '{TOKEN}'",
            f"telegram.token = ['{TOKEN}']",
            f"telegram.base_url = 'https://api.telegram.org/bot{TOKEN}/'",
            f"telegram = '{TOKEN}'",
            f"telegram.token = '{TOKEN}",
            f"'{TOKEN}' = 1",
        ],
    )
    def test_the_token_is_never_told(self, tmp_path: Path, text: str) -> None:
        assert TOKEN not in refusal(tmp_path, text)

    def test_passwords_in_addresses_are_not_told(self, tmp_path: Path) -> None:
        assert "geheim" not in refusal(tmp_path, "telegram.proxy = 'ftp://me:geheim@h:1'")
        assert "geheim" not in refusal(tmp_path, "storage.url = 'mysql://me:geheim@h/d'")

    def test_a_long_value_is_cut(self, tmp_path: Path) -> None:
        assert len(refusal(tmp_path, f"logs.level = '{1000 * 'x'}'")) < 200

    @pytest.mark.parametrize("name", ["YIXIAN_TELEGRAM_TOKEN", "YIXIAN_X", "YIXIAN_"])
    def test_a_misspelt_variable_is_refused(self, tmp_path: Path, name: str) -> None:
        assert refusal(tmp_path, "", **{name: TOKEN}) == (
            f"{name} is not a setting: variables are named YIXIAN_SECTION__KEY, as in YIXIAN_TELEGRAM__TOKEN."
        )

    def test_a_variable_for_an_unknown_key_is_refused(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "", YIXIAN_INTAKE__SETLE="1s").startswith("intake.setle is not a setting")

    def test_a_variable_within_a_variable_is_refused(self, tmp_path: Path) -> None:
        assert "is not a setting" in refusal(tmp_path, "", YIXIAN_GROUP="x", YIXIAN_GROUP__NAME="y")


class TestCharter:
    """The same settings as the rules see them."""

    def test_the_defaults_are_those_of_the_rules(self) -> None:
        charter = load(None, {}).charter(())
        assert charter == Charter(group={"zh": "一线", "en": "Yixian"}, calendar=charter.calendar)

    def test_every_setting_reaches_the_rules(self, tmp_path: Path) -> None:
        text = """
            group = { name = "广水", languages = ["zh"], time_zone = "Europe/Berlin", country = "DE-BY" }
            intake = { settle = "1m", joining = "2m", relay_after = "3s", dialog_lasts = "4h", invite_lasts = "5h" }
            quiet = { start = "22:00", end = 07:00:00 }
            calendar = { opens = "09:00", closes = "18:00" }
            digest = { morning = "07:30", hour = "07:45", weekday = "friday", chat_id = -100123 }
            deadlines = { claim = "3wd", handle = { question = "1d" }, just_acted = "1h" }
            [[communities]]
            code = "a"
            names = { en = "A" }
            street = "S"
            keywords = ["k"]
            [limits]
            concern = 100
            note = 101
            reply = 102
            attachments = 3
            file_bytes = 104
            pace = [{ count = 1, within = "1m" }]
        """
        charter = load(written(tmp_path, text), {}).charter([2026])
        expected = Charter(
            group={"zh": "广水"},
            calendar=charter.calendar,
            languages=("zh",),
            communities=(Community("a", {"en": "A"}, "S", ("k",)),),
            quiet=QuietHours(time(22), time(7)),
            deadlines=Deadlines(
                claim=Span(3, "wd"),
                handle={**Deadlines().handle, Handling.QUESTION: Span(1, "d")},
                just_acted=timedelta(hours=1),
            ),
            limits=Limits(100, 101, 102, 3, 104, ((1, timedelta(minutes=1)),)),
            settle=timedelta(minutes=1),
            joining=timedelta(minutes=2),
            relay_after=timedelta(seconds=3),
            dialog_lasts=timedelta(hours=4),
            invite_lasts=timedelta(hours=5),
            morning=time(7, 30),
            digest_hour=time(7, 45),
            digest_weekday=4,
            digest_chat=-100123,
        )
        assert charter == expected
        assert (charter.calendar.zone.key, charter.calendar.opens) == ("Europe/Berlin", time(9))

    def test_holidays_and_make_up_days_reach_the_calendar(self, tmp_path: Path) -> None:
        (tmp_path / "holidays.toml").write_text("[2035]\nholidays = [2035-03-07]\nworkdays = [2035-03-10]\n")
        settings = load(written(tmp_path, 'calendar.overrides = "holidays.toml"'), {})
        calendar = settings.charter(range(2024, 2036)).calendar
        assert not calendar.is_working_day(date(2024, 10, 1))
        assert calendar.is_working_day(date(2024, 10, 12))  # a Saturday worked for the National Day week
        assert not calendar.is_working_day(date(2035, 3, 7))
        assert calendar.is_working_day(date(2035, 3, 10))
        assert 2035 in settings.holidays([2035]).covered

    def test_the_weekend_is_the_countrys(self) -> None:
        assert load(None, {"YIXIAN_GROUP__COUNTRY": "EG"}).charter(()).calendar.weekend == {4, 5}

    def test_the_example_is_a_usable_charter(self) -> None:
        charter = load(EXAMPLE, {}).charter([2026])
        assert charter.communities
        assert charter.sectors
        assert charter.categories
        assert charter.emergency.words
        assert charter.emergency.numbers
