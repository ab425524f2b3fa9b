"""The settings are what Django reads, made of the configuration; nothing else reads the environment."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from larry.site.configuration import Configuration, WrongSetting, WrongValue, read_configuration
from larry.site.database_url import EmbeddedDatabase, ServedDatabase
from larry.site.embedded_sqlite import connection_class, embed, writes_ahead

LARRY: Configuration = read_configuration(os.environ)
"""What this process was told; `larry.site` and the faces read paths and the time zone here."""

LARRY_SECRETS_KEYS = LARRY.secrets_keys

_PACKAGE = Path(__file__).resolve().parent.parent


def _embedded(database: EmbeddedDatabase) -> dict[str, Any]:
    """SQLite: one writer at a time who takes the lock at BEGIN, so that none fails half way; durable at COMMIT.

    ``recursive_triggers`` has the guards see rows that INSERT OR REPLACE removes. A log written ahead lets readers go
    on during a write; where SQLite is too old for it, that 64 MB of what is written stay in memory keeps a writer from
    locking them out before COMMIT. Of what is read 8 MB stay: what is beyond that, the system keeps for all processes.
    ``secure_delete`` leaves nothing of what is overwritten in the file, such as what has become a secret.
    """
    embed()
    journal = "WAL" if writes_ahead() else "DELETE"
    database.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(database.path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "factory": connection_class(),
            "init_command": (
                f"PRAGMA journal_mode={journal}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                " PRAGMA recursive_triggers=ON; PRAGMA cache_size=-8192; PRAGMA cache_spill=16383;"
                " PRAGMA secure_delete=ON"
            ),
        },
    }


def _served(database: ServedDatabase) -> dict[str, Any]:
    """PostgreSQL: READ COMMITTED whatever the server's default is, and nobody waits for a lock for ever."""
    if importlib.util.find_spec("psycopg") is None:
        why = "the driver of PostgreSQL is not installed"
        raise WrongSetting(WrongValue("database_url", "settings", "postgres://…", why, "pip install 'larry[postgres]'"))
    from psycopg import IsolationLevel

    patience = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=300s"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "HOST": database.host,
        "PORT": str(database.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "larry",
            "connect_timeout": 10,
            "options": patience,
            # Only what asks for it is planned once for a connection: the lookup, whose plan takes longer than itself.
            "prepare_threshold": 2**31,
            **database.options,
            "isolation_level": IsolationLevel.READ_COMMITTED,
        },
    }


def _replica(database: ServedDatabase) -> dict[str, Any]:
    """A server that is only read from; one that is away is noticed soon, because the others are there."""
    served = _served(database)
    options = {**served["OPTIONS"], "connect_timeout": database.options.get("connect_timeout", 2)}
    options["options"] = f"{options['options']} -c default_transaction_read_only=on"
    return {**served, "OPTIONS": options, "TEST": {"MIRROR": "default"}}


DATABASES = {
    "default": _embedded(LARRY.database) if isinstance(LARRY.database, EmbeddedDatabase) else _served(LARRY.database)
}
DATABASES |= {f"replica{number}": _replica(each) for number, each in enumerate(LARRY.replicas, start=1)}
DATABASE_ROUTERS = ["larry.records.route.ReadRoute"] if LARRY.replicas else []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DEBUG = LARRY.debug
SECRET_KEY = LARRY.secret_key
ALLOWED_HOSTS = list(LARRY.allowed_hosts)

INSTALLED_APPS = ["larry.records.apps.RecordsConfig", "django.contrib.sessions", "django.contrib.messages"]
MIDDLEWARE = [
    "larry.web.observed.observe",
    "larry.web.proxy.Proxied",
    "larry.web.headers.add_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "larry.web.door.Door",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
if LARRY.replicas:
    MIDDLEWARE.insert(1, "larry.site.replica.read_elsewhere")
ROOT_URLCONF = "larry.site.urls"
WSGI_APPLICATION = "larry.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PACKAGE / "web" / "templates", _PACKAGE / "api" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {"context_processors": [], "builtins": ["larry.web.tag"]},
    }
]
AUTH_USER_MODEL = "larry.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("name", "full_name", "email")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
SESSION_ENGINE = "larry.web.session"
SESSION_COOKIE_NAME = "larry_session"
SESSION_COOKIE_AGE = LARRY.session_hours * 60 * 60
SESSION_COOKIE_HTTPONLY = True
LARRY_PROXIES = LARRY.proxies
LARRY_DIRECTORY = LARRY.ldap
LARRY_METRICS_FROM = LARRY.metrics_from
LARRY_LOOKUPS_FROM = LARRY.lookups_from
LARRY_WEBHOOK_NETWORKS = LARRY.webhook_networks

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = LARRY.time_zone

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SESSION_COOKIE_SAMESITE = "Lax"  # the cookie of messages follows it: a page reached from a mail shows what was done
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "larry.web.views.error.answer_foreign_form"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
