# SPDX-License-Identifier: Apache-2.0
"""What courts and the platform read as advertising, in the normal form of `stopwords.normal`, German and English.

Offers, and also what only keeps a customer warm: a satisfaction survey in an invoice e-mail (BGH VI ZR 225/17), "still
there for you" (facts of BGH VI ZR 109/23). A word too many here refuses a service message until it is reworded.
"""

from __future__ import annotations

import re

_ALTERNATIVES = (
    # price and occasion
    r"(?:discounts?|coupons?|vouchers?|promo|promotions?|clearance|bestseller|special offer|limited (?:offer|time))",
    r"(?:black friday|cyber monday|flash sale|summer sale|winter sale|on sale)",
    r"(?:our|new|latest|great|best|exclusive|personal) (?:\w+ )?(?:offers?|deals?|collection|arrivals|range)",
    r"(?:\d+ (?:percent|prozent)?) ?(?:off|rabatt|reduziert|gunstiger|guenstiger|nachlass)",
    r"(?:buy now|shop now|order now|buy one get one|save up to|free gift|earn points|win a|win an|sweepstake)",
    r"(?:rabatt|rabatte|rabattcode|gutschein|gutscheine|gutscheincode|aktionscode|sonderangebote?|angebotswoche)",
    r"(?:schnappchen|schnaeppchen|ausverkauf|schlussverkauf|preisvorteil|sonderpreis|treuepunkte|gewinnspiel)",
    r"(?:unsere|neue|neuen|neueste|neuesten|exklusive|exklusiven|tolle|beste|besten) (?:\w+ )?"
    r"(?:angebote|angeboten|kollektion|produkte|aktionen|aktion)",
    r"(?:jetzt (?:kaufen|bestellen|shoppen|sparen|zugreifen|sichern|entdecken)|nur fur kurze zeit|nur fuer kurze zeit)",
    r"(?:spare|sparen sie|sichere dir|sichern sie sich) (?:\w+ ){0,4}?(?:\d+|jetzt|rabatt|euro|prozent|vorteil)",
    # more of the same
    r"(?:you (?:may|might) also like|customers also bought|recommended for you|goes well with)",
    r"(?:check out our|discover our)",
    r"(?:das konnte (?:ihnen|dir) (?:auch )?gefallen|kunden kauften auch|passend dazu|entdecken sie (?:unsere|auch))",
    r"(?:entdecke (?:unsere|auch)|empfehlungen fur (?:sie|dich)|unser (?:newsletter|sortiment)|our newsletter)",
    # surveys, reviews, referrals
    r"(?:rate|review) (?:us|your (?:purchase|order|experience|visit)|our (?:service|product|products|shop))",
    r"(?:leave|write|give) (?:us )?(?:a |your )?(?:\w+ )?(?:review|rating|feedback|stars)",
    r"(?:how (?:satisfied|happy) (?:are|were) you|how did we do|how was your (?:experience|visit|order|purchase|stay))",
    r"(?:take (?:\w+ ){0,3}?survey|satisfaction survey|your opinion|customer survey|recommend us|refer a friend)",
    r"(?:bewerten sie|bewerte|bewertet) (?:uns|unseren|unsere|ihren|ihre|deinen|deine|den|die)",
    r"(?:bewertung|rezension|feedback|sterne) (?:\w+ ){0,4}?(?:abgeben|abgebe|hinterlassen|schreiben|freuen|geben)",
    r"(?:wie zufrieden|waren sie zufrieden|warst du zufrieden|wie hat (?:es )?(?:ihnen|dir)|zufriedenheitsumfrage)",
    r"(?:kundenzufriedenheit|kundenbefragung|zufriedenheitsbefragung|(?:an )?(?:unserer|einer) (?:\w+ )?umfrage)",
    r"(?:ihre meinung|deine meinung|weiterempfehlen|empfehlen sie uns|empfiehl uns|freunde werben|sagen sie uns ihre)",
    # keeping warm
    r"(?:we miss you|still (?:here|there) for you|come back|happy birthday)",
    r"(?:forgot something|left in your (?:cart|basket))",
    r"(?:wir vermissen (?:sie|dich)|weiterhin fur (?:sie|dich) da|alles gute zum geburtstag|etwas vergessen)",
    r"(?:im warenkorb|ihr warenkorb wartet|dein warenkorb wartet|warenkorb vergessen)",
    # more prices and occasions
    r"(?:\d+ fur \d+|two for one|\d+ for \d+ on|(?:save|spare|sparen sie|bis zu) \d+ (?:percent|prozent)?)",
    r"\d+ prozent auf (?:alle|alles|\w+ ware)",
    r"(?:gratis|kostenloser|free) (?:versand|shipping|delivery)",
    r"(?:black week|cyber week|last chance|letzte chance|vorabverkauf|early access|fruhbucher\w*|muttertag|vatertag)",
    r"(?:der|the|our|unser) sale|(?:angebot|deal|offer) (?:der woche|des tages|of the week|of the day)",
    r"(?:best|beste|besten) (?:prices|preise|preisen)|(?:\w+)?kollektion|katalog|gift cards?|geschenkkarten?",
    r"(?:members only|our members|stammkunden|vorteilskarte|bonuskarte|treuekarte|loyalty (?:card|programme|program))",
    r"neu (?:im sortiment|im shop|bei uns|unsere produkte)|new in (?:store|stock)|unsere produkte fur|special offers?",
    r"greif zu|greifen sie zu|solange der vorrat reicht|while stocks last|treat yourself|gonn dir|gonnen sie sich",
    r"(?:upgrade|wechsle|wechseln sie) (?:auf|to|zu) (?:\w+ )?(?:premium|plus|pro)",
    # events, games, other channels
    r"(?:wir laden (?:sie|dich|euch)|ladt (?:\w+ ){0,2}?(?:ein|zum|zur)|einladung|you are invited|join us for)",
    r"(?:neueroffnung|tag der offenen tur|grand opening|open house|sommerfest)",
    r"(?:kostenlosen?|gratis|free) (?:webinar|workshop|seminar)",
    r"(?:gewinne|gewinnen sie|mitmachen und|jetzt mitmachen|enter now|win (?:a|an|one|your))",
    r"(?:folge|folgen sie|follow) (?:uns|us)|(?:unsere|our) (?:neue|new) app|punkte sammeln|sammle punkte|earn rewards",
    r"(?:abonniere|abonnieren sie|subscribe to) (?:unseren|our)",
    # more of keeping warm
    r"(?:gluckwunsch|gluckwunsche) zum geburtstag|(?:ein|kleines|little) (?:geschenk|treat|present) (?:wartet|for you)",
    r"(?:lange nicht (?:gesehen|besucht)|schau(?:en sie)? (?:mal )?(?:wieder )?(?:vorbei|rein)|been a while)",
    r"wir sind (?:\w+ ){0,5}?fur (?:sie|dich|euch) da|(?:dont|never) miss|nichts (?:zu )?verpassen",
    r"\d sterne|how likely are you to|wie wahrscheinlich ist es|kunden wie (?:sie|du)",
)
PROMOTION = re.compile(rf"\b(?:{'|'.join(_ALTERNATIVES)})\b")
