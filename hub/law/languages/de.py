# SPDX-License-Identifier: Apache-2.0
"""German."""

from hub.law.languages.language import Language

GERMAN = Language(
    code="de",
    strong="stopp, stops, abmelden, abmeldung, stoppt, stopt, stoppts",
    whole="""abbestellen, austragen, abstellen, entfernen, rausnehmen, löschen, beenden, widerruf,
        widerspruch, ich widerrufe, ich widerspreche, kündigen, kündigung, aufhören, hört auf,
        stoppen, schluss, schluss damit, ende, genug, raus, keine, nichts mehr, nicht mehr,
        keine mehr, keine werbung, werbung aus, werbung stoppen, es reicht, reicht jetzt, hör auf,
        hören sie auf""",
    whole_all="""alles stoppen, alles stop, stop alles, stoppt alles, alles beenden, alles abbestellen, alles abmelden,
        gar nichts mehr, gar keine nachrichten""",
    ending="kündigen, kündigung",
    filler="""bitte, danke, hallo, hi, guten, tag, morgen, abend, moin, servus, liebes, sofort, jetzt,
        endlich, mal, doch, einfach, und, mfg, lg, vg, vielen, dank, nein, ey, bite, bitteschön,
        dankeschön, gruß, grüße, viele, liebe, freundliche, freundlichen, grüßen""",
    ads="""werbung, werbe*, reklame, angebot, angebote, angeboten, rundmail, rundmails,
        spamnachrichten, aktionen, newsletter*, gutscheine, rabatte, spam, rabattaktionen,
        sonderangebote, prospekte, kampagnen, infopost, newsletterei, promo, promos""",
    messages="""nachricht, nachrichten, mitteilung, mitteilungen, benachrichtigung, benachrichtigungen,
        infos, verteiler, verteilerliste, liste, abo, abonnement, nummer, handynummer,
        telefonnummer, rufnummer, kontakt, zusendung, zusendungen, kontaktliste, adressliste, msg,
        sms, whatsapps, whatsappliste, kundenkartei, kartei, datenbank, gruppe, broadcast""",
    other="""lieferung*, liefern, auslieferung, sendung, sendungen, paket*, versand, bestellung*,
        bestellen, bestellt, auftrag*, termin, termine, termins, buchung*, reservierung, rechnung*,
        zahlung*, lastschrift, mahnung, vertrag, vertrages, kaufvertrag*, kauf, versicherung, konto,
        adresse, kurs, kurse, kurses, *kurs, training, unterricht, kind, sohn, tochter, auto,
        fahrzeug, veranstaltung, seminar, bahn, zug, haltestelle, heizung, wartung, reparatur, ware,
        artikel, produkt, geld, strom, zwiebeln, anrufe, gutschein, warenkorb, position*,
        nebenkosten*, *rechnung, *abrechnung, *erhöhung, bescheid*, gutachten, miete, mietvertrag,
        mieterhöhung, diagnose, techniker, monteur, fahrer, schuhe, hose, jacke, größe, tüte, sauce,
        tisch, zimmer, ticket, tickets, raten, abbuchung*, ratenzahlung, werkstatt,
        zulassungsstelle, zeitung""",
    spelled="werbung, abmelden, abbestellen, nachrichten, widerspreche, widerrufe, newsletter, austragen, verteiler",
    not_typos="anmelden, anmeldung, angemeldet, abgemeldet, eintragen, wartung",
    words={
        "end": """stop, stopp, stoppen, stoppt, stoppe, beenden, beendet, abbestellen, abmelden, einstellen,
            unterlassen,
            unterlasst, kündigen, kündige, löschen, löscht, lösche, löschung, entfernen, entfernt, austragen, streichen,
            streicht, stornieren, abstellen, stellt ab, rausnehmen, herausnehmen, cancel, delete, remove,
            unsubscribe""",
        "reach": """schreiben, schreibt, schreib, anschreiben, angeschrieben, kontaktieren, kontaktiert,
            schicken, schickt, schick, senden, sendet, zusenden, zuschicken, melden, belästigen, nerven,
            stören, texten, bekommen, erhalten, haben, kriegen, empfangen, hören, wissen, lesen,
            anschreibt, angeschrieben werden, zutexten, zugetextet, zuspammen, vollspammen,
            vollzuspammen, spammen, behelligen, anquatschen, informieren, benachrichtigen,
            kontaktiert werden, beschicken, zumüllen""",
        "strike": "lösch, löscht, löschen sie, entfernt, entfernen sie, streich, streicht, streichen sie",
        "order": """schreibt, schreib, schreiben sie, schickt, schick, schicken sie, sendet, senden sie,
            kontaktiert, kontaktieren sie, textet, lass, lasst, unterlassen sie""",
        "mine": """nummer, handynummer, telefonnummer, rufnummer, daten, kontaktdaten, nr, handynr, telefonnr,
            tel, telefon, adressdaten, kontakt""",
        "nothing": "nichts, nix",
    },
    remove_me="""
        (meld|melde|meldet|melden|melden sie) mich ... ab
        (trag|tragt|trage|tragen sie) mich ... aus
        (nimm|nehmt|nehmen sie|schmeißt|werft) [bitte] mich !mit
        {strike} [bitte] mich
        mich ... (abmelden|austragen)
        (bitte|sofort) (abmelden|austragen|abbestellen)
        (nehmt|nehmts|nimm|nehmen sie|holt) [bitte|mal] [mich|mi|uns|meine] ... (raus|heraus|runter)
        (tut|schmeißt|werft|kickt|streicht) [bitte|mal] [mich|mi|uns|meine] ... (raus|heraus|runter)
        (mich|mi|uns) [bitte|sofort] (aus|ausm|von|vom) .. {messages}
        (aus|von) (eurer|euren|dem|der) .. (verteiler|liste|kartei|datenbank) ... (raus|nehmen|löschen)
        (aus|von) (eurer|euren|dem|der) .. (verteiler|liste|kartei|datenbank) ... (streichen|austragen|entfernen)
        (aus|von) (ihrer|ihrem|deinem|diesem|dieser) .. (verteiler|liste|kartei|datenbank) ... (raus|nehmen|löschen)
        (aus|von) (ihrer|ihrem) .. (verteiler|liste|kartei|datenbank) ... (streichen|austragen|entfernen)
        (aus|von) (deinem|diesem|dieser) .. (verteiler|liste|kartei|datenbank) ... (streichen|austragen|entfernen)
    """,
    erase_me="""
        (meine|meiner) {mine} ... (löschen|entfernen|gelöscht|streichen|raus)
        löschung [aller|all] (meine|meiner) {mine}
        {strike} [bitte] [sofort] [alle] (meine|meiner) {mine}
        (nimm|nehmt|nehmen sie|holt) [bitte] [mir] (meine) {mine}
        (streicht|streichen sie|entfernt|entfernen sie|tilgt) [bitte] [mir] (meine) {mine}
    """,
    objection="""
        (widerspreche|wiederspreche|widerrufe|wiederrufe|widerruf|widerspruch)
        (einwilligung|zustimmung) ... (zurück|widerrufen|zurückziehen)
        (einwilligung|zustimmung|erlaubnis) ... (zurückgezogen|entzogen|entziehe|ziehe)
        (ziehe|nehme|entziehe) ... (einwilligung|zustimmung|erlaubnis)
        (untersage|verbiete|verbitte) [ihnen|euch|mir] ... {about}
        (untersage|verbiete|verbitte) [ihnen|euch|mir] ... (nutzung|kontakt*|kontaktaufnahme)
    """,
    leave_me="""
        (lass|lasst|lassen sie) mich ... in ruhe
        in ruhe lassen
        in frieden
        (verschont|verschone|verschonen sie) (mich|uns)
        (mich|uns) ... in ruhe
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
        aufhören ... {reach}
        (keine lust|kein bock|keinen bock) mehr auf .. schreiben
        (hör|hört|hören sie) .. auf .. mich ... {reach}
        (hör|hört|hören sie) .. auf [mich|mir] [zu] {reach}
        (hör|hört|hören sie) .. auf (mir|uns) ... {reach}
        (hör|hört|hören sie) .. auf (damit|mit dem|mit der|mit diesen|mit den)
        (hört|hören sie) [bitte|endlich|jetzt|sofort|doch] [bitte|endlich|jetzt|sofort|doch] auf $
        (will|möchte|wünsche|wollen) ... nicht (von euch|von ihnen) {reach}
        {nothing} mehr .. (von|durch) (euch|ihnen|dir)
        {order} [mir|mich|uns] [bitte] (nichts|nix|nie) [mehr]
        (nichts|nix) mehr (an|auf) (diese|meine) nummer
        keine weiteren .. {reach}
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
        (spart|spar|sparen sie) (euch|dir|sich) ... {about}
        (kein|keinen|keine) (bock|lust|interesse|bedarf) [mehr] (auf|an) ... {ads}
        {ads} (will|möchte|brauche|mag|wünsche) ich (nicht|keine)
        (verzichte|verzichten) ... {ads}
        (brauche|will|möchte) ... {ads} ... nicht
        (weg|stopp|stop|basta) mit .. {about}
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
        (kontaktiert|kontaktieren|schreibt|schreiben|meldet|melden) ... (überhaupt|gar) (nicht|nichts) mehr
        (komplett|ganz|völlig|vollständig) in ruhe
        auf (keinem|keine) (weg|kanal|weise|art)
        (keine|keinerlei) (nachrichten|kontakte) (jeglicher|irgendeiner) art
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
        (hör|hört|hören sie) .. auf
        (wer braucht) .. (das|sowas|so was)
        (nicht mehr so|weniger|seltener|nicht so) (oft|häufig|viel|viele)
        (seltener|weniger) ... {reach}
        (schon wieder|noch mehr|noch so|schon wieder so) .. {ads}
        woher ... meine (nummer|handynummer|daten)
        (ich bin|hier ist) nicht (frau|herr|der|die)
        (genervt|satt|reicht mir|es reicht)
        (nie|niemals) ... (angemeldet|zugestimmt|eingewilligt|bestellt|gebeten)
    """,
    refusing="""
        (nicht|nichts|nix|nie|niemals|nimmer|kein|keine|keinen|keinerlei|ohne|stop|stopp|stoppt|schluss)
        (genug|satt|weg|raus|unterlass*|verzichte|ablehn*|lehne)
        (abbestell*|abmeld*|austrag*|beenden|einstellen|löschen|streichen|entfernen)
    """,
    reaching="""
        (mir|mich|uns) ... {reach}
    """,
    negated="""
        (nicht|niemals|nie) .. {end}
        {end} .. nicht $
        (haltestelle|stoppschalter|stoppknopf)
    """,
    undone="""
        (versehentlich|aus versehen|irrtümlich|wieder anmelden)
        (vertippt|verklickt|irrtum|nicht so gemeint)
        (mein kind|war nicht ich|falsch gedrückt|wieder eintragen|wieder angemeldet)
    """,
    missed="(verpassen|versäumen|verpasse)",
    why="^ (warum|wieso|weshalb|seit wann)",
    how="""
        wie (kann|melde|geht)
        wo (kann|melde)
        (kann ich|muss ich)
    """,
    limited="""
        (vor|bis|außer|weil|erst ab|nachts|abends|so spät|so früh|so oft|so viele|ich kann)
        (abo|abonnement)
        (montag*|dienstag*|mittwoch*|donnerstag*|freitag*|samstag*|sonntag*|feiertag*)
        (per|mit der) (post|brief|mail|email)
        (alte|alten|alter|mailbox)
        (über|unter) .. (euro|eur)
    """,
    not_received="""
        (habe|hab|haben|bekam|kam|kamen|erhielt) ... (kein*|nicht) ... (bekommen|erhalten|gekriegt|angekommen|gekommen)
        (habe|hab|haben) ... (kein*|nicht) ... nachricht
        (bekomme|kriege|erhalte) .. (keine|nicht)
        (gilt|geht|ist) nicht mehr
        (nicht|nichts|kein*) ... (gefunden|finden|öffnen|verstanden|gesehen|angezeigt|funktioniert|lesbar)
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
