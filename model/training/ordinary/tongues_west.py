"""Sentences in languages of Europe in Latin letters, one a line, with slots of words.py."""

WEST = {
    "de": """Ich hätte gern §d Stück für §price, bitte.
Wo finde ich die Rechnung vom §date?
§first's Tür klemmt wieder – kann man da was machen?
Der Preis wurde von §price auf §price gesenkt.
„Das geht so nicht“, sagte §first und ging.
Die Größe §dd fällt klein aus, oder?
Leider ist der Zug nach §city ausgefallen.
Wählen Sie bitte „§W“ oder „§W“ aus der Liste.
Könntet ihr mir bis Freitag Bescheid geben?
Die Lieferung enthält §d Teile; eins fehlt.
Grüße aus §city, dein §first
Ich hab's versucht, aber es geht nicht!
Für Kinder unter §d Jahren kostenlos (§ 3 Abs. 2).
Straße und Hausnummer: Müllerstraße §dd
Was heißt »select« und wann nimmt man »having«?
Öffnungszeiten: Mo–Fr §time–§time Uhr""",
    "fr": """L'été dernier, nous sommes allés à §city.
Qu'est-ce qu'il y a d'autre aujourd'hui ?
J'ai commandé §d articles pour §price.
« C'est l'union qui fait la force », dit-on.
Où est l'entrée de l'hôtel §last ?
N'oubliez pas d'ajouter l'adresse, s'il vous plaît.
Le colis n° §n n'est jamais arrivé.
D'après §first, il n'y a plus d'eau chaude.
Je voudrais l'échanger contre un autre modèle.
Aujourd'hui à §time, rendez-vous devant l'école.
C'était génial, j'y retournerai l'année prochaine !
Merci d'avance pour votre réponse, §first
L'œuf ou la poule ? Ça dépend…
Prix : §price au lieu de §price (-§dd %)
Sélectionnez l'ordre d'affichage et l'image d'accueil.
Il n'a pas dit « non » ; il a dit « peut-être ».""",
    "es": """¿Cuánto cuesta el envío a §city?
¡Qué día! Llegué a las §time y no había nadie.
El pedido n.º §n todavía no ha llegado.
Quisiera cambiar la talla §dd por otra.
¿Puedes enviarme la dirección, por favor?
El niño tiene §d años y vive en §city.
«No me gusta», dijo §first, y se fue.
Mañana habrá unión de grupos a las §time.
Me encantó el café; volveré pronto.
¿Dónde está la selección de §w?
El precio bajó de §price a §price.
Año nuevo, vida nueva: ¡feliz §date!
La canción de §first es muy bonita.
No sé si elegir «a» o «b», la verdad.
Ordenar por fecha o por precio, como prefieras.
Un saludo desde §city, tu amigo §first""",
    "it": """L'anno scorso siamo stati a §city.
Dov'è l'ufficio dell'assistenza?
Vorrei un po' d'acqua e un caffè, grazie.
Quant'è? Sono §price, ma c'è lo sconto.
L'ordine n. §n non è ancora arrivato.
C'era una volta un re: "A me!" disse.
Com'è andata all'esame, §first?
Non c'è problema, ci vediamo alle §time.
Dall'aeroporto all'hotel ci vuole mezz'ora.
Nient'altro, è tutto a posto così.
Perché non funziona più l'app?
La città è più bella d'estate.
Buon compleanno, §first! Cent'anni!
Ho comprato §d libri per §price.
Quest'unione d'idee è un'opera d'arte.
Sell'… volevo dire: seleziona l'elenco""",
    "pt": """Quanto custa a entrega em §city?
Não recebi o pedido n.º §n ainda.
Amanhã às §time há reunião do grupo.
Gostaria de trocar o tamanho §dd.
«Está bom assim», disse o João.
A promoção é válida até §date.
Você pode me ajudar, por favor?
O preço caiu de §price para §price!
São Paulo fica longe de §city.
Obrigada pela atenção, §first
Não há pão nem café em casa.
Selecione a opção e insira o código.
A canção é da minha avó.
Que horas são aí? Aqui são §time.
Já paguei a união dos dois boletos.
Só faltam §d dias para as férias!""",
    "ca": """L'altre dia vaig anar a l'escola d'en §first.
Quant val l'entrada? Diu que §price.
M'agrada molt el pa amb tomàquet.
No he rebut la comanda núm. §n.
«D'acord», va dir la §first.
On és l'estació de §city?
Ens veiem demà a les §time.
És l'hora d'anar-se'n a casa.
He comprat §d llibres i n'he tornat un.
Què t'ha semblat la pel·lícula?
Gràcies per l'ajuda, §first!
Fa fred a l'hivern, oi?
Selecciona l'idioma de la llista.
L'ordre dels factors no altera el producte.
Hi ha un descompte del §dd %.""",
    "nl": """Zo'n §w kost toch geen §price?
's Avonds om §time is de winkel dicht.
Ik heb §d foto's en twee video's gestuurd.
Waar blijft mijn bestelling §n?
Van 't Hoff woont in 's-Hertogenbosch.
De trein naar §city rijdt vandaag niet.
“Dat kan niet”, zei §first toen.
Kunt u de rekening nog eens sturen?
Het is gezellig, hè? Tot morgen!
Kies een maat uit de lijst, bijv. §dd.
We hebben 't over oma's auto's gehad.
De prijs is verlaagd naar §price.
Groetjes uit §city, §first
Ik zou 'm graag willen ruilen.
Één pak melk en twee broden.""",
    "af": """Ek het 'n nuwe §w in §city gekoop.
Waar is my bestelling §n?
Dit is 'n mooi dag, nè?
Ons kom môre om §time bymekaar.
Hy sê: "Dit werk nie", en loop.
Die prys is nou §price.
Kan jy asseblief die adres stuur?
Daar is 'n fout op bladsy §n.
Ek hou van 'n koppie koffie.
Sy ma se hond is groot.
Baie dankie vir jou hulp, §first!
Kies 'n opsie uit die lys.
Dit reën al §d dae lank.
Ek weet nie of 'n trein daar ry nie.
Lekker naweek vir almal!""",
    "sv": """Var är min beställning nr §n?
Vi ses imorgon klockan §time i §city.
Jag skulle vilja byta storlek §dd.
Priset sänktes från §price till §price.
”Det går inte”, sa §first.
Kan du skicka adressen, är du snäll?
Åka till sjön är roligast på sommaren.
Det här är en jättebra bok!
Välj ett alternativ ur listan och tryck på OK.
Köp §d, betala för två.
Hälsningar från §city, §first
Hur mycket kostar frakten?
Öppet vardagar §time–§time.
Jag förstår inte vad felet är.
Barnen under §d år går in gratis.""",
    "no": """Hvor er bestillingen min nr. §n?
Vi møtes i morgen klokka §time.
Jeg vil gjerne bytte til størrelse §dd.
«Det går ikke», sa §first.
Prisen er satt ned til §price.
Kan du sende adressen, er du snill?
Været på øya var fint i går.
Hvor mye koster frakten til §city?
Velg et alternativ fra lista.
Hilsen §first fra §city
Båten går ikke når det blåser.
Jeg skjønner ikke hva som er galt.
Kjøp §d, få én gratis!
Åpent hver dag fra §time.
Ær og øl er to ord på norsk, nesten.""",
    "da": """Hvor er min ordre nr. §n?
Vi ses i morgen kl. §time i §city.
Jeg vil gerne bytte til str. §dd.
"Det dur ikke," sagde §first.
Prisen er sat ned til §price.
Kan du sende adressen, tak?
Rødgrød med fløde, hver sommer.
Hvad koster fragten?
Vælg en mulighed på listen.
Kærlig hilsen §first
Jeg kan ikke logge ind på siden.
Børn under §d år er gratis.
Åbningstider: §time-§time
Det er jo ikke så svært, vel?
Køb §d stk., spar §dd %""",
    "fi": """Missä tilaukseni n:o §n on?
Nähdään huomenna klo §time.
Haluaisin vaihtaa koon §dd.
”Ei käy”, sanoi §first.
Hinta laski §price asti.
Voisitko lähettää osoitteen?
Järvellä on kaunista kesäisin.
Paljonko toimitus maksaa?
Valitse vaihtoehto listasta.
Terveisin §first
En ymmärrä, mikä tässä on vikana.
Alle §d-vuotiaat ilmaiseksi!
Avoinna ma–pe §time–§time
Yö oli pitkä ja kylmä.
Osta §d, maksa kaksi.""",
    "is": """Hvar er pöntunin mín nr. §n?
Sjáumst á morgun kl. §time.
Ég vil skipta um stærð §dd.
„Þetta gengur ekki,“ sagði §first.
Verðið lækkaði í §price.
Geturðu sent heimilisfangið?
Veðrið á Þingvöllum var gott.
Hvað kostar sendingin?
Veldu eitthvað af listanum.
Kær kveðja, §first
Ég skil ekki hvað er að.
Börn yngri en §d ára fá frítt.
Opið alla daga frá §time.
Það er ekki svo erfitt, er það?
Æðislegt, takk fyrir!""",
    "et": """Kus on minu tellimus nr §n?
Näeme homme kell §time.
Soovin vahetada suurust §dd.
„Nii ei saa,“ ütles §first.
Hind langes: §price.
Kas saaksid aadressi saata?
Järve ääres oli ilus õhtu.
Kui palju maksab saatmine?
Vali loendist sobiv rida.
Tervitades §first
Ma ei saa aru, mis viga on.
Alla §d-aastased tasuta.
Avatud iga päev alates §time.
Öö oli külm ja pikk.
Osta §d ja säästa §dd%!""",
    "lv": """Kur ir mans pasūtījums Nr. §n?
Tiekamies rīt plkst. §time.
Vēlos apmainīt izmēru §dd.
“Tā nevar,” teica §first.
Cena samazināta līdz §price.
Vai varat atsūtīt adresi?
Pie jūras bija ļoti skaisti.
Cik maksā piegāde?
Izvēlieties kaut ko no saraksta.
Ar cieņu, §first
Es nesaprotu, kas nav kārtībā.
Bērniem līdz §d gadiem bez maksas.
Atvērts katru dienu no §time.
Šodien ir ļoti auksts.
Pērc §d, maksā par diviem.""",
    "lt": """Kur mano užsakymas Nr. §n?
Susitinkame rytoj §time.
Norėčiau pakeisti dydį §dd.
„Taip negalima“, pasakė §first.
Kaina sumažinta iki §price.
Ar galite atsiųsti adresą?
Prie ežero buvo labai gražu.
Kiek kainuoja pristatymas?
Pasirinkite iš sąrašo.
Pagarbiai, §first
Nesuprantu, kas negerai.
Vaikams iki §d metų nemokamai.
Dirbame kasdien nuo §time.
Šiandien labai šalta.
Pirk §d, mokėk už du!""",
    "pl": """Gdzie jest moje zamówienie nr §n?
Spotkajmy się jutro o §time w §city.
Chciałbym wymienić rozmiar §dd.
„Tak się nie da” – powiedziała §first.
Cena spadła z §price do §price.
Czy może Pani wysłać adres?
Zażółć gęślą jaźń, proszę.
Ile kosztuje wysyłka?
Wybierz opcję z listy i kliknij „§W”.
Pozdrawiam, §first
Nie rozumiem, co jest źle.
Dzieci do lat §d bezpłatnie.
Czynne codziennie od §time.
Dziś jest bardzo zimno.
Kup §d, zapłać za dwa!
Łódź leży niedaleko, a Kraków dalej.""",
    "cs": """Kde je moje objednávka č. §n?
Sejdeme se zítra v §time.
Chtěl bych vyměnit velikost §dd.
„Takhle to nejde,“ řekla §first.
Cena klesla na §price.
Můžete mi poslat adresu?
Příliš žluťoučký kůň běžel polem.
Kolik stojí doprava?
Vyberte položku ze seznamu.
S pozdravem §first
Nerozumím, co je špatně.
Děti do §d let zdarma.
Otevřeno denně od §time.
Dnes je hrozná zima, že?
Kupte §d, plaťte dva!""",
    "sk": """Kde je moja objednávka č. §n?
Stretneme sa zajtra o §time.
Chcel by som vymeniť veľkosť §dd.
„Takto to nejde,“ povedala §first.
Cena klesla na §price.
Môžete mi poslať adresu?
Kôň beží cez ľúku.
Koľko stojí doprava?
Vyberte si zo zoznamu.
S pozdravom §first
Nerozumiem, čo je zle.
Deti do §d rokov zadarmo.
Otvorené denne od §time.
Dnes je veľmi zima, však?
Kúpte §d a ušetríte §dd %!""",
    "sl": """Kje je moje naročilo št. §n?
Dobimo se jutri ob §time.
Rad bi zamenjal velikost §dd.
»Tako ne gre,« je rekla §first.
Cena je padla na §price.
Mi lahko pošljete naslov?
Ob jezeru je bilo zelo lepo.
Koliko stane dostava?
Izberite s seznama.
Lep pozdrav, §first
Ne razumem, kaj je narobe.
Otroci do §d let brezplačno.
Odprto vsak dan od §time.
Danes je zelo mrzlo, kajne?
Kupi §d, plačaj dva!""",
    "hr": """Gdje je moja narudžba br. §n?
Vidimo se sutra u §time.
Htio bih zamijeniti veličinu §dd.
„Tako ne ide”, rekla je §first.
Cijena je pala na §price.
Možete li poslati adresu?
Na moru je bilo jako lijepo.
Koliko košta dostava?
Odaberite nešto s popisa.
Lijep pozdrav, §first
Ne razumijem što nije u redu.
Djeca do §d godina besplatno.
Otvoreno svaki dan od §time.
Danas je baš hladno, zar ne?
Kupi §d, plati dva!""",
    "hu": """Hol van a §n. számú rendelésem?
Holnap §time-kor találkozunk.
Szeretném kicserélni a §dd-es méretet.
„Ez így nem megy” – mondta §first.
Az ár §price lett.
El tudná küldeni a címet?
Árvíztűrő tükörfúrógép, köszönöm.
Mennyibe kerül a szállítás?
Válasszon a listából!
Üdvözlettel: §first
Nem értem, mi a hiba.
§d éves korig ingyenes.
Nyitva minden nap §time-tól.
Ma nagyon hideg van, ugye?
Vegyél §d-t, kettőt fizetsz!""",
    "ro": """Unde este comanda mea nr. §n?
Ne vedem mâine la §time.
Aș vrea să schimb mărimea §dd.
„Nu se poate așa”, a zis §first.
Prețul a scăzut la §price.
Îmi puteți trimite adresa?
Într-o zi am mers la §city.
Cât costă livrarea?
Alegeți o opțiune din listă.
Cu stimă, §first
Nu înțeleg ce-i greșit.
Copiii sub §d ani, gratuit.
Deschis zilnic de la §time.
Azi e tare frig, nu-i așa?
Cumperi §d, plătești doi!""",
    "sq": """Ku është porosia ime nr. §n?
Shihemi nesër në orën §time.
Dua ta ndërroj masën §dd.
“Kështu s'bëhet”, tha §first.
Çmimi ra në §price.
A mund të dërgoni adresën?
S'ka problem, faleminderit!
Sa kushton dërgesa?
Zgjidhni një nga lista.
Me respekt, §first
Nuk e kuptoj ç'nuk shkon.
Fëmijët nën §d vjeç falas.
Hapur çdo ditë nga §time.
Sot bën shumë ftohtë, apo jo?
Bli §d, paguaj dy!""",
    "ga": """Cá bhfuil m'ordú uimhir §n?
Feicfidh mé amárach thú ag §time.
Is maith liom an §w nua seo.
D'imigh §first abhaile inné.
B'fhéidir go mbeidh sé fuar.
Tá fáilte romhat go §city.
Ní thuigim cad atá cearr.
Cá mhéad atá ar an ticéad?
Go raibh míle maith agat, §first!
Tá an siopa oscailte ó §time.
D'ól sé cupán tae agus d'ith sé arán.
Níl a fhios agam, a chara.
Tá M'bhalla agus B'éigean ann.
Cuir an seoladh chugam, le do thoil.
An bhfuil Gaeilge agat?""",
    "cy": """Ble mae fy archeb rhif §n?
Wela i di yfory am §time.
Dw i'n hoffi'r §w newydd.
Mae'r tywydd yn oer heddiw.
Faint mae'n gostio i'w anfon?
Dewiswch o'r rhestr, os gwelwch yn dda.
Mae'n ddrwg gen i, §first.
Dw i ddim yn deall beth sy'n bod.
Diolch yn fawr i'r tîm!
Ar agor bob dydd o §time.
Mae'r plant dan §d oed am ddim.
Sut mae'r teulu yn §city?
Rhowch eich cyfeiriad a'ch enw.
Mae o'n byw yn y dre.
Nos da a phob hwyl!""",
    "eu": """Non dago nire §n eskaera?
Bihar §time-etan elkartuko gara.
§dd neurria aldatu nahi dut.
«Horrela ezin da», esan zuen §first-ek.
Prezioa jaitsi da: §price.
Bidali al dezakezu helbidea?
Itsasoa oso polita zegoen.
Zenbat balio du bidalketak?
Aukeratu zerrendatik.
Agur bero bat, §first
Ez dut ulertzen zer dagoen gaizki.
§d urtetik beherakoak doan.
Egunero irekita §time-etatik.
Gaur hotz handia egiten du.
Eskerrik asko laguntzagatik!""",
    "eo": """Kie estas mia mendo n-ro §n?
Ni renkontiĝos morgaŭ je §time.
Mi ŝatus ŝanĝi la grandecon §dd.
„Tio ne eblas“, diris §first.
La prezo malaltiĝis al §price.
Ĉu vi povas sendi la adreson?
Ĉe la maro estis tre bele.
Kiom kostas la liverado?
Elektu ion el la listo.
Amike salutas §first
Mi ne komprenas, kio misas.
Infanoj ĝis §d jaroj senpage.
Malfermita ĉiutage de §time.
Hodiaŭ estas tre malvarme, ĉu ne?
L' amiko de l' urbo §city""",
    "tr": """§n numaralı siparişim nerede?
Yarın saat §time'da görüşürüz.
§city'da hava nasıl? İstanbul'da yağmurlu.
"Olmaz öyle şey," dedi §first.
Fiyat §price'ye düştü.
Adresi gönderebilir misiniz?
Ankara'nın merkezinde oturuyorum.
Kargo ücreti ne kadar?
Listeden birini seçin ve 'Tamam'a basın.
Saygılarımla, §first
Neyin yanlış olduğunu anlamıyorum.
§d yaş altı çocuklar ücretsiz.
Her gün §time'den itibaren açık.
Bugün çok soğuk, değil mi?
§d al, iki öde! Çok güzel ürün.""",
    "az": """§n nömrəli sifarişim haradadır?
Sabah saat §time-da görüşərik.
Ölçüsü §dd olanı dəyişmək istəyirəm.
“Belə olmaz”, dedi §first.
Qiymət §price oldu.
Ünvanı göndərə bilərsiniz?
Bakıda hava çox küləklidir.
Çatdırılma neçəyədir?
Siyahıdan birini seçin.
Hörmətlə, §first
Nəyin səhv olduğunu başa düşmürəm.
§d yaşadək uşaqlar üçün pulsuz.
Hər gün §time-dan açıqdır.
Bu gün çox soyuqdur, elə deyil?
Çox sağ olun, əla məhsuldur!""",
    "vi": """Đơn hàng số §n của tôi đâu rồi?
Hẹn gặp bạn lúc §time ngày mai.
Tôi muốn đổi sang cỡ §dd.
“Không được đâu”, §first nói.
Giá giảm còn §price.
Bạn gửi địa chỉ cho mình nhé?
Biển ở Đà Nẵng rất đẹp.
Phí giao hàng là bao nhiêu?
Vui lòng chọn một mục trong danh sách.
Trân trọng, §first
Tôi không hiểu lỗi ở đâu.
Trẻ em dưới §d tuổi miễn phí.
Mở cửa hằng ngày từ §time.
Hôm nay trời lạnh quá nhỉ?
Cảm ơn bạn rất nhiều!""",
    "id": """Di mana pesanan saya no. §n?
Sampai jumpa besok jam §time.
Saya mau tukar ukuran §dd.
"Tidak bisa begitu," kata §first.
Harganya turun jadi §price.
Boleh kirim alamatnya?
Jum'at depan kita ke §city, ya.
Berapa ongkos kirimnya?
Silakan pilih dari daftar.
Salam, §first
Saya tidak mengerti apa yang salah.
Anak di bawah §d tahun gratis.
Buka setiap hari mulai §time.
Hari ini dingin sekali, kan?
Beli §d gratis satu! Do'a kami menyertai.""",
    "tl": """Nasaan na ang order ko na §n?
Magkita tayo bukas ng §time.
Gusto kong palitan ang size §dd.
“Hindi puwede 'yan,” sabi ni §first.
Bumaba ang presyo sa §price.
Puwede bang ipadala ang address?
Ang ganda ng dagat sa §city!
Magkano ang delivery?
Pumili mula sa listahan.
Salamat, §first
'Di ko maintindihan kung ano'ng mali.
Libre ang batang wala pang §d taon.
Bukas araw-araw mula §time.
Ang lamig ngayon, 'no?
Bumili ng §d, libre ang isa!""",
    "sw": """Agizo langu nambari §n liko wapi?
Tutaonana kesho saa §time.
Nataka kubadilisha saizi §dd.
"Haiwezekani," alisema §first.
Bei imeshuka hadi §price.
Unaweza kutuma anwani tafadhali?
Ng'ombe wa jirani wako shambani.
Usafirishaji ni bei gani?
Chagua kutoka kwenye orodha.
Wako, §first
Sielewi kosa liko wapi.
Watoto chini ya miaka §d ni bure.
Tunafungua kila siku saa §time.
Leo kuna baridi sana, ama?
Asante sana kwa msaada wako!""",
    "mt": """Fejn hi l-ordni tiegħi nru §n?
Narawk għada fis-§time.
Irrid nibdel id-daqs §dd.
"Hekk ma jistax ikun," qal §first.
Il-prezz niżel għal §price.
Tista' tibgħatli l-indirizz?
Ma nafx x'inhu ħażin.
Kemm tiswa l-kunsinna?
Agħżel mil-lista, jekk jogħġbok.
Tislijiet, §first
Il-baħar f'Għawdex kien sabiħ.
Tfal taħt is-§d snin b'xejn.
Miftuħ kuljum mis-§time.
Illum il-kesħa, hux?
Grazzi ħafna ta' kollox!""",
}
