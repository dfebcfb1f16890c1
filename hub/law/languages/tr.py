# SPDX-License-Identifier: Apache-2.0
"""Turkish. The will often sits in one verb: "yazmayın" is "do not write". Dotted and dotless i are one letter here."""

from hub.law.languages.language import Language

TURKISH = Language(
    code="tr",
    strong="abonelikten çık, listeden çık, abonelikten çıkmak, üyelikten çık, abonelikten çıkar",
    whole="""dur, durdur, durdurun, iptal, çık, çıkar, çıkış, ret, red, yeter, yeter artık, istemiyorum, yazmayın,
        yazma,
        sil, kes, kesin, bırakın, sms iptal, mesaj iptal, reklam iptal, fesih""",
    whole_all="hepsini durdur, her şeyi durdur, hepsini iptal, tümünü durdur, hepsini iptal et",
    ending="fesih",
    filler="lütfen, teşekkürler, teşekkür, ederim, merhaba, selam, artık, hemen, şimdi, hayır, ya, iyi, günler",
    ads="reklam*, kampanya*, tanıtım*, promosyon*, bülten*, ilan*",
    messages="mesaj*, sms*, bildirim*, liste*, numara*, rehber*, abonelik*, aboneliğ*, üyelik*, ileti*",
    other="""sipariş*, kargo*, paket*, teslimat*, randevu*, rezervasyon*, fatura*, ödeme*, sözleşme*, sigorta*, kurs*,
        ders*, adres*, hesap*, durak*, durağ*, otobüs*, araba*, makine*, ürün*, soğan, peynir, poşet, beden, kod, kodu,
        zile, hediye, tane*, kızım, oğlum""",
    spelled="istemiyorum, göndermeyin, yazmayın, atmayın",
    not_typos="istiyorum, gönderin",
    words={
        "dont": """atmayın, atmayınız, atma, göndermeyin, göndermeyiniz, gönderme, yollamayın, yollama, yazmayın,
            yazmayınız, yazma, rahatsız etmeyin, rahatsız etmeyiniz, iletişime geçmeyin, aramayın ve yazmayın""",
        "out": """çıkarın, çıkar, çıkartın, çıkarınız, silin, sil, siliniz, çıkarılmak, silinsin, çıkarır mısınız,
            çıkmak, silinmesini, silmenizi""",
        "end": "durdurun, durdur, kesin, kes, iptal, bitirin, sonlandırın, kapatın, durdurulsun",
    },
    remove_me="""
        beni ... {out}
        (listeden|listenizden|abonelikten|üyelikten|rehberinizden|bültenden) [tamamen] (çık*|{out})
        (abonelikten|üyelikten|listeden) ayrıl*
    """,
    erase_me="""
        (numaramı|verilerimi|bilgilerimi) ... (silin|sil|siliniz|çıkarın|kaldırın)
        (numaramın|verilerimin) silinmesini
    """,
    objection="""
        (rızamı|onayımı|iznimi) ... (geri çek*|geri al*|iptal)
        itiraz ediyorum
        (izin|onay) vermiyorum
    """,
    leave_me="(beni|bizi) [artık] rahat bırak*",
    do_not_write="""
        (yazmayın|yazmayınız|rahatsız etmeyin|rahatsız etmeyiniz|mesaj atmayın|mesaj atma|mesaj göndermeyin)
        {about} ... {dont}
        (bana|bize) ... {dont}
    """,
    no_more="""
        {about} ... istemiyorum
        {about} ... (istemiyoruz|almak istemem|istemem)
        (reklamsız|reklama hayır)
        yeter [artık] ... {about}
    """,
    ends="""
        {about} .. {end}
        {end} ... {about}
    """,
    everything="""
        bir daha asla
        asla ... {dont}
        (hiçbir|hiç bir) (mesaj|şekilde) ... (istemiyorum|atmayın|göndermeyin|geçmeyin|yazmayın)
    """,
    unsure="""
        (rahatsız ediyor*|sinir*|bıktım|bıktık|usandım|taciz|spam*|bezdim)
        (ilgilenmiyor*|ilgimi çekm*)
        yanlış (numara|kişi*|numarayı)
        (çok fazla|bu kadar|çok) mesaj
        (kimsiniz|kimsin|bu kim)
        numaramı (nereden|nerden|kimden)
        nasıl ... (çık*|iptal|durdur*)
        (avukat*|kvkk|engelledim|şikayet*)
        zaten (çıktım|iptal)
        hiç (üye olmadım|izin vermedim)
    """,
    negated="""
        {about} ... (kesmeyin|durdurmayın|bırakmayın)
        (kesmeyin|durdurmayın|iptal etmeyin|çıkarmayın|silmeyin)
        durmuyor
    """,
    undone="(yanlışlıkla|tekrar üye|yeniden kayıt|kaçırmak)",
    why="^ (neden|niye|niçin)",
    how="(nasıl|nereden)",
    limited="(önce|kadar|hariç|gece|akşam|bu kadar geç|abonelik ücreti)",
    not_received="(gelmedi|gelmiyor|almadım|alamadım|ulaşmadı)",
    access="""
        hangi (verilerimi|bilgilerimi|veriler*) ... (tutuyor*|saklıyor*|var)
        (verilerime erişim|verilerimin kopyası)
    """,
    terminates="(sözleşme*|aboneliğimi|üyeliğimi) ... (feshet*|iptal|sonlandır*)",
)
