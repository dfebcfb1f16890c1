# SPDX-License-Identifier: Apache-2.0
"""Dutch."""

from hub.law.languages.language import Language

DUTCH = Language(
    code="nl",
    strong="""afmelden, uitschrijven, uitschrijving, afmelding, schrijf me uit, schrijf mij uit,
        meld me af, meld mij af, afmelden aub, uitschrijven aub, uitschrijven graag""",
    whole="""stoppen, annuleren, opzeggen, genoeg, hou op, houd op, ophouden, verwijderen, geen reclame,
        niet meer, niks meer, kappen""",
    whole_all="alles stoppen, stop alles, alles afmelden, helemaal niks meer",
    ending="opzeggen",
    filler="""aub, alsjeblieft, alstublieft, graag, svp, bedankt, dank, u, je, hoi, hallo, goedemorgen,
        goedemiddag, nu, nee, direct, pls, groet, groeten, vriendelijke, dankjewel, gaarne, heer,
        mevrouw, geachte""",
    ads="""reclame, reclames, aanbieding, aanbiedingen, acties, advertenties, nieuwsbrief,
        nieuwsbrieven, reclameberichten, *reclame, *aanbieding, *aanbiedingen, spam, promoties,
        actie, kortingen, promo, marketing""",
    messages="""bericht, berichten, berichtjes, appjes, meldingen, lijst, mailinglijst, verzendlijst,
        bestand, nummer, telefoonnummer, contact, contacten, app, appen, abonnement, inschrijving,
        toestemming, berichtje, whatsappjes, lijsten, mailing, database, verzending, adressenbestand""",
    other="""levering, leveren, bezorging, bezorgen, pakket, pakketje, bestelling, bestellen, besteld,
        afspraak, boeking, reservering, factuur, betaling, contract, verzekering, zwemles, les,
        cursus, training, adres, rekening, bus, halte, zoon, dochter, kind, artikel, maat, stuks,
        uitverkoop, stopcontact, straat, ui, burger, mandje, tas, plek, plekken, jas, rdv, rdw,
        auto, wasmachine, kuur, code, monteur, bezoek, tafel, kamer, ticket, aanbetaling, koop,
        order, school""",
    spelled="afmelden, uitschrijven, reclame, berichten, nieuwsbrief, aanbiedingen",
    not_typos="aanmelden, inschrijven, aanbieding, richten",
    short="""
        gn=geen, mn=mijn, ff=even, idd=inderdaad, vd=van, mvg=groet, niks=niks
    """,
    words={
        "write": """sturen, stuur, stuurt, schrijven, schrijf, appen, app, mailen, contacteren, benaderen,
            lastigvallen, lastig vallen, berichten, opnemen, spammen, versturen, toesturen, storen,
            contact opnemen, sms en, smsen, bestoken, bombarderen, opdringen, toe sturen""",
        "want": "wil, wens, hoef, wilde, zou, willen, wens",
    },
    remove_me="""
        (haal|gooi|verwijder|schrap|neem) (me|mij) [aub|alsjeblieft|dan] (van|uit|af)
        (schrijf|meld) (me|mij) .. (uit|af)
        (me|mij) ... (uitschrijven|afmelden|uit te schrijven|af te melden)
        (graag|aub|wil|verzoek) .. (uitschrijven|afmelden|uitgeschreven)
        (haal|gooi|verwijder|schrap|neem|zet|streep|kieper|knikker) (me|mij|ons|mijn nummer) .. (van|uit|af)
        (me|mij|ons) (uit|van) (uw|jullie|de|het|deze|je) .. {messages}
        (verwijder|schrap|wis) (me|mij|ons)
    """,
    erase_me="""
        (verwijder|wis) [aub|alsjeblieft] [al] mijn (nummer|telefoonnummer|gegevens|data|contact*)
        (verwijderen|wissen|delete) [aub|alsjeblieft] [al] mijn (nummer|telefoonnummer|gegevens|data|contact*)
        mijn (nummer|telefoonnummer|gegevens|data) ... (verwijderen|wissen|verwijderd)
    """,
    objection="""
        (maak|teken) [hierbij] bezwaar
        bezwaar (tegen|maken)
        trek ... toestemming ... in
        (toestemming) ... (intrekken|in te trekken|trek ik in)
        (trek|intrekken|herroep) ... toestemming
        bezwaar ... {about}
    """,
    leave_me="laat (me|mij|ons) [nou|nu|toch|eens|aub] met rust",
    do_not_write="""
        niet meer .. {write}
        (stuur|schrijf|app|mail) (me|mij|ons) [aub] (niet|niks|niets|geen) [meer]
        (stop|hou op|houd op|ophouden|kap) met .. {write}
        (niks|niets) meer ... (horen|ontvangen|sturen|krijgen|weten)
        {write} mij niet
        (ophouden|stoppen|kappen|stop|hou op|houd op|kap) [nou|eens|aub|ermee] (met|mij|me) [mij|me|het] {write}
        niet meer [te] {write}
        (niet|nooit) meer (mailen|appen|sturen|benaderen)
        (geen|niet) (contact) (meer|opnemen)
    """,
    no_more="""
        geen .. {about} .. meer
        geen .. {ads}
        {want} ... geen .. {about}
        {want} ... {about} ... niet [meer]
        geen {about} aub
        (genoeg|klaar|zat|stop|stoppen|hou op|houd op|kap|ophouden) (van|met) ... {about}
        (zonder|nooit meer) {about}
        (nooit|niet) meer .. {about}
        (kap|stop|hou op|houd op|stoppen|ophouden) (ermee|daarmee|met) ... {about}
        (geen) (interesse|behoefte|zin) [meer] (in|aan) ... {about}
        {about} ... (hoef|wil) ik niet [meer]
        ontvang ... geen ... {about} ... meer
        (niet) geïnteresseerd in ... {about}
    """,
    ends="""
        (stop|stoppen|beëindig|beëindigen|annuleer|annuleren|opzeggen|zeg) .. {about}
        {about} ... (stoppen|stopzetten|opzeggen|beëindigen|annuleren|afmelden|uitschrijven|stop)
    """,
    everything="""
        nooit meer ... (contact|{write}|horen|benader*)
        neem nooit [meer|weer] contact
        (helemaal|totaal|absoluut) (geen contact|geen berichten|niks|niets) [meer]
        geen enkel* (bericht|contact|appje)
        op geen enkele (manier|wijze)
        (alles|helemaal) (stoppen|stopzetten)
        stop alles
    """,
    unsure="""
        (irritant*|vervelend*|lastig*|storend|spam*|opdringerig|ergerlijk|gek van|moe van|ziek van)
        (geen|niet) (interesse|geïnteresseerd)
        (verkeerd|verkeerde|fout) (nummer|persoon)
        (te|zo) veel (berichten|reclame|appjes)
        (wie is dit|wie bent u|wie ben je|wie zijn jullie)
        (aan|heeft) mijn nummer
        hoe (kan|meld|moet) ... (afmelden|uitschrijven|af|stoppen)
        (advocaat|geblokkeerd|blokkeer|autoriteit persoonsgegevens)
        al (afgemeld|uitgeschreven)
        nooit (aangemeld|ingeschreven|toestemming)
        (daarmee|hiermee|ermee) ... (stoppen|ophouden|kappen)
        niet op te wachten
        (alweer|weer|nog) [een|zo'n|die] .. {ads}
        (minder) (vaak|berichten|reclame|appjes)
        ben niet (de|meneer|mevrouw)
        (hoe|waar) .. mijn nummer
        (schei uit|rot op|donder op|flikker op)
    """,
    refusing="""
        (niet|niks|niets|geen|nooit|zonder|stop|stoppen|ophouden|hou op)
        (houd op|kap|kappen|weg|genoeg|verwijder*|wis|schrap|afmeld*|uitschrij*|weiger)
    """,
    reaching="""
        (me|mij|ons) ... {write}
        {write} (me|mij|ons)
        (van|door) jullie ... (krijg*|ontvang*|hor*)
    """,
    negated="""
        niet (stoppen|afmelden|uitschrijven|verwijderen|annuleren)
        (stop|afmelden|uitschrijven) ... niet $
        stopcontact
    """,
    undone="""
        (per ongeluk|opnieuw aanmelden|weer aanmelden|vergissing)
        (foutje|verkeerd gedrukt|niet de bedoeling)
    """,
    missed="(missen|mislopen)",
    why="^ (waarom|hoezo|sinds wanneer)",
    how="""
        hoe (kan|meld|moet|kom)
        waar (kan|moet)
        kan ik
    """,
    limited="""
        (behalve|nachts|avonds|zo laat|zo vroeg|zo vaak|meer dan|abonnement)
        (maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)
        per (post|mail|brief)
        (oude)
    """,
    not_received="""
        (heb|hebben|kreeg) ... (geen|niet|niks) ... (ontvangen|gekregen|gehad|binnen)
        (krijg|ontvang) .. (geen|niet|niks)
        (niet|geen) ... (vinden|gevonden|openen|lezen|begrepen)
    """,
    access="""
        welke (gegevens|data|informatie) ... (hebben|heeft|bewaren|bewaart|hebt)
        (inzage in mijn gegevens|inzageverzoek|kopie van mijn gegevens)
        wat weten jullie (van|over) mij
    """,
    terminates="""
        (contract|abonnement|lidmaatschap) ... (opzeggen|beëindigen|stopzetten)
        (opzeggen|beëindig) ... (contract|abonnement|lidmaatschap)
    """,
)
