# SPDX-License-Identifier: Apache-2.0
"""Templates, files, numbers and blocked people, through the plugin against the emulated platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import anyio
import httpx
import orjson
import pytest
from hub_meta import Config, Meta
from hub_meta.emulator import MetaEmulator, create
from hub_meta.library import CREATIVE
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from hub.contract import (
    BadConfig,
    BadInput,
    Choice,
    Content,
    File,
    HubError,
    MediaKind,
    Outgoing,
    PlatformCategory,
    Point,
    PointKind,
    Purpose,
    ReactionContent,
    Rejected,
    TemplateContent,
    TemplateDraft,
    TemplateProblem,
    TemplateState,
    TextContent,
)
from hub.contract.contents import ButtonsContent
from hub.flows.gate import clear
from hub.http import Sharded
from hub.law.facts import Decision, Verdict
from hub.testing.provider_table import Notes

ERIKA, JONAS = Point(PointKind.E164, "+4915112345678"), Point(PointKind.E164, "+4915112345679")
PNG = File(MediaKind.IMAGE, "image/png", b"\x89PNG picture", "a.png")


class Account:
    """The plugin and the platform, without a network between them."""

    def __init__(self, emulator: MetaEmulator, app: ASGIApp) -> None:
        self.emulator, self.app = emulator, app
        self.sender = emulator.sender

    def do(self, what: Callable[[Meta], Any], **settings: Any) -> Any:
        """The result of `what`, or the error it ends in."""

        async def run() -> Any:
            config = Config(**{**self.emulator.settings("https://graph.facebook.com"), **settings})
            async with httpx.AsyncClient(transport=Sharded([httpx.ASGITransport(self.app)])) as http:
                try:
                    return await what(Meta(config, http, Notes()))
                except HubError as error:
                    return error

        return anyio.run(run)

    def send(self, content: Content, to: Point = ERIKA, purpose: Purpose = Purpose.SERVICE, **settings: Any) -> Any:
        outgoing = Outgoing("o-1", self.sender, to, purpose, content)
        return self.do(lambda meta: meta.send(clear(outgoing, Decision(Verdict.ALLOW, ()), "d-1")), **settings)

    def asked(self, end: str) -> list[dict[str, Any]]:
        """The bodies of calls whose path ends like this."""
        return [orjson.loads(call.body) for call in self.emulator.log if call.path.endswith(end) and call.body]


@pytest.fixture
def account() -> Iterator[Account]:
    emulator = create(seed=3)
    app = emulator.app()
    with TestClient(app):
        yield Account(emulator, app)


def draft(components: Sequence[dict[str, Any]] = (), **changes: Any) -> TemplateDraft:
    body = {"type": "BODY", "text": "Hallo {{1}}, alles um die Hälfte.", "example": {"body_text": [["Erika"]]}}
    given = {"name": "sale", "language": "de", "category": PlatformCategory.MARKETING}
    return TemplateDraft(**{**given, **changes}, components=components or [body])


# templates


def test_template_is_handed_in_and_listed_as_pending(account: Account) -> None:
    assert account.do(lambda meta: meta.create_template(draft())) is TemplateState.PENDING

    async def listed(meta: Meta) -> list[Any]:
        return [one async for one in meta.templates()]

    (template,) = account.do(listed)
    assert (template.name, template.state, template.parameters) == ("sale", TemplateState.PENDING, ("1",))


def test_template_with_names_is_handed_in_as_named(account: Account) -> None:
    example = {"body_text_named_params": [{"param_name": "name", "example": "Erika"}]}
    body = {"type": "BODY", "text": "Hallo {{name}}!", "example": example}
    assert account.do(lambda meta: meta.create_template(draft([body]))) is TemplateState.PENDING
    assert account.asked("/message_templates")[0]["parameter_format"] == "NAMED"


def test_template_of_a_one_time_code_is_handed_in_without_a_text(account: Account) -> None:
    otp = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Kopieren"}
    parts = [{"type": "BODY", "add_security_recommendation": True}, {"type": "BUTTONS", "buttons": [otp]}]
    code = draft(parts, name="code", category=PlatformCategory.AUTHENTICATION)
    assert account.do(lambda meta: meta.create_template(code)) is TemplateState.PENDING
    account.emulator.templates["code", "de"].status = "APPROVED"
    sent = account.send(TemplateContent("code", "de", (("1", "482913"), ("button.0", "482913"))))
    assert not isinstance(sent, HubError), sent


def test_template_known_to_be_refused_is_not_handed_in(account: Account) -> None:
    body = {"type": "BODY", "text": "{{1}} ist da", "example": {"body_text": [["A"]]}}
    error = account.do(lambda meta: meta.create_template(draft([body])))
    assert isinstance(error, TemplateProblem)
    assert "begins or ends with a variable" in str(error)
    assert account.emulator.log == []


def test_template_handed_in_twice_is_the_templates_problem(account: Account) -> None:
    account.do(lambda meta: meta.create_template(draft()))
    error = account.do(lambda meta: meta.create_template(draft()))
    assert isinstance(error, TemplateProblem)
    assert "2388024" in str(error) or "this language already" in str(error)


@pytest.mark.parametrize(("settings", "refused"), [({}, False), ({"marketing_api": True}, True)])
def test_template_for_the_marketing_api_refuses_metas_own_changes(
    account: Account, settings: dict[str, bool], refused: bool
) -> None:
    account.do(lambda meta: meta.create_template(draft()), **settings)
    (asked,) = account.asked("/message_templates")
    spec = asked.get("degrees_of_freedom_spec", {}).get("creative_features_spec", {})
    assert {name: one["enroll_status"] for name, one in spec.items()} == dict.fromkeys(
        CREATIVE if refused else (), "OPT_OUT"
    )


def test_template_for_the_marketing_api_may_be_left_to_meta(account: Account) -> None:
    settings = {"marketing_api": True, "marketing_creative": True}
    account.do(lambda meta: meta.create_template(draft()), **settings)
    assert "degrees_of_freedom_spec" not in account.asked("/message_templates")[0]


def test_template_is_changed_and_reviewed_again(account: Account) -> None:
    stored = account.emulator.add_template("sale", body="Hallo {{1}}!")
    assert account.do(lambda meta: meta.edit_template(draft())) is TemplateState.PENDING
    assert stored.body == "Hallo {{1}}, alles um die Hälfte."
    again = account.do(lambda meta: meta.edit_template(draft()))
    assert isinstance(again, TemplateProblem), "one that is reviewed cannot be changed"


@pytest.mark.parametrize("changes", [{"name": "missing"}, {"language": "en"}, {"category": PlatformCategory.UTILITY}])
def test_template_that_is_not_there_like_this_is_not_changed(account: Account, changes: dict[str, Any]) -> None:
    stored = account.emulator.add_template("sale", body="Hallo")
    assert isinstance(account.do(lambda meta: meta.edit_template(draft(**changes))), TemplateProblem)
    assert stored.body == "Hallo"


def test_template_is_deleted_in_all_languages(account: Account) -> None:
    for name, language in (("sale", "de"), ("sale", "en"), ("other", "de")):
        account.emulator.add_template(name, language, body="Hallo")
    account.do(lambda meta: meta.delete_template("sale"))
    assert list(account.emulator.templates) == [("other", "de")]
    assert isinstance(account.do(lambda meta: meta.delete_template("sale")), TemplateProblem)


# files


def test_file_is_handed_in_and_sent(account: Account) -> None:
    media = account.do(lambda meta: meta.upload(account.sender, PNG))
    kept = account.emulator.media.get(media)
    assert kept is not None
    assert (kept.content, kept.mime_type, kept.name) == (PNG.content, "image/png", "a.png")
    picture = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
    account.emulator.add_template("sale", components=[picture, {"type": "BODY", "text": "Alles billiger"}])
    sent = account.send(TemplateContent("sale", "de", (("header.image", f"id:{media}"),)))
    assert not isinstance(sent, HubError), sent


@pytest.mark.parametrize(
    "file",
    [
        File(MediaKind.IMAGE, "image/gif", b"x"),
        File(MediaKind.IMAGE, "image/png", b""),
    ],
)
def test_file_that_whatsapp_does_not_take_is_not_handed_in(account: Account, file: File) -> None:
    assert isinstance(account.do(lambda meta: meta.upload(account.sender, file)), Rejected)
    assert account.emulator.log == []


def test_file_of_a_person_is_fetched_with_its_type(account: Account) -> None:
    kept = account.emulator.media.put(b"picture", "image/jpeg")
    file = account.do(lambda meta: meta.download(account.sender, kept.id, 1000))
    assert (file.kind, file.mime_type, file.content) == (MediaKind.IMAGE, "image/jpeg", b"picture")
    assert b"picture" not in repr(file).encode()


def test_file_too_large_or_gone_is_not_fetched(account: Account) -> None:
    kept = account.emulator.media.put(b"picture", "image/jpeg")
    assert isinstance(account.do(lambda meta: meta.download(account.sender, kept.id, 6)), Rejected)
    account.emulator.clock.advance(timedelta(days=31))
    assert isinstance(account.do(lambda meta: meta.download(account.sender, kept.id, 1000)), Rejected)
    for strange in ("../me", "a/b", ""):
        assert isinstance(account.do(lambda meta, id=strange: meta.download(account.sender, id, 9)), Rejected)  # type: ignore[misc]


@pytest.mark.parametrize("url", ["https://evil.example/f", "http://lookaside.fbsbx.com/f", "https://evilfbsbx.com/f"])
def test_token_goes_to_no_address_but_metas(account: Account, url: str) -> None:
    error = account.do(lambda meta: meta._graph.fetch(url, 1000))
    assert isinstance(error, Rejected)
    assert account.emulator.log == []


# numbers


def test_numbers_show_quality_and_storage(account: Account) -> None:
    account.emulator.quality = "YELLOW"
    (state,) = account.do(lambda meta: meta.senders())
    assert (state.id, state.number, state.quality) == (account.sender, account.emulator.number, "YELLOW")
    assert (state.status, state.storage_region) == ("CONNECTED", "")


def test_storage_in_one_country_is_switched_on_once(account: Account) -> None:
    pin = account.emulator.pin
    for _ in range(2):
        assert account.do(lambda meta: meta.localise(account.sender, "de", pin)) is None
    assert account.emulator.registered
    assert len(account.emulator.registrations) == 1
    (state,) = account.do(lambda meta: meta.senders())
    assert state.storage_region == "DE"


def test_storage_broken_off_by_a_wrong_pin_is_put_right_by_the_same_call(account: Account) -> None:
    error = account.do(lambda meta: meta.localise(account.sender, "DE", "000000"))
    assert isinstance(error, BadConfig)
    assert not account.emulator.registered
    assert account.do(lambda meta: meta.localise(account.sender, "DE", account.emulator.pin)) is None
    assert account.emulator.registered


@pytest.mark.parametrize(("region", "pin"), [("EU", "482913"), ("FR", "482913"), ("DE", "12345"), ("DE", "abcdef")])
def test_storage_where_meta_offers_none_is_refused_before_anything_happens(
    account: Account, region: str, pin: str
) -> None:
    assert isinstance(account.do(lambda meta: meta.localise(account.sender, region, pin)), BadInput)
    assert account.emulator.log == []


def test_health_tells_of_a_restriction_and_of_an_expired_token(account: Account) -> None:
    assert account.do(lambda meta: meta.check()).ok
    account.emulator.restricted_until = account.emulator.clock.now() + timedelta(hours=1)
    assert not account.do(lambda meta: meta.check()).ok
    account.emulator.clock.advance(timedelta(hours=2))
    account.emulator.token_expired = True
    assert "token" in account.do(lambda meta: meta.check()).detail


# people


def blocked(account: Account) -> list[Point]:
    async def read(meta: Meta) -> list[Point]:
        return [point async for point in meta.blocked(account.sender)]

    found: list[Point] = account.do(read)
    return found


def test_person_is_blocked_by_number_or_user_id_and_unblocked(account: Account) -> None:
    account.emulator.page_size = 1
    bsuid = account.emulator.add_user(JONAS.value, bsuid="DE.1").bsuid
    for number in (ERIKA.value, JONAS.value):
        account.emulator.user(number).wrote_at = account.emulator.clock.now()
    people = [ERIKA, Point(PointKind.BSUID, bsuid)]
    assert account.do(lambda meta: meta.block(account.sender, people)) is None
    assert blocked(account) == people
    assert account.do(lambda meta: meta.unblock(account.sender, people[:1])) is None
    assert blocked(account) == people[1:]


def test_person_who_has_not_written_cannot_be_blocked_and_the_others_are(account: Account) -> None:
    account.emulator.user(ERIKA.value).wrote_at = account.emulator.clock.now()
    error = account.do(lambda meta: meta.block(account.sender, [ERIKA, JONAS]))
    assert isinstance(error, Rejected)
    assert "1 of 2" in str(error)
    assert ERIKA.value[1:] not in str(error)
    assert blocked(account) == [ERIKA]


def test_message_is_marked_as_read_with_a_sign_of_typing(account: Account) -> None:
    account.emulator.heard.add("wamid.1")
    assert account.do(lambda meta: meta.mark_read(account.sender, "wamid.1", typing=True)) is None
    (read,) = account.emulator.marked_read
    assert (read["status"], read["typing_indicator"]) == ("read", {"type": "text"})
    assert isinstance(account.do(lambda meta: meta.mark_read(account.sender, "wamid.2")), Rejected)


# which way it goes


@pytest.mark.parametrize(
    ("purpose", "switched_on", "via"),
    [
        (Purpose.MARKETING, True, "marketing_messages"),
        (Purpose.MARKETING, False, ""),
        (Purpose.UTILITY, True, ""),
    ],
)
def test_advertising_takes_the_marketing_api_where_it_is_switched_on(
    account: Account, purpose: Purpose, switched_on: bool, via: str
) -> None:
    account.emulator.add_template("offer", category=purpose, body="Hallo")
    sent = account.send(TemplateContent("offer", "de"), purpose=purpose, marketing_api=switched_on)
    assert not isinstance(sent, HubError), sent
    assert [one.via for one in account.emulator.received] == [via]


def test_advertising_on_a_template_of_another_category_is_refused(account: Account) -> None:
    account.emulator.add_template("invoice", category="UTILITY", body="Hallo")
    error = account.send(TemplateContent("invoice", "de"), purpose=Purpose.MARKETING, marketing_api=True)
    assert isinstance(error, Rejected)
    assert error.code == "134100"


def test_account_closed_to_ordinary_advertising_says_what_to_switch_on(account: Account) -> None:
    account.emulator.add_template("offer", body="Hallo")
    account.emulator.marketing_on_cloud_api = False
    error = account.send(TemplateContent("offer", "de"), purpose=Purpose.MARKETING)
    assert isinstance(error, Rejected)
    assert "Marketing Messages API" in str(error)


def test_template_paced_is_noted_on_the_receipt(account: Account) -> None:
    account.emulator.add_template("new", body="Hallo", pacing=0)
    assert account.send(TemplateContent("new", "de")).note == "held_for_quality_assessment"


def test_answers_of_every_kind_reach_the_person(account: Account) -> None:
    account.emulator.user(ERIKA.value).wrote_at = account.emulator.clock.now()
    for content in (
        TextContent("Ja"),
        ButtonsContent("Wann?", (Choice("a", "Jetzt"),)),
        ReactionContent("wamid.1", "👍"),
    ):
        assert not isinstance(account.send(content), HubError)
    assert [one.type for one in account.emulator.received] == ["text", "interactive", "reaction"]
