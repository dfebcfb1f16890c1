# SPDX-License-Identifier: Apache-2.0
"""English."""

from hub.law.languages.language import Language

ENGLISH = Language(
    code="en",
    strong="unsubscribe, unsubscribed, unsub, opt-out, optout, stopall",
    whole="""cancel, end, quit, remove, remove me, revoke, opt out, opt me out, enough, no more, go away, stop it,
        stop this, no ads, no spam, leave me""",
    whole_all="stop all, stopall, stop everything, end all, cancel all",
    filler="""please, pls, plz, kindly, hi, hello, hey, dear, team, ok, okay, thanks, thank, you, thx, now, immediately,
        again, no""",
    ads="""ad, ads, advert, adverts, advertising, advertisement, advertisements, promo, promos, promotion, promotions,
        promotional, marketing, offers, campaign, campaigns, deals""",
    messages="""message, messages, msg, msgs, text, texts, texting, notification, notifications, updates, list,
        subscription, subscriptions, number, contact, contacts""",
    other="""delivery, deliver, deliveries, shipping, shipment, parcel, package, order, orders, ordered, appointment,
        appointments, booking, bookings, reservation, invoice, invoices, payment, payments, refund, return, contract,
        meeting, table, flight, class, course, bus, train, store, shop, insurance, account, address, alarm, app, item,
        sale, line, sizes, kg""",
    spelled="unsubscribe, marketing, promotions, messages, advertising",
    not_typos="subscribe, massages, massage, message",
    words={
        "end": "stop, stopp, stopping, end, cancel, unsubscribe, remove, delete, quit, discontinue",
        "tell": "text, message, contact, write, write to, send, spam, bother, disturb, email, whatsapp, ping, msg",
        "telling": """texting, messaging, contacting, writing, sending, spamming, bothering, disturbing, emailing,
            harassing, msging""",
        "dont": "don't, do not, no longer, not, never",
    },
    remove_me="""
        (take|remove|get|drop) (me|my number|my name) (off|from|out)
        (unsubscribe|remove me|opt me out|opt out|opting out|lose my number)
    """,
    erase_me="(delete|erase|remove|forget) [all] [of] my (phone number|number|data|details|contact)",
    objection="""
        object to
        (withdraw|revoke) [my] (consent|permission)
    """,
    leave_me="leave me (alone|in peace)",
    do_not_write="""
        {dont} [ever] {tell} [to] (me|us|this number|here)
        (stop|quit|cease|refrain from) {telling}
    """,
    no_more="""
        no (more|further) !than ... {about}
        (don't|do not|no longer) (want|wish|need|like) ... {about}
        (don't|do not|no longer) (want|wish) to (receive|get|hear) ... (these|anymore|any more|from you)
        (don't|do not|no longer) (want|wish) to hear from you
        enough (of|with) ... {about}
        (no|without) {ads}
        (unwanted|unsolicited) {about}
        {about} ... (unwanted|not welcome)
    """,
    ends="""
        {end} ... {about}
        {about} ... {end}
    """,
    everything="""
        stop (all messages|all texts|all contact|all communication*|all notifications|everything)
        never [ever] {tell} [to] me (again|anymore|any more|ever)
        (don't|do not) [ever] {tell} me ever again
        (don't|do not) ever {tell} me
        never want to hear from you
        (no messages|nothing) (at all|whatsoever)
        cease all (contact|communication)
    """,
    unsure="""
        (annoy*|spam*|harass*)
        (not interested|no longer interested|no interest)
        (don't|do not) want (this|that|it|these)
        (no thanks|no thank you)
        (too|so) many (messages|texts)
        (fewer|less|no more than) ... (messages|texts)
        (unsubscribed|opted out)
        (told|asked) (you|you guys|you all) to stop
        (can|could|would|will|please|to|must|just|should) [you] [please] [just] stop
        stop $
        (never) (signed up|subscribed|agreed|consented)
        (wrong) (number|person)
        (blocked|blocking|reported)
        (where did you get my|who gave you my|how did you get my)
        (who is this|who are you)
        (don't call|don't ring)
        (lawyer|gdpr|ico)
        (turn|switch) (this|these|it|that) off
        ^ [ugh] again $
        (sick|tired|fed up) (of|with) (this|these|you|your)
    """,
    negated="""
        (don't|do not|didn't|did not|never|not|won't) .. {end}
        keep ... coming
        (nonstop|non stop|one stop)
        (stop|stops) (by|over|off|at|and go|go|the press)
    """,
    undone="(accident*|by mistake|resubscribe|sign me up again|miss)",
    why="^ (why|how come|since when)",
    how="""
        how (do|can|to|would|could)
        where (do|can)
        (can i|could i)
    """,
    limited="""
        (before|until|till|unless|because|at night|so late|so early|so often|so many|more than|i can't)
        (subscription|subscriptions)
    """,
    not_received="""
        (have|has|did|didn't|haven't|got|received) ... (no|not|any) ... (get|got|received|message|email|mail)
    """,
    access="""
        what (data|information|info) ... (have|hold|store|keep|got)
        what do you know about me
        (subject access request|copy of my data|access to my data)
    """,
    terminates="(cancel|end|terminate) [my|the|our] (contract|membership|plan|policy)",
)
