# SPDX-License-Identifier: Apache-2.0
"""French. Apostrophes vanish: "n'écrivez" is written and matched as one word."""

from hub.law.languages.language import Language

FRENCH = Language(
    code="fr",
    strong="""désabonner, désabonnez-moi, désabonnement, désinscription, désinscrire, désinscrivez-moi,
        me désinscrire, me désabonner, désabonne, désinscris, désinscrivez, désabonnez, stop svp""",
    whole="""arrêt, arrêter, arrêtez, arrête, résilier, résiliation, plus de pub, pas de pub, ça suffit, assez,
        stop pub,
        plus rien, stop ça""",
    whole_all="tout arrêter, arrêtez tout, stop tout, plus rien du tout",
    ending="résilier, résiliation",
    filler="""s'il vous plaît, svp, stp, merci, bonjour, bonsoir, salut, maintenant, s'il, vous, te,
        plaît, immédiatement, non, de, d'avance, slt, bjr, cdt, cordialement, bonne, journée,
        madame, monsieur, mercii""",
    ads="""pub, pubs, publicité, publicités, promos, promotions, offres, d'offres, publicitaire*,
        prospection, démarchage, commercial, commerciale, commerciaux, commerciales, infolettre,
        sollicitations, réclames, spam, spams, newsletter, newsletters, bons plans""",
    messages="""messages, message, textos, notifications, liste, listes, numéro, fichier, fichiers, base,
        contacts, sms, mails, abonnement, msg, msgs, texto, répertoire, mailing, diffusion""",
    other="""livraison, livrer, livrez, colis, commande, commandes, rendez, rdv, réservation, facture,
        paiement, contrat, assurance, cours, adresse, compte, devis, panier, bus, tram, machine,
        appareil, article, taille, photos, abonnée, pull, burger, chaudière, technicien, bail, sac,
        place, places, abonnement panier, suivi, expédition, remboursement, chambre, table, train,
        vol, code, articles""",
    spelled="désabonner, désinscrire, désinscription, publicité, désinscrivez",
    not_typos="abonner, inscription",
    words={
        "write": """*écrivez, *écrire, *écris, *envoyez, *envoyer, *envoie, *contactez, *contacter, *sollicitez,
            *dérangez, *écriviez, *envoyiez, *contactiez, *recontactez, *recontacter, *relancez,
            *relancer, *spammer, *spammez, *harceler, *harcelez, *importuner, *importunez""",
        "receive": "recevoir, reçois, être contacté, être contactée, voir",
        "delete": """supprimez, supprimer, effacez, effacer, retirez, retirer, enlevez, enlever, suppression,
            effacement, virez, virer, rayez, rayer, ôtez, radiez, radier, sortez, sortir, désinscrivez""",
        "want": "veux, souhaite, désire, voudrais, aimerais, veut, souhaitons",
    },
    remove_me="""
        me (désabonner|désinscrire|désincrire|retirer|enlever|supprimer)
        (retirez|enlevez|supprimez|désabonnez|désinscrivez|rayez|sortez) moi
        (désabonne|désinscris) moi
        me (retirer|enlever|rayer|supprimer) de
        (retirez|enlevez|virez|sortez|rayez|ôtez|radiez|effacez|supprimez|désabonnez) (moi|nous)
        (retirer|enlever|sortir|rayer|radier|ôter) (de|du|des) [votre|vos|la|cette] .. {messages}
    """,
    erase_me="""
        {delete} [toutes] (mon|mes|de mes) (numéro|données|coordonnées|informations|contact)
        {delete} de (mon|mes) (numéro|données|coordonnées|informations)
    """,
    objection="""
        je m'oppose
        (retire|révoque) mon (consentement|accord|autorisation)
        opposition (à|au) ... (prospection|marketing|publicité|traitement)
        je refuse ... {about}
        (retire|révoque|retirer|révoquer|annule) ... (consentement|accord|autorisation)
        je m'oppose à
    """,
    leave_me="""
        (laissez|laisse|foutez|fichez|foutez|fiche) moi [donc] (tranquille|la paix|en paix)
    """,
    do_not_write="""
        (ne|n) {write} plus
        ne (me|m|nous) .. {write} plus
        *écrivez plus
        *envoyez plus
        contactez plus
        (arrêtez|arrêter|arrête|cessez|cesser|stop) [de|d] {write}
        (arrêtez|arrêter|arrête|cessez|cesser) de me (contacter|solliciter|déranger|harceler|spammer)
        ne (souhaite|veux|désire) plus [jamais] {receive} ... (vous|votre|vos)
        ne plus ... être (contacté|contactée|sollicité|sollicitée)
        ne plus .. {write}
        (ne|n) .. {write} (plus|pas)
        (plus|pas) la peine de {write}
        (merci|veuillez|prière) de (cesser|arrêter)
        (arrêtez|arrêter|arrête|cessez|cesser) [svp] [de|d] *spammer
    """,
    no_more="""
        (ne|n) {want} (plus|pas) .. {receive} ... {about}
        {want} (plus|pas) .. {receive} ... {about}
        (ne|n) {want} (plus|pas) (de|d|aucun|aucune|vos|votre) ... {about}
        {want} (plus|pas) (de|d|vos) {about}
        ne plus {receive}
        ^ plus (de|d) {about}
        ^ (merci|svp|bonjour) plus (de|d) {about}
        (pas|aucun|aucune|sans|zéro) [de|d] {ads}
        (marre|assez|ras le bol) (de|des|d) .. {about}
        (ne|n) *veux (plus|pas) de vos
        {want} (plus|pas) [de|d|des] [vos|votre|ces|cette|la|les] {about}
        (n|j|je|jen|je n'en|j'en) .. (veux|souhaite|désire) (plus|pas) ... {about}
        (plus jamais|jamais|zéro|basta) [de|d] .. {ads}
        (ça suffit|assez|stop|ras le bol|marre) [avec|de|des|à|aux] [les|vos|ces|cette] {about}
        (pas|plus) intéressé* (par) ... {about}
        je me passe de ... {about}
    """,
    ends="""
        (arrêtez|arrêter|arrête|cessez|stop) [de|d] [les|vos|ces|aux|avec] .. {about}
        (stopper|stoppez|annuler|résilier|fin) [de|d] [les|vos|ces|aux|avec] .. {about}
    """,
    everything="""
        plus jamais ... (message|messages|contact*|écri*|nouvelles|entendre)
        {write} plus jamais
        jamais plus ... {write}
        (tout arrêter|arrêtez tout)
        aucun (message|contact) (du tout|de quelque nature)
        (ne|n) .. {write} plus (du tout|jamais)
        plus aucun (message|contact|mail|sms)
        (arrêtez|stoppez|cessez) (tout|absolument tout)
    """,
    unsure="""
        (énerv*|m'énerve*|agaç*|harcèlement|harcel*|lourd|lourds|pénible|pénibles|saoul*|soul*|relou)
        (pas|plus|aucunement) (intéressé|intéressée|intéressés)
        ne m'intéresse pas
        (trop|tant|tellement) de (messages|pub|pubs|mails)
        (trompé|trompée|trompez|erreur) de (numéro|personne)
        (mauvais|faux) numéro
        (qui êtes vous|c'est qui|vous êtes qui|qui est ce)
        (eu|trouvé|obtenu|avez) mon numéro
        comment ... (désinscri*|désabonn*|arrêter)
        (cnil|avocat|spam|spams|signaler|bloqué|bloque|bloquer)
        je n'en veux (pas|plus)
        (non merci arrêtez)
        déjà (désinscrit|désinscrite|désabonné|désabonnée)
        jamais (inscrit|inscrite|demandé|donné mon accord)
        ^ [vous me|tu me] (gonflez|saoulez|fatiguez)
        (gonflant*|casse pieds|insupportable*|abusé|abusez|intrusif|intrusive)
        moins (de|d|souvent) [messages|mails|sms|promos]
        encore (une|un|des|vos|votre) .. {ads}
        (rien|jamais) demandé
        (d'où|comment) ... mon numéro
        (n'en|en) veux (pas|plus)
    """,
    refusing="""
        (ne|n|n'en|pas|jamais|aucun|aucune|rien|sans|stop|arrêt*)
        (cess*|assez|marre|suffit|retir*|enlev*|supprim*|effac*|refus*|désabonn*|désinscri*|fin)
    """,
    reaching="""
        {write}
        (vos|votre|vous) ... (écri*|envo*|contact*|solli*)
    """,
    negated="""
        n'arrêt*
        (ne|n) .. (arrêtez|arrêter|cessez|stoppez|supprimez) pas
        (l'arrêt|arrêt de)
        plus (de|d) {about} comme
        (encore|envoyez moi|envoie moi|recevoir|avoir) plus (de|d)
        sans arrêt
        j'ai arrêté
    """,
    undone="""
        (par erreur je me suis|réabonner|réinscrire|par accident|sans faire exprès)
        (par erreur|sans le vouloir|ne tenez pas compte|mauvaise manipulation|par mégarde)
    """,
    missed="(rater|manquer)",
    why="^ (pourquoi|depuis quand)",
    how="""
        comment (faire|puis|me|se|peut|je)
        où (puis|peut|est)
        (est ce que je peux|puis je)
    """,
    limited="""
        (avant|jusqu|après|sauf|la nuit|le soir|si tard|si souvent|si tôt|abonnement)
        (lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)
        (par) (courrier|poste|mail)
        (ancien|ancienne|l'ancien|l'ancienne)
    """,
    not_received="""
        (pas|rien|jamais) [encore] [eu|reçu] ... (reçu|eu|arrivé) ... {about}
        pas [encore] (reçu|eu)
        reçois (pas|plus|rien)
        (pas|plus|rien) ... (trouvé|trouver|ouvrir|compris|lire)
    """,
    access="""
        (quelles|quelle) (données|informations) ... (avez|détenez|conservez|possédez)
        (droit d'accès|accès à mes données|copie de mes données)
        que savez vous (sur|de) moi
    """,
    terminates="(résilier|résiliez|résiliation|mettre fin) ... (contrat|forfait|adhésion|abonnement)",
)
