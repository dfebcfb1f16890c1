# SPDX-License-Identifier: Apache-2.0
"""Words that all languages share, and the strong words of languages that have no module of their own."""

from hub.law.languages.language import Language

SHARED = Language(
    code="*",
    strong="stop, stpo, sotp, tsop, stopo, stpp, stip, stop sms, stop whatsapp, stop promo",
    ads="newsletter, newsletters, marketing, spam, promo, promos",
    messages="sms, whatsapp, whatsapps, mail, mails, email, emails, mailing",
)
OTHERS = Language(
    code="-",
    # Portuguese, Czech and Slovak, the Nordic languages, Romanian, Hungarian, Russian and Ukrainian, Arabic, Chinese
    strong="""descadastrar, descadastre-me, descadastrem-me, odhlásit, odhlásiť, odhlaste mě, odhláste ma, afmeld,
        avmeld, avregistrera, dezabonare, dezabonați-mă, leiratkozás, leiratkozom, стоп, отписаться, отпишите меня,
        отписка, відписатися, відпишіть мене, otpisatsya, otpisatsja, otpishite menya, vidpysatysya, توقف,
        إلغاء الاشتراك, 停止, 退订""",
    whole="""sair, remover, parar, cancelar, cancele, chega, zrušit, zrušiť, konec, koniec, avsluta, slutt, stopp nå,
        renunț, vége, отмена, скасувати, otmena, الغاء, أوقف""",
    whole_all="parar tudo, pare tudo, zastavit vše, zastaviť všetko, stopp allt, stop alt, всё стоп",
    ads="""publicidade, propaganda, propagandas, promoções, reklamu, reklamy, reklame, reklamer, reclame, reclamă,
        publicitate, reklámot, reklámok, reklámokat, рекламы, рекламу, реклама, реклами, reklamu, الإعلانات, إعلانات""",
    messages="""mensagens, mensagem, zprávy, správy, meldinger, beskeder, meddelanden, mesaje, üzenetet, üzeneteket,
        сообщений, сообщения, повідомлень, повідомлення, رسائل""",
    words={
        "stop_it": """parem de, pare de, parar de, deixem de, přestaňte, prestaňte, slutt å, sluta, hold op med,
            încetați""",
    },
    remove_me="""
        (tirem me|tire me|me tirem|me tire|me retirem|me remova|me removam|quero sair) (da|do|de|desta|dessa)
        (vymažte|odstraňte|vyřaďte) (mě|ma|mne)
        (fjern|slett|slet|ta bort) (meg|mig)
        (ștergeți|scoateți) mă
        (удалите|уберите|вычеркните) (меня|мой номер)
        (видаліть|приберіть) (мене|мій номер)
    """,
    do_not_write="""
        não (me|nos) (mande|mandem|envie|enviem|escreva|escrevam|contate|contatem|perturbe|perturbem)
        não (mande|mandem|envie|enviem) .. {messages}
        {stop_it} .. (me|mandar|enviar|psát|posielať|sende|skicka|trimiteți)
        (už|uz) (mi) [už] (nepište|nepiste|neposílejte|neposielajte)
        (nepište|nepiste|neposílejte|neposielajte) (mi) [už|více|viac]
        (ikke|inte) (skriv|send|skicka|kontakt|kontakta) [meg|mig]
        nu (îmi|imi|mă|ma|mai) .. (trimiteți|trimiteti|scrieți|scrieti|contactați|contactati)
        ne (küldjetek|küldjön|küldjenek|írjanak|írjatok) [nekem] [több|többet]
        не (пишите|присылайте|отправляйте|звоните и не пишите) [мне|больше]
        не (пишіть|надсилайте) [мені|більше]
        (ne|nye) (pishite|prisylaite|otpravlyaite) [mne|bolshe]
        لا (ترسلوا|ترسل|تراسلني|تراسلوني)
    """,
    no_more="""
        não quero [mais] [receber] [mais] .. {about}
        não quero (receber|mais receber)
        chega de .. {about}
        (nechci|nechcem|nechceme) [už|další] .. {about}
        (žádné|žiadne|ingen|inga) .. {about}
        (vil|vill) (ikke|inte) (ha|modtage|motta) .. {about}
        nu (vreau|doresc) [mai|mai multe] .. {about}
        nem (kérek|akarok) [több] .. {about}
        не хочу [больше|більше] [получать|отримувати] .. {about}
        без (рекламы|реклами)
        bez reklamy
        (ne khochu|ne hochu) [bolshe] .. (reklam*|soobshcheni*)
        لا أريد .. (رسائل|الرسائل|إعلانات|الإعلانات)
    """,
)

# Signs as the whole message. The stop sign says one thing; the others say displeasure, but not with what.
STOP_SIGNS = "🛑"
UNWILLING_SIGNS = "🚫⛔👎🖕😡🤬🙅"
