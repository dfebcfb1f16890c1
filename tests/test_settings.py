# SPDX-License-Identifier: Apache-2.0
"""Settings: production refuses what would be unsafe, and every refusal names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from hub.settings import Settings
from hub.store.vault import generate

KEYS = generate()


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Everything that production needs."""
    monkeypatch.setenv("HUB_ENVIRONMENT", "production")
    monkeypatch.setenv("HUB_KEYS", KEYS)
    monkeypatch.setenv("HUB_PUBLIC_URL", "https://hub.example")
    return monkeypatch


def test_settings_without_variables_are_the_embedded_hub() -> None:
    settings = Settings()
    assert (settings.environment, settings.redis_url, settings.keys) == ("development", "", SecretStr(""))
    assert settings.database == f"sqlite:///{Path('.hub/hub.db').absolute()}"


def test_settings_of_production_are_accepted(production: pytest.MonkeyPatch) -> None:
    settings = Settings()
    assert settings.environment == "production"
    assert settings.keys.get_secret_value() == KEYS


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HUB_KEYS", ""), ("HUB_PUBLIC_URL", ""), ("HUB_PUBLIC_URL", "http://hub.example")],
)
def test_settings_of_production_refuse_and_name_the_variable(
    production: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    production.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable) as refused:
        Settings()
    assert KEYS.split(":")[1] not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUB_ENVIRONMENT", "staging"),
        ("HUB_PORT", "0"),
        ("HUB_PORT", "http"),
        ("HUB_WORKERS", "0"),
        ("HUB_CONNECTIONS", "2001"),
        ("HUB_LOG_LEVEL", "loud"),
    ],
)
def test_settings_refuse_an_unusable_value_and_name_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert variable.removeprefix("HUB_").lower() in str(refused.value)


def test_settings_database_url_wins_over_the_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://hub@db/hub")
    assert Settings().database == "postgresql+psycopg://hub@db/hub"


def test_settings_never_show_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KEYS", KEYS)
    settings = Settings()
    assert KEYS.split(":")[1] not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_settings_are_all_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
