# SPDX-License-Identifier: Apache-2.0
"""A company with something of everything in it, each with the words of somebody hostile."""

from __future__ import annotations

from hub.contract import Expression, Property, PropertyKind
from hub.flows import keys, mappings, subscriptions, wizard
from hub.flows.art30 import versions
from hub.flows.happenings import Kind
from hub.flows.roles import Role
from hub.law.rights import Right
from hub.store.tables import Connection
from tests.asking import ask, identified, packet
from tests.making import ANNA, BEN, CARLA, CONSENT, Shop, person, phone

HOSTILE = '<img src=x onerror="hacked=1"><script>hacked=1</script>\'}}{{7*7}}\r\nSet-Cookie: hacked=1'


def furnish(shop: Shop) -> None:
    """One company with something of everything, each with hostile words in it."""
    for who in (ANNA, BEN):
        shop.agree(phone(who))
    shop.hear(shop.said(f"Das nervt langsam {HOSTILE}", phone(CARLA)))
    shop.sync(
        *(person(str(i), who, CONSENT, properties=(("firstname", HOSTILE),)) for i, who in enumerate((ANNA, BEN)))
    )
    shop.paper.lists = {HOSTILE: [("0", "1", "2")], "all": [("0", "1", "2")]}
    shop.stage("0", "1", title=HOSTILE, parameters={"1": f"firstname|{HOSTILE[:20]}"})
    assert shop.claim()  # decisions about people
    shop.paper.properties = [Property("optin", ("ja", HOSTILE), HOSTILE, PropertyKind.CHOICE), Property(HOSTILE)]
    flag = {"property": "optin", "expression": Expression.IMPLIED.value, "yes": ["ja"], "no": [HOSTILE]}
    ask(shop, shop.contact_of(phone(BEN)), Right.OBJECTION, words=HOSTILE)
    packet(shop, identified(shop, shop.contact_of(phone(ANNA)), Right.ACCESS, words=HOSTILE))
    with shop.write() as session:
        here, text = session.get_one(Connection, shop.crm.id), wizard.compose({"consent": flag})
        mappings.approve(shop.world, session, shop.controller, here, text, HOSTILE, shop.paper.properties)
        versions.keep(shop.world, session, shop.controller, HOSTILE, {"dpo": HOSTILE, "measures": HOSTILE})
        keys.make(shop.world, session, shop.controller, title=HOSTILE, role=Role.READER, days=1, by=HOSTILE)
        hook = {"url": "https://bi.example.org/hook", "kinds": [Kind.STOP]}
        subscriptions.make(shop.world, session, shop.controller, title=HOSTILE, by=HOSTILE, **hook)
