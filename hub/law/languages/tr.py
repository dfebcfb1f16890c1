# SPDX-License-Identifier: Apache-2.0
"""Turkish. The will often sits in one verb: "yazmayın" is "do not write". Dotted and dotless i are one letter here."""

from hub.law.languages.language import Language

TURKISH = Language(
    code="tr",
    strong="""abonelikten çık, listeden çık, abonelikten çıkmak, üyelikten çık, abonelikten çıkar,
        abonelikten ayrıl, listeden çıkar, üyelikten çıkar""",
    whole="""dur, durdur, durdurun, iptal, çık, çıkar, çıkış, ret, red, yeter, yeter artık, istemiyorum, yazmayın,
        yazma,
        sil, kes, kesin, bırakın, sms iptal, mesaj iptal, reklam iptal, fesih""",
    whole_all="hepsini durdur, her şeyi durdur, hepsini iptal, tümünü durdur, hepsini iptal et",
    ending="fesih",
    filler="""lütfen, teşekkürler, teşekkür, ederim, merhaba, selam, artık, hemen, şimdi, hayır, ya, iyi,
        günler, saygılar, sağolun, sağol, günaydın, kolay, gelsin, tekrar""",
    ads="""reklam*, kampanya*, tanıtım*, promosyon*, bülten*, ilan*, duyuru*, fırsat*, indirim*, spam*,
        pazarlama*""",
    messages="""mesaj*, sms*, bildirim*, liste*, numara*, rehber*, abonelik*, aboneliğ*, üyelik*, ileti*,
        whatsapp*, iletişim*, kayıt*, kayd*, data*""",
    other="""sipariş*, kargo*, paket*, teslimat*, randevu*, rezervasyon*, fatura*, ödeme*, sözleşme*,
        sigorta*, kurs*, ders*, adres*, hesap*, durak*, durağ*, otobüs*, araba*, makine*, ürün*,
        soğan, peynir, poşet, beden, kod, kodu, zile, hediye, tane*, kızım, oğlum, soğan*, poşet*,
        yer, ceket*, bebek, zil*, zili, kurye*, renk*, mavi*, yeşil*, kırmızı*, fotoğraf*, iade*,
        teslim*, masa*, oda*, bilet*, sepet*, televizyon*, çamaşır*, hafta, saat*, satın""",
    spelled="istemiyorum, göndermeyin, yazmayın, atmayın",
    not_typos="istiyorum, gönderin",
    short="""
        slm=selam, tşk=teşekkürler, tsk=teşekkürler, lutfn=lütfen, msj=mesaj, wp=whatsapp
    """,
    words={
        "dont": """atmayın, atmayınız, atma, göndermeyin, göndermeyiniz, gönderme, yollamayın, yollama,
            yazmayın, yazmayınız, yazma, rahatsız etmeyin, rahatsız etmeyiniz, iletişime geçmeyin,
            aramayın ve yazmayın, spam yapmayın, spam atmayın, reklam yapmayın, mesaj çekmeyin,
            iletmeyin, ulaşmayın, bildirim göndermeyin, paylaşmayın, taciz etmeyin, mesajlamayın""",
        "out": """çıkarın, çıkar, çıkartın, çıkarınız, silin, sil, siliniz, çıkarılmak, silinsin,
            çıkarır mısınız, çıkmak, silinmesini, silmenizi, çıkarırsanız, çıkarabilir misiniz,
            silebilir misiniz, çıkarmanızı, çıkarılsın, çıkarılmasını""",
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
        (rıza|onay|izin|rızamı|onayımı|iznimi) ... (geri|çekiyorum|iptal ediyorum|kaldırıyorum)
    """,
    leave_me="""
        (beni|bizi) [artık] rahat bırak*
        (rahat) (bırakın|bırak|bırakınız)
    """,
    do_not_write="""
        (yazmayın|yazmayınız|rahatsız etmeyin|rahatsız etmeyiniz|mesaj atmayın|mesaj atma|mesaj göndermeyin)
        {about} ... {dont}
        (bana|bize) ... {dont}
        (göndermeyi|atmayı|yazmayı|yollamayı|mesajlamayı) (bırakın|kesin|kes|bırak|durdurun)
        (bir daha) .. (yazmayın|atmayın|göndermeyin)
        (göndermeyin|atmayın|yazmayın|yollamayın) [artık|lütfen] $
        spam (yapmayın|atmayın|göndermeyin)
    """,
    no_more="""
        {about} ... istemiyorum
        {about} ... (istemiyoruz|almak istemem|istemem)
        (reklamsız|reklama hayır)
        yeter [artık] ... {about}
        {about} ... (almayacağım|almak istemiyorum|görmek istemiyorum|gelmesin|gelmesini istemiyorum)
        {ads} ... (ilgilenmiyorum|hayır)
        (bıktım|usandım|yeter|bezdim) ... {about}
    """,
    ends="""
        {about} .. {end}
        {end} ... {about}
    """,
    everything="""
        bir daha asla
        asla ... {dont}
        (hiçbir|hiç bir) (mesaj|şekilde) ... (istemiyorum|atmayın|göndermeyin|geçmeyin|yazmayın)
        (hepsini|her şeyi|tümünü) (durdurun|durdur|kesin|iptal*|bitirin)
        (hiçbir|hiç bir) (şey|mesaj|bildirim|iletişim) ... istemiyorum
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
        daha (az|seyrek) .. mesaj*
        (harika|süper|güzel|vay) ... (kampanya|fırsat|indirim) daha
        (nereden|nerden) ... numara*
        (bıktım|usandık|yeter be|bunaldım|darladınız)
        ben (o|şu) (kişi|kişi değilim|değilim)
    """,
    refusing="""
        (istemiyor*|istemem|hayır|yok|asla|artık|yeter|dur|durdur*|kes|kesin)
        (bırak*|sil*|çıkar*|iptal*|atmayın|göndermeyin|yazmayın|ret|reddediyorum|son verin|engel*)
    """,
    reaching="""
        (bana|bize|beni) ... (yaz*|gönder*|at*|mesaj*|ulaş*)
    """,
    negated="""
        {about} ... (kesmeyin|durdurmayın|bırakmayın)
        (kesmeyin|durdurmayın|iptal etmeyin|çıkarmayın|silmeyin)
        durmuyor
    """,
    undone="""
        (yanlışlıkla|tekrar üye|yeniden kayıt)
        (kazara|yanlış bastım|farkında olmadan)
    """,
    missed="(kaçırmak|kaçırma*)",
    why="^ (neden|niye|niçin)",
    how="(nasıl|nereden)",
    limited="""
        (önce|kadar|hariç|gece|akşam|bu kadar geç|abonelik ücreti)
        (pazartesi|salı|çarşamba|perşembe|cuma|cumartesi|pazar)
        (posta|mektup)
        (eski)
    """,
    not_received="""
        (gelmedi|gelmiyor|almadım|alamadım|ulaşmadı)
        (bulamadım|açamadım|okuyamadım|anlamadım|açılmıyor)
    """,
    access="""
        hangi (verilerimi|bilgilerimi|veriler*) ... (tutuyor*|saklıyor*|var)
        (verilerime erişim|verilerimin kopyası)
    """,
    terminates="(sözleşme*|aboneliğimi|üyeliğimi) ... (feshet*|iptal|sonlandır*)",
)
