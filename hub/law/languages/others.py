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
    strong="""descadastrar, odhlásit, odhlásiť, afmeld, avmeld, avregistrera, dezabonare, leiratkozás, leiratkozom,
        стоп,
        отписаться, відписатися, توقف, 停止""",
    whole="""sair, remover, parar, zrušit, zrušiť, konec, avsluta, renunț, vége, отмена, الغاء, إلغاء الاشتراك,
        não quero receber, nechci reklamu, už nepište, ingen reklame, ingen reklam, nu mai trimiteți, ne küldjetek,
        не пишите мне, без рекламы, لا أريد رسائل""",
    whole_all="parar tudo",
)

# Signs as the whole message. The stop sign says one thing; the others say displeasure, but not with what.
STOP_SIGNS = "🛑"
UNWILLING_SIGNS = "🚫⛔👎🖕😡🤬🙅"
