# SPDX-License-Identifier: Apache-2.0
"""English."""

from hub.law.languages.language import Language

ENGLISH = Language(
    code="en",
    strong="""unsubscribe, unsubscribed, unsub, opt-out, optout, stopall, unsubscribe me, unsuscribe,
        unsubcribe, unsubscibe, opt me out""",
    whole="""cancel, end, quit, remove, remove me, revoke, opt out, opt me out, enough, no more, go away, stop it,
        stop this, no ads, no spam, leave me""",
    whole_all="stop all, stopall, stop everything, end all, cancel all",
    filler="""please, pls, plz, kindly, hi, hello, hey, dear, team, ok, okay, thanks, thank, you, thx,
        now, immediately, again, no, ta, cheers, mate, guys, folks, sir, madam, kind, regards, plse,
        thankyou, pleaase, just""",
    ads="""ad, ads, advert, adverts, advertising, advertisement, advertisements, promo, promos,
        promotion, promotions, promotional, marketing, offers, campaign, campaigns, deals, junk,
        rubbish, crap, newsletter, newsletters, sales pitch""",
    messages="""message, messages, msg, msgs, text, texts, texting, notification, notifications, updates,
        list, subscription, subscriptions, number, contact, contacts, txts, txt, whatsapps,
        mailing list, database, mailings, spamming""",
    other="""delivery, deliver, deliveries, shipping, shipment, parcel, package, order, orders, ordered,
        appointment, appointments, booking, bookings, reservation, invoice, invoices, payment,
        payments, refund, return, contract, meeting, table, flight, class, course, bus, train,
        store, shop, insurance, account, address, alarm, app, item, sale, line, sizes, kg,
        treatment, spare, receipt, gift, tour, guest, room, lesson, lessons, exam, fee, card, code,
        driver, courier, size, ticket, tickets, sofa, speaker, standing, direct debit, bank""",
    spelled="unsubscribe, marketing, promotions, messages, advertising",
    not_typos="subscribe, massages, massage, message",
    words={
        "end": "stop, stopp, stopping, end, cancel, unsubscribe, remove, delete, quit, discontinue",
        "tell": """text, message, contact, write, write to, send, spam, bother, disturb, email, whatsapp, ping,
            msg, txt, sms, approach, bug, pester, hassle, reach out""",
        "telling": """texting, messaging, contacting, writing, sending, spamming, bothering, disturbing, emailing,
            harassing, msging, txting, smsing, bugging, pestering, hassling, mailing, approaching,
            pinging, advertising, marketing, soliciting""",
        "theirs": "your, ur, the, this, that, these, here, it, all, any",
        "dont": "don't, do not, no longer, not, never",
    },
    remove_me="""
        (take|remove|get|drop|strike|cut) (me|us|my number|my name|my details) (off|from|out) [of] {theirs}
        (take|remove|get|drop) (me|us|my number|my name) (off|out) $
        (me|us|number|my number|my details|my name) (off|from|out of) (your|ur|this|that) .. {messages}
        (unsubscribe|remove me|opt me out|opt out|opting out|lose my number)
    """,
    erase_me="(delete|erase|remove|forget) [all] [of] my (phone number|number|data|details|contact)",
    objection="""
        object to
        (withdraw|revoke) [my] (consent|permission)
        (withdraw|revoke|withdrawing|revoking|take back) ... (consent|permission)
        (don't|do not) consent to
        (object|objecting|objection) to ... {about}
    """,
    leave_me="leave me (alone|in peace)",
    do_not_write="""
        {dont} [ever] {tell} [to] (me|us|this number|here)
        (stop|quit|cease|refrain from) {telling}
        (rather|prefer) (not|you didn't|you did not|you don't) .. (get|receive|have|hear|be contacted)
        (rather|prefer) (not|you didn't|you did not|you don't) ... {tell}
        (stop|quit|cease) (sending|them|these|those|all these)
        (no longer|don't|do not) [wish|want|like|need] [to] [be] (contacted|messaged|texted)
        (no longer|don't|do not) [wish|want|like|need] [to] [be] (approached|emailed|bothered)
        want (nothing|no more) [from|of] (you|these|them|this)
        please (don't|do not|never) {tell}
        (stop|quit) .. {telling}
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
        (done|sick|tired|fed up) (of|with) ... {about}
        not [really] interested in ... {about}
        (don't|do not) (want|need|like|wish) ... (rubbish|crap|junk|spam|stuff) ... (phone|whatsapp|here)
        (want|wish) no [more] {about}
        (could do|can do|can live) without ... {about}
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
        {dont} {tell} me ... (for any reason|in any way|any way|by any means|ever again)
        (every|any) (message|contact) ... stop
        (no|zero) contact (at all|whatsoever|of any kind)
        (leave me alone) (completely|entirely|for good)
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
        (can|could|would|will|please|to|must|just|should) [you] [please] [just] stop $
        (can|could|would|will|please) [you] [please] [just] stop (this|these|it|that|now|please|them|me|us)
        (to|must|just|should) [you] [just] stop (this|these|it|that|now|please|them|me|us)
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
        (relentless|pester*|bombard*|nuisance|overkill|intrusive|bugger off|piss off|get lost|sod off)
        how did you (get|find|have)
        (where|how) ... get (my|this) number
        (i'm|i am|this is|this isn't|it isn't|it's) not (him|her|the person|mr|mrs|ms)
        (less|not so|not as) (often|frequently)
        (once a) (week|month|year)
        (another|yet another|more) .. (amazing|great|fantastic|brilliant) (deal|offer|offers|deals)
    """,
    refusing="""
        (no|not|don't|do not|never|without|stop|quit|cease|end|enough)
        (off|out|remove|delete|refuse|rather not|sick|tired|opt|withdraw|object|unsubscribe)
    """,
    reaching="""
        {tell} (me|us)
        (me|us) (anything|stuff|things|any more|anymore|again)
        (from|by) (you|you guys|your company)
    """,
    negated="""
        (don't|do not|didn't|did not|never|not|won't) .. {end}
        keep ... coming
        (nonstop|non stop|one stop)
        (stop|stops) (by|over|off|and go|go|the press)
        (stop|stops) at (the|a|my|your|our|home|noon|night)
        (can't|cannot|couldn't|can not) .. stop
        (last|next|first|bus|tram|train|one|full) stop
        end of
    """,
    undone="""
        (accident*|by mistake|resubscribe|sign me up again)
        (mistakenly|in error|wrong button|pocket text|sign us up again|sign me back up|typo)
    """,
    missed="(miss|missing|miss out)",
    why="^ (why|how come|since when)",
    how="""
        how (do|can|to|would|could)
        where (do|can)
        (can i|could i)
    """,
    limited="""
        (before|until|till|unless|because|at night|so late|so early|so often|so many|more than|i can't)
        (subscription|subscriptions)
        (monday|tuesday|wednesday|thursday|friday|saturday|sunday|sundays|weekend|weekends)
        (by|per) (post|mail|email|letter)
        the old
        (above|below|over|under) .. (euro|euros|pounds|dollars)
        for .. (minute|minutes|hour|hours|moment|while)
    """,
    not_received="""
        (have|has|did|didn't|haven't|got|received) ... (no|not|any) ... (get|got|received|message|email|mail)
        (can't|cannot|couldn't|didn't|not) ... (find|found|open|see|load|read|work|understand)
    """,
    access="""
        what (data|information|info) ... (have|hold|store|keep|got)
        what do you know about me
        (subject access request|copy of my data|access to my data)
    """,
    terminates="(cancel|end|terminate) [my|the|our] (contract|membership|plan|policy)",
)
