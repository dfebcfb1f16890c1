# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hub.contract import Page
from hub.store.tables import ChainLink, CrmRecord, SyncRun
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONSENT, OPT_OUT, Shop, everything_stored, person, phone

pytest_plugins = ["tests.shops"]


def test_rehearsal_says_what_a_sync_would_do_and_does_nothing(shop: Shop, jobs: Jobs) -> None:
    shop.agree(phone(ANNA))
    shop.paper.pages = [
        Page((person("1", ANNA, CONSENT), person("2", BEN)), "a"),
        Page((person("3", CARLA, CONSENT, OPT_OUT),), "b"),
    ]
    before, links = everything_stored(shop.world), len(shop.rows(ChainLink))
    seen: list[int] = []
    counts = jobs.rehearse(shop.crm.id, lambda so_far: seen.append(so_far.seen))
    assert everything_stored(shop.world) == before
    assert (len(shop.rows(ChainLink)), shop.rows(SyncRun), shop.rows(CrmRecord)) == (links, [], [])
    assert seen == [2, 3]
    run = jobs.sync(shop.crm.id)
    assert run is not None
    assert (counts.seen, counts.admitted, dict(counts.excluded)) == (run.seen, run.admitted, dict(run.excluded))
    assert counts.admitted >= 1
    assert shop.proven()
