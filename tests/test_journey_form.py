# SPDX-License-Identifier: Apache-2.0
"""A web form's whole way, on both ways to run: browser, hub, emulated Meta, the person's press of a button, receipt."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlmodel import select

from hub.flows import notices, optin
from hub.law.facts import NoticeKind
from hub.settings import Settings
from hub.store import ledger
from hub.store.tables import ConsentRow
from hub.testing.clock import until
from hub.testing.journey import COMPANY, Journey

pytestmark = pytest.mark.timeout(180)

NUMBER = "+4915112345678"
YES = "Ja, ich willige ein"
ASKING = f"{COMPANY}: Jemand hat Ihre Nummer eingetragen. Waren Sie das? Dann antworten Sie JA {{{{1}}}}."


def open_page(way: Journey) -> str:
    way.meta.add_template("frage", "de", category="UTILITY", body=ASKING, buttons=[YES, "Nein"])
    way.crew.jobs.templates(way.provider.id)
    with way.world.db.write() as session:
        for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4):
            notices.create(way.world, session, way.controller, kind, "de", f"{COMPANY}: was Sie wissen müssen.")
        page = optin.create(
            way.world,
            session,
            way.controller,
            way.sender,
            title="Neuigkeiten",
            language="de",
            topics=["Neuigkeiten"],
            confirm_template="frage",
            receipts=True,
        )
    return optin.address(way.world, page)


def fill(address: str) -> None:
    shown = re.search(r'name="form" value="([^"]+)"', httpx.get(address).text)
    assert shown
    sent = httpx.post(address, data={"form": shown[1], "number": "0151 12345678", "agree": "yes"})
    assert sent.status_code == 303


def received(way: Journey, kind: str) -> list[Any]:
    return [sent for sent in list(way.meta.received) if sent.to == NUMBER and sent.type == kind]


def test_form_is_confirmed_by_the_button_and_answered_with_a_receipt(backend: Settings) -> None:
    with Journey(backend, contacts=5, seed=1) as way:
        way.connect()
        way.meta.add_user(NUMBER)
        address = open_page(way)
        fill(address)
        until(lambda: bool(received(way, "template")), "the question")
        (question,) = received(way, "template")
        assert question.template == "frage"
        code = question.parameters[0]
        way.meta.press(NUMBER, f"yes.{code}", YES)
        until(lambda: bool(received(way, "text")), "the receipt")
        fill(address)  # agreed already: nobody is asked again
        with way.world.db.read() as session:
            (consent,) = session.exec(select(ConsentRow)).all()
            proof = ledger.verify(session, way.controller.id)
        assert (consent.verification, consent.expression) == ("same_point", "express_statement")
        assert proof.ok, proof.problem
        assert len(received(way, "template")) == 1
