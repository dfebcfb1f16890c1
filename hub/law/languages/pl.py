# SPDX-License-Identifier: Apache-2.0
"""Polish."""

from hub.law.languages.language import Language

POLISH = Language(
    code="pl",
    strong="""wypisz, wypisz mnie, wypiszcie, wypisać, wypisuję, wypisz się, wypiszcie mnie, wypisac,
        proszę wypisać""",
    whole="""rezygnuję, rezygnacja, anuluj, koniec, dość, dosyć, przestańcie, przestań, usuń, usuńcie, sprzeciw,
        wystarczy,
        bez reklam, żadnych reklam, nie piszcie, proszę nie pisać, wypowiedzenie, wypowiadam""",
    whole_all="zatrzymaj wszystko, zatrzymajcie wszystko, stop wszystko, anuluj wszystko",
    ending="wypowiedzenie, wypowiadam",
    filler="""proszę, prosze, dziękuję, dzięki, dzień, dobry, cześć, witam, hej, teraz, natychmiast, nie,
        już, pozdrawiam, pozdro, wam, pani, panie, państwo, bardzo, szanowni""",
    ads="""reklama, reklamy, reklamę, reklam, reklamą, reklamie, reklamom, reklamami, reklamach,
        reklamowe, reklamowych, reklamowy, reklamowa, reklamowej, reklamowania, ofert*, promoc*,
        marketing*, newsletter*, spam*, ulot*, rabat*, reklamowego""",
    messages="""wiadomoś*, sms*, smsy, powiadomie*, lista, listy, liście, listę, numer, numeru, baza, bazy,
        kontakt, kontaktu, subskrypcj*, komunikat*, esemes*, lista wysyłkowa, bazie, telefon*,
        whatsapp*""",
    other="""zamówien*, dostawa, dostawy, dostawę, dostawie, przesył*, paczk*, wysyłk*, wizyt*,
        rezerwac*, faktur*, płatnoś*, umow*, ubezpiecz*, kurs, kursu, zajęć, zajęcia, adres*, konto,
        konta, przystan*, produkt*, pralka, auto, sztuk*, rozmiar*, córka, syn, wyprzedaż*, cebul*,
        sos*, torb*, miejsc, miejsca, kurtk*, zwrot*, zwróc*, kurier*, stolik*, pokoj*, pokój,
        bilet*, zakup*, koszyk*, domofon*, kod, kodem, niebiesk*, zielon*, zdjęć, blok*""",
    spelled="wypisz, wypiszcie, rezygnuję, wiadomości, newsletter",
    not_typos="zapisz, zapiszcie, napisz, napiszcie, wypisze, wpisz, opisz",
    words={
        "write": """pisać, piszcie, pisz, pisał, wysyłać, wysyłajcie, wysyłaj, przysyłać, przysyłajcie,
            kontaktować, kontaktujcie, kontaktuj, nękać, nękajcie, spamować, spamujcie, niepokoić, słać,
            dzwonić i pisać, przesyłać, napisać, wysłać, wysyłali, nadsyłać, zawracać, zaczepiać,
            zaczepiajcie, kontaktujcie się, zasypywać, zasypujcie, wypisywać, podsyłać, podsyłajcie,
            odzywać, odzywajcie""",
        "want": """chcę, życzę sobie, chciałbym, chciałabym, potrzebuję, zamawiałem, chcemy, życzymy sobie,
            pragnę, mam ochoty, zgadzam się""",
        "get": "dostawać, otrzymywać, widzieć, czytać, dostać, odbierać",
    },
    remove_me="""
        (wypisz|wypiszcie|wypisać|usuń|usuńcie|usunąć|skreślcie|skreśl|wykreślcie|wykreśl) [proszę] mnie
        (mnie|się) .. (wypisać|usunąć|wypisuję|wykreślić)
        wypisuję
        mnie .. (skreślić|usunąć|wypisać|wykreślić|wyrejestrować)
        (skreślić|usunąć|wypisać|wykreślić|skreślcie) mnie
        (usuńcie|wykreślcie|skreślcie|usunąć|wypiszcie) (mnie|mój|moj|nas) ... {about}
    """,
    erase_me="""
        (usuń|usuńcie|usunąć) [wszystkie] (mój|moje|moich|mojego) (numer*|dan*|kontakt)
        (skasujcie|skasuj|wykasujcie|usunięcie) [wszystkie] (mój|moje|moich|mojego) (numer*|dan*|kontakt)
        (mój|moje) (numer|dane) ... (usunąć|usuńcie|skasować)
    """,
    objection="""
        (cofam|wycofuję|odwołuję) [swoją|moją] zgodę
        (wycofanie|cofnięcie|wycofać) [swojej|mojej] zgod*
        sprzeciw (wobec|na|przeciw)
        sprzeciwiam się
        nie wyrażam [już] zgody
        (nie zgadzam się) (na) ... {about}
        (cofam|wycofuję|odwołuję|cofnąć|wycofać) ... zgod*
        (wnoszę|składam|zgłaszam) sprzeciw
    """,
    leave_me="""
        (zostawcie|zostaw) mnie w spokoju
        (dajcie|daj) mi [święty|już] spokój
        odczepcie się
    """,
    do_not_write="""
        nie {write} ... (mi|mnie|więcej|już|do mnie|wiadomoś*)
        nie {write} $
        (proszę|prosze) [już|więcej] nie {write}
        (przestań|przestańcie|przestać|proszę przestać) ... {write}
        nie {want} [już] żeby ... (pisali|pisać|wysyłali)
        nie mi {write}
        (proszę|prosze) .. nie {write}
        (proszę|prosze) .. (nie kontaktować|nie wysyłać)
        (zaprzestanie|zaprzestać) ... (wysyłania|kontaktu|kontaktowania|przesyłania|wysyłki)
        (zaprzestańcie|zaprzestania|zaprzestali) ... (wysyłania|kontaktu|kontaktowania|przesyłania|wysyłki)
        nie {write} (więcej|już)
    """,
    no_more="""
        nie {want} [już|więcej|żadnych|tych|takich|waszych] [już|więcej|żadnych|tych|takich|waszych] {about}
        nie {want} [już|więcej] {get} ... (od was|więcej|{about})
        nie {write} ... {about}
        (żadnych|bez|koniec|dość|dosyć|stop|zero) [już|tych|tego|więcej|z|waszych] [waszych|tymi] {about}
        nigdy nie zamawiałem ... {about}
        nie {want} .. {get}
        nie {want} ... {about}
        (spokój|spokoj) z .. {about}
        (żadnych|żadnej|zero) .. {about}
        nie (interesują|interesuje) mnie ... {about}
    """,
    ends="""
        (rezygnuję|rezygnacja|zrezygnować|anuluj|anulować|zatrzymaj|zatrzymajcie|wyłącz|wyłączcie) [z] .. {about}
    """,
    everything="""
        nigdy więcej ... (pisz*|kontakt*|wysył*|odzyw*)
        (żadnego kontaktu|żadnych kontaktów)
        nie ... nigdy więcej
        (stop|zatrzymać|zatrzymajcie|koniec|zakończcie) [z] (wszystko|wszystkim|wszystkiego)
        w żaden sposób
        (żadnych) (wiadomości|kontaktów) (więcej|w ogóle|od was)
    """,
    unsure="""
        (denerwuj*|wkurz*|irytuj*|męcz*|nęka*|natręt*|uciążliw*|upierdliw*|spam*)
        nie (jestem|jesteśmy) zainteresowan*
        nie interesuje
        (zły|błędny|niewłaściwy) numer
        (pomyłka|pomylił* numer|pomyłkowy)
        (za dużo|tyle|zbyt wiele) (wiadomoś*|reklam*|sms*)
        (kto to|kim jesteś|kim jesteście)
        (macie|masz|wzięliście) mój numer
        jak ... (wypisać|zrezygnować|wyłączyć)
        (prawnik*|uodo|zablokowan*|blokuję|zgłoszę|adwokat*)
        już się wypis*
        nigdy nie (zapis*|wyraż*)
        (rzadziej|mniej) [wiadomoś*|reklam|często]
        (kolejna|znowu|znów|następna|jeszcze jedna) .. (okazja|oferta|promocja|reklama)
        (skąd) ... numer
        (nigdzie|nigdy) (się|nie) ... (zapis*|prosi*|zgadza*)
        (mam dość|mam dosyć|wkurza*|zawracacie)
    """,
    refusing="""
        (nie|bez|żadn*|nigdy|dość|dosyć|stop|koniec|przesta*)
        (zaprzesta*|usu*|wypis*|skreśl*|wykreśl*|rezygn*|anuluj*|odmaw*|zero|precz)
    """,
    reaching="""
        {write}
        (mi|mnie|nam) ... (wysył*|pisz*|kontakt*|przysył*)
    """,
    negated="""
        nie (przestawajcie|przestawaj|zatrzymujcie|anulujcie|rezygnuję|wypisujcie)
        przystan* stop
        więcej takich
    """,
    undone="""
        (przez pomyłkę|przypadkiem|przypadkowo|ponownie zapisać|zapisać się ponownie)
        (przypad*|pomyłk*|niechcący|omyłkowo|przez przypadek)
    """,
    missed="(przegapić|przegapic|stracić)",
    why="^ (dlaczego|czemu|od kiedy)",
    how="""
        jak (mogę|się|można)
        gdzie (mogę|można)
        czy mogę
    """,
    limited="""
        (przed|do godziny|dopóki|oprócz|w nocy|wieczorem|tak późno|tak często|niż|subskrypcj*)
        (poniedziałek|wtorek|środę|czwartek|piątek|sobotę|niedzielę|soboty|niedziele)
        (pocztą|listem|mailem)
        (stary|starego)
    """,
    not_received="""
        nie (dostał*|otrzymał*|przysz*|dotar*|dosz*)
        nie (dostaję|otrzymuję|przychodz*)
        nie ... (znalazł*|znaleźć|otworzyć|odczytać|rozumiem)
    """,
    access="""
        (jakie|które) dane ... (macie|posiadacie|przechowujecie|przetwarzacie)
        (dostęp do [moich] danych|kopi* [moich] danych)
        co o mnie wiecie
    """,
    terminates="""
        (wypowiadam|wypowiedzieć|wypowiedzenie|rozwiązać|zerwać|rezygnuję z) [moją|swoją] (umow*|abonament*)
    """,
)
