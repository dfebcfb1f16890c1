# SPDX-License-Identifier: Apache-2.0
"""Italian."""

from hub.law.languages.language import Language

ITALIAN = Language(
    code="it",
    strong="""disiscrivi, disiscrivimi, disiscrivermi, disiscrizione, disiscrivetemi,
        disiscrivermi grazie, disiscrizione grazie""",
    whole="ferma, fermate, basta, cancella, cancellami, annulla, smettetela, smettila, disdico, recesso, niente più",
    whole_all="stop a tutto, fermate tutto, basta tutto, cancella tutto",
    ending="recesso, disdico",
    filler="""per, favore, grazie, prego, buongiorno, buonasera, ciao, salve, subito, ora, no,
        cortesemente, ok, grz, gentilmente, cordiali, saluti, buona, giornata, signori, per piacere,
        piacere""",
    ads="""pubblicità, pubblicitari, pubblicitario, promozioni, promozionali, offerte, reclame,
        commerciali, iniziative, volantini, spam, volantino, promo, sconti, newsletter, marketing""",
    messages="""messaggi, messaggio, notifiche, comunicazioni, lista, elenco, rubrica, numero, contatti,
        iscrizione, sms, abbonamento, database, messaggini, mailing, contatto, whatsapp, newsletter,
        telefonate, chat""",
    other="""consegna, consegnare, spedizione, pacco, ordine, ordini, appuntamento, prenotazione,
        fattura, pagamento, contratto, assicurazione, corso, indirizzo, conto, preventivo, bus,
        tram, fermata, lavatrice, motore, articolo, taglia, pezzi, mozzarella, contanti, cipolla,
        pizza, sacchetto, posto, posti, giacca, carta, portiere, corriere, lavori, tavolo, camera,
        biglietto, codice, rimborso, reso, caldaia, visita, colore""",
    spelled="disiscrivimi, disiscrivermi, pubblicità, disiscrizione",
    not_typos="iscrivimi, iscrizione",
    short="""
        nn=non, xfavore=favore, x=per, cmq=comunque, msg=messaggi
    """,
    words={
        "write": """scrivete, scrivetemi, scrivermi, scrivere, scriva, scrivi, mandate, mandatemi, mandarmi,
            mandare, inviate, inviatemi, inviarmi, inviare, contattate, contattatemi, contattarmi,
            contattare, disturbate, disturbarmi, disturbatemi, tempestarmi, spammare, chiamarmi, mandi,
            invii, scriverci, mandatemele, mandarmele, mandarmeli, inviatemele, inviarmene, mandatene,
            messaggiarmi, messaggiatemi, cercatemi, cercarmi, importunarmi, importunatemi, spammarmi,
            spammatemi, ricontattatemi, ricontattarmi, assillarmi, assillatemi, mandarci, inviarci,
            contattarci""",
        "want": "voglio, vorrei, desidero, intendo, gradisco, vogliamo, mi interessano",
        "get": "ricevere, avere, vedere, leggere, essere, essere contattato, essere contattata, ricevo",
        "take": """cancellatemi, cancellami, toglietemi, toglimi, togliermi, cancellarmi, rimuovetemi,
            rimuovimi, eliminatemi, levatemi, rimuovermi, eliminami, depennatemi, escludetemi,
            escludermi, depennarmi, cavatemi, disiscrivetemi, levarmi""",
    },
    remove_me="""
        {take}
        (disiscriver*|disiscriv*)
        mi (cancelli|tolga|rimuova|elimini) [da|dalla|dal|dalle]
        (togliere|levare|cancellare|rimuovere|eliminare|togliete|levate|cancellate) (il mio|mio) .. {messages}
        (toglietemi|levatemi|cancellatemi) (da|dalla|dal|di)
    """,
    erase_me="""
        (eliminate|elimina|cancellate|cancella) [tutti] (il|i) (mio|miei)
        (rimuovete|rimuovi|togliete|eliminare|cancellare) [tutti] (il|i) (mio|miei)
        (cancellazione|rimozione) (dei|di) [tutti] [i] miei dati
    """,
    objection="""
        mi oppongo
        (revoco|ritiro) (il|il mio|la mia) (consenso|autorizzazione)
        (revoca|revocare) ... consenso
        (revoco|ritiro|revocare|ritirare|nego) ... (consenso|autorizzazione)
    """,
    leave_me="(lasciatemi|lasciami|mi lasci|mi lasciate) (in pace|stare|tranquillo|tranquilla)",
    do_not_write="""
        non .. {write} più
        non .. {write} [mi] (niente|nulla)
        di non {write} [più]
        non (mi|ci) {write} ... {about}
        (smettetela|smettete|smettila|smetta|basta|stop) (di|con) {write}
        non {want} più [essere] (sentirvi|contattato|contattata|ricevere)
        non {want} essere (contattato|contattata|disturbato|disturbata)
        (finitela|finiscila|piantatela|piantala|smettetela) [di|con|coi] {write}
        (smettete|smettila|smetta|basta|evitate|evitare) [di|con|coi] {write}
        (di|per) non {write}
        non .. {write} (mai|oltre|ulteriormente)
        non (desidero|voglio|intendo|vorrei) ... (contattato|contattata|disturbato|disturbata|sentirvi)
    """,
    no_more="""
        non {want} [più] .. {get} ... {about}
        non {want} [più] [le|i|la|altre|altri] [vostre|vostri|vostra] {about}
        non .. {write} [più] ... {about}
        (niente|nessuna|nessun|basta|stop|no|zero) [più|altri|altre|con|ai|alle|alla|i|le|la|questi|queste] {ads}
        (niente|nessun|basta|stop) [più|altri|con|ai|i|le|questi|queste|coi|con i|con le|questi] [vostri] {about}
        (stufo|stufa|stanco|stanca) (di|dei|delle|della) ... {about}
        (finitela|finiscila|piantatela|piantala) (con|coi|di) ... {about}
        (smettetela|smettete|smettila|smetta|chiudete) (con|coi|di) ... {about}
        di non {get} più
        non {get} più ... {about}
        di non {get} ... {about}
        non sono interessat* (a|alle|ai|alla) ... {about}
        non (mi|ci) interessano ... {about}
        (basta|stop) .. {about}
    """,
    ends="""
        (fermate|ferma|interrompete|sospendete|disattivate|disattiva|cessate|annullare|disdire) ... {about}
    """,
    everything="""
        non ... mai più
        mai più ... {write}
        (nessun|niente) (contatto|messaggio|messaggi) (di nessun tipo|in assoluto|mai più)
        (fermate|bloccate|interrompete|fermare|bloccare) tutto
        nessun (messaggio|contatto|tipo di contatto) ... nessun tipo
        per nessun motivo ... {write}
        mai più ... (contatt*|scriv*|mand*|sentir*)
    """,
    unsure="""
        (fastidio*|fastidiosi|rottura|rompete|rompere|scocciat*|assillant*|molest*|spam|insistenti)
        non (mi|ci) interessa*
        non sono interessat*
        (numero sbagliato|sbagliato numero|sbagliato persona|persona sbagliata)
        (troppi|tanti) messaggi
        (chi siete|chi sei|chi è lei|ma chi è)
        (dato|avete|preso|trovato) [il] mio numero
        come ... (cancell*|disiscri*|disattiv*)
        (avvocato|garante|bloccato|blocco|segnalo|denuncia)
        già (disiscritto|cancellato|chiesto di)
        mai (iscritto|iscritta|dato il consenso|autorizzato)
        (che palle|che noia|che stress|stufo|stufa|non se ne può più|basta così)
        (un'altra|ennesima|ancora una|ancora) .. (offerta|promozione|pubblicità|occasione)
        (lei chi è|chi parla|con chi parlo)
        (meno) (messaggi|spesso|pubblicità|frequente*)
        {write} (meno)
        (mai) (chiesto|richiesto)
    """,
    refusing="""
        (non|niente|nessun|nessuna|mai|basta|stop|senza|smett*)
        (finit*|ferm*|togli*|lev*|cancell*|elimin*|rimuov*|rifiut*|disiscr*|evit*)
    """,
    reaching="""
        {write}
        (vostri|vostre|voi) ... (scriv*|mand*|invi*|contatt*)
    """,
    negated="""
        non (smettete|smettetela|fermate|fermatevi|cancellate|interrompete)
        non .. disiscriv*
        basta (così|che|un|una|pagare|il|chiamare)
        avete altre
    """,
    undone="""
        (per sbaglio|per errore mi|reiscriver*|iscrivermi di nuovo)
        (per errore|involontariamente|non volevo|ho sbagliato a)
    """,
    missed="(perdere|perdermi)",
    why="^ (perché|come mai|da quando)",
    how="""
        come (faccio|posso|si)
        dove (posso|si)
        posso
    """,
    limited="""
        (prima|fino|dopo|tranne|di notte|la sera|così tardi|così spesso|più di|abbonamento)
        (lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica)
        per (posta|email|mail)
        (vecchio|vecchia)
    """,
    not_received="""
        non (ho|mi è|mi sono|abbiamo) ... (ricevuto|arrivato|arrivati|arrivata)
        non (ricevo|arriva|arrivano)
        non ... (trovo|trovato|aprire|capito|leggere)
    """,
    access="""
        (quali|che) dati ... (avete|conservate|possedete|trattate)
        (accesso ai miei dati|copia dei miei dati)
        cosa sapete di me
    """,
    terminates="(disdire|disdico|disdetta|recedere|recesso|chiudere) ... (contratto|abbonamento|tariffa)",
)
