from pathlib import Path

import platformdirs
import pytest

from database.settings import Settings


def test_home_holds_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("BEKOSTIGING_HOME", str(tmp_path))
    settings = Settings.from_environment()
    assert (settings.data_dir, settings.config_dir) == (tmp_path / "data", tmp_path / "config")


def test_without_home_the_folders_of_the_user_are_used(monkeypatch):
    monkeypatch.delenv("BEKOSTIGING_HOME")
    settings = Settings.from_environment()
    assert settings.data_dir == Path(platformdirs.user_data_dir("bekostiging", appauthor=False))
    assert settings.config_dir == Path(platformdirs.user_config_dir("bekostiging", appauthor=False))


@pytest.mark.parametrize(("value", "expected"), [("", None), ("postgresql://h/d", "postgresql://h/d")])
def test_an_empty_database_url_is_no_database_url(monkeypatch, value, expected):
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", value)
    assert Settings.from_environment().database_url == expected


def test_the_user_is_who_is_named_else_who_is_logged_in(monkeypatch):
    monkeypatch.setenv("BEKOSTIGING_USER", "j.jansen")
    assert Settings.from_environment().user == "j.jansen"
    monkeypatch.delenv("BEKOSTIGING_USER")
    monkeypatch.setenv("LOGNAME", "p.pieters")
    assert Settings.from_environment().user == "p.pieters"
