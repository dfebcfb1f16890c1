# SPDX-License-Identifier: Apache-2.0
"""German."""

from hub.law.languages.language import Language

GERMAN = Language(
    code="de",
    strong="stopp, stops, abmelden, abmeldung",
    whole="""abbestellen, austragen, abstellen, entfernen, rausnehmen, löschen, beenden, widerruf, widerspruch,
        ich widerrufe, ich widerspreche, kündigen, kündigung, aufhören, hört auf, stoppen, schluss, schluss damit, ende,
        genug, raus, keine, nichts mehr, nicht mehr, keine mehr, keine werbung, werbung aus, werbung stoppen, es reicht,
        reicht jetzt""",
    whole_all="""alles stoppen, alles stop, stop alles, stoppt alles, alles beenden, alles abbestellen, alles abmelden,
        gar nichts mehr, gar keine nachrichten""",
    ending="kündigen, kündigung",
    filler="""bitte, danke, hallo, hi, guten, tag, morgen, abend, moin, servus, liebes, sofort, jetzt, endlich, mal,
        doch,
        einfach, und, mfg, lg, vg, vielen, dank, nein, ey""",
    ads="""werbung, werbe*, reklame, angebot, angebote, angeboten, rundmail, rundmails, spamnachrichten, aktionen,
        newsletter*, gutscheine, rabatte""",
    messages="""nachricht, nachrichten, mitteilung, mitteilungen, benachrichtigung, benachrichtigungen, infos,
        verteiler,
        verteilerliste, liste, abo, abonnement, nummer, handynummer, telefonnummer, rufnummer, kontakt, zusendung,
        zusendungen, kontaktliste, adressliste""",
    other="""lieferung*, liefern, auslieferung, sendung, sendungen, paket*, versand, bestellung*, bestellen, bestellt,
        auftrag*, termin, termine, termins, buchung*, reservierung, rechnung*, zahlung*, lastschrift, mahnung, vertrag,
        vertrages, kaufvertrag*, kauf, versicherung, konto, adresse, kurs, kurse, kurses, *kurs, training, unterricht,
        kind, sohn, tochter, auto, fahrzeug, veranstaltung, seminar, bahn, zug, haltestelle, heizung, wartung,
        reparatur,
        ware, artikel, produkt, geld, strom, zwiebeln, anrufe""",
    spelled="werbung, abmelden, abbestellen, nachrichten, widerspreche, widerrufe, newsletter, austragen, verteiler",
    not_typos="anmelden, anmeldung, angemeldet, abgemeldet, eintragen, wartung",
    words={
        "end": """stop, stopp, stoppen, stoppt, stoppe, beenden, beendet, abbestellen, abmelden, einstellen,
            unterlassen,
            unterlasst, kündigen, kündige, löschen, löscht, lösche, löschung, entfernen, entfernt, austragen, streichen,
            streicht, stornieren, abstellen, stellt ab, rausnehmen, herausnehmen, cancel, delete, remove,
            unsubscribe""",
        "reach": """schreiben, schreibt, schreib, anschreiben, angeschrieben, kontaktieren, kontaktiert, schicken,
            schickt,
            schick, senden, sendet, zusenden, zuschicken, melden, belästigen, nerven, stören, texten, bekommen,
            erhalten,
            haben, kriegen, empfangen, hören, wissen""",
        "strike": "lösch, löscht, löschen sie, entfernt, entfernen sie, streich, streicht, streichen sie",
        "order": """schreibt, schreib, schreiben sie, schickt, schick, schicken sie, sendet, senden sie, kontaktiert,
            kontaktieren sie, textet""",
        "mine": "nummer, handynummer, telefonnummer, rufnummer, daten, kontaktdaten",
        "nothing": "nichts, nix",
    },
    remove_me="""
        (meld|melde|meldet|melden|melden sie) mich ... ab
        (trag|tragt|trage|tragen sie) mich ... aus
        (nimm|nehmt|nehmen sie|schmeißt|werft) [bitte] mich !mit
        {strike} [bitte] mich
        mich ... (abmelden|austragen)
        (bitte|sofort) (abmelden|austragen|abbestellen)
    """,
    erase_me="""
        (meine|meiner) {mine} ... (löschen|entfernen|gelöscht|streichen|raus)
        löschung [aller|all] (meine|meiner) {mine}
        {strike} [bitte] [sofort] [alle] (meine|meiner) {mine}
    """,
    objection="""
        (widerspreche|wiederspreche|widerrufe|wiederrufe|widerruf|widerspruch)
        (einwilligung|zustimmung) ... (zurück|widerrufen|zurückziehen)
    """,
    leave_me="""
        (lass|lasst|lassen sie) mich ... in ruhe
        in ruhe lassen
        in frieden
    """,
    do_not_write="""
        nicht (mehr|länger|wieder|weiter) .. {reach}
        nicht (mehr|länger|wieder|weiter) an {reach}
        {reach} [sie] (mir|mich|uns) ... (nicht|nichts|nix) [mehr] $
        {order} [bitte] (mir|mich|uns) ... (nicht|nichts|nix) mehr
        {order} [bitte] (nicht|nichts|nix) mehr
        {nothing} mehr .. {reach}
        will [von euch|von ihnen] {nothing} mehr
        {nothing} mehr von (euch|ihnen|dir)
        (hör|hört|hören sie) .. auf
        aufhören ... {reach}
        (keine lust|kein bock|keinen bock) mehr auf .. schreiben
    """,
    no_more="""
        (kein|keine|keinen|keiner) .. {about} .. mehr
        (kein|keine|keinen) .. {ads}
        (will|möchte|wünsche|wollen|brauche|bitte) ... (kein|keine|keinen) .. {about}
        (kein|keine|keinen) (weitere|weiteren|mehr|zukünftige|zukünftigen) {about}
        (unerwünschte|unwanted) {about}
        {about} ... unerwünscht
        {about} ... (nicht|nie) mehr $
        {about} ... nicht (mehr|länger) .. {reach} $
        (schluss|genug|ende|fertig) (mit|von) .. {about}
        ohne werbung
    """,
    ends="""
        {end} ... {about}
        {about} ... {end}
    """,
    everything="""
        nie (wieder|mehr) ... {reach}
        (schreibt|schreiben|kontaktiert|kontaktieren|meldet) ... nie (wieder|mehr)
        (gar|überhaupt) (kein|keine|keinen|nicht mehr|nichts mehr) ... (nachrichten|kontakt|schreib*|erhalten|bekommen)
        (gar|überhaupt) (kein|keine|keinen|nicht mehr|nichts mehr) ... (hören|wissen|kontaktieren|kontaktiert|haben)
        (keinerlei|jeglichen|jegliche) (nachrichten|kontakt|kontaktaufnahme|mitteilungen)
        alles (stoppen|beenden|abbestellen|abmelden)
    """,
    unsure="""
        (nerv|nerven|nervt|nervig|nervst|lästig|belästig*|spam*|übertreibt)
        (kein|keine|keinerlei) interesse
        (keine|keinen|kein) (lust|bock)
        (will|möchte) (das|dies|sowas) [alles] nicht
        (nein danke)
        (zu|so) (viel|viele) (nachrichten|werbung)
        (weniger) ... (nachrichten|werbung)
        (abgemeldet|abbestellt|widersprochen|widerrufen)
        (stoppen|stoppt|kündigen|kündige)
        das [auch] (abstellen|beenden)
        (nie|niemals) (angemeldet|zugestimmt|eingewilligt)
        (falsche|verkehrte) (nummer|person)
        falsch verbunden
        (blockiert|blockiere)
        woher (habt|haben) (ihr|sie) meine
        (wer sind sie|wer seid ihr|wer ist da)
        (ruft|rufen sie) mich nicht
        (anwalt|datenschutzbehörde|verbraucherzentrale|abmahnung)
        (muss|müssen) das [wirklich] (jeden|dauernd|ständig|immer|so oft)
        schon wieder $
        (ätzend|unverschämt|frechheit)
        melde ich mich ab
    """,
    negated="""
        (nicht|niemals|nie) .. {end}
        {end} ... nicht $
        (haltestelle|stoppschalter|stoppknopf)
    """,
    undone="(versehentlich|aus versehen|irrtümlich|wieder anmelden|verpassen|versäumen)",
    why="^ (warum|wieso|weshalb|seit wann)",
    how="""
        wie (kann|melde|geht)
        wo (kann|melde)
        (kann ich|muss ich)
    """,
    limited="""
        (vor|bis|außer|weil|erst ab|nachts|abends|so spät|so früh|so oft|so viele|ich kann)
        (abo|abonnement)
    """,
    not_received="""
        (habe|hab|haben|bekam|kam|kamen|erhielt) ... (kein*|nicht) ... (bekommen|erhalten|gekriegt|angekommen|gekommen)
        (habe|hab|haben) ... (kein*|nicht) ... nachricht
        (bekomme|kriege|erhalte) .. (keine|nicht)
        (gilt|geht|ist) nicht mehr
    """,
    access="""
        welche (daten|informationen) ... (habt|haben|speichert|speichern|gespeichert)
        was (habt|haben) (ihr|sie) ... über mich
        auskunft ... (daten|dsgvo|art*)
        (datenauskunft|selbstauskunft|auskunftsersuchen)
    """,
    terminates="""
        (kündige|kündigen|kündigt|kündigung) ... (vertrag|vertrages|vertrags|mitgliedschaft|tarif|abo)
        (vertrag|mitgliedschaft|tarif|abo) ... (kündigen|kündige|beenden)
    """,
)
