//! Data: the words that occur most in a language, by its code. All in lower case; one that several languages have stands
//! with each of them.
//!
//! Those of languages that are hardly written to a desk are there for their neighbours: a text of Slovakia is no Czech
//! one. Apostrophes part words, so `don` and `l` are words here.

/// Words by language.
pub(super) const WORDS: [(&str, &str); 32] = [
    (
        "af",
        "die en van het is nie ek ons my jy julle hulle vir met wat dit sal kan moet om te op by na uit maar ook baie asseblief \
         dankie hoe waar wie hierdie daar geen n was word sy",
    ),
    (
        "be",
        "і у не на з што я як па гэта але ці для да мы вы ён так каб пры або калі ёсць няма мне нас вас нам вам ваш наш мой \
         мая яго іх ужо яшчэ толькі усе усё быў была было можа дзе чаму які пасля без дзякуй",
    ),
    (
        "bg",
        "и на да се не за от по съм си ми ни ви това тази този как какво къде кога но или че със при след преди до във \
         има няма може мога моля благодаря здравейте моя моят ли е са беше всички всичко вече само още която който \
         които трябва искам нашите вашия така отново",
    ),
    (
        "ca",
        "el la els les de i que no és un una en per amb del al es com ha he hem però molt més si us meu meva nostre \
         aquest aquesta gràcies bon dia on quan tot tots sense des fins també jo vostè pot puc l d",
    ),
    (
        "cs",
        "a je se na v že s z to i do o k pro za ale by po jsem jsme jste jak co když aby od nebo ve si tak jen už mi mě \
         mne my vy nás vás náš naše vaše můj moje mám máme má máte může mohu můžete nelze není být bylo byl byla byly \
         jsou bude budou prosím děkuji děkujeme dobrý den dnes včera zase znovu ještě také tento tato toto které která \
         který kde kdy proč při před přes bez podle všechno vše všechny každý ze ke jeho její nám vám nic něco nikdo někdo ji ho jim jejich",
    ),
    (
        "da",
        "og i at det er en til af på for jeg ikke med har den kan vi som de men der om et var fra mig os min mit mine \
         vores jeres dig din dit hvad hvor hvordan hvornår hvorfor hvis når efter eller også skal vil være blev bliver \
         blevet har havde have hun han så nu kun meget mere nogen noget nogle ingen intet alle alt igen uden over under \
         mellem inden siden sidste seneste tak hej venlig hilsen venligst gerne denne dette disse kunne ville skulle \
         får fik ud op ind ned hos ved endnu stadig allerede selv dog fordi dem deres jer",
    ),
    (
        "de",
        "der die das und ist nicht ich sie wir ein eine mit für auf den dem zu von im des sich auch es wie haben bitte \
         kann wird werden uns mir bei noch nach einen in an aus hat ihr ihre oder wenn einem einer eines kein keine \
         keinen mehr sehr nur aber dass als um am zum zur vom beim bis vor über unter ohne gegen durch seit wo was wer \
         warum welche welcher wann hier dort jetzt heute gestern morgen immer schon wieder alles alle nichts etwas \
         man mein meine meinen meinem unser unsere unserer unseren ihnen ihren ihrem diese dieser dieses diesen sind \
         war waren wurde wurden habe hatte können könnte könnten möchte möchten muss müssen soll sollte danke vielen \
         dank hallo guten tag grüße gibt geht nie niemand jemand er du mich dich da dann damit bereits leider gerne \
         zwischen weil ob beide nochmal jedem jeder jedes jede",
    ),
    (
        "en",
        "the and of to is in that it for you not with are this on be have i my we your please from was but can will has \
         would our there what or an if at as a me do no by been they so when which how who here where why does did don \
         doesn didn isn aren couldn won ll ve were had could should may about after before again any all some every \
         since still until into out up down over than then them their these those its he she his her us only also \
         just more most other another same new one two nobody someone somebody everything nothing something anything \
         never always now yet already last next thanks thank hello hi dear regards need needs get got see like find \
         cannot",
    ),
    (
        "es",
        "el la los las que de y en un una es no por para con se del mi lo su al le como está a me o pero más muy este \
         son sin sobre desde hasta cuando donde dónde cómo qué quién cuándo ya también todo todos toda todas nada nadie \
         alguien algo alguna algún otra otro vez hay ha he han hemos fue ser estar están tengo tiene tienen tenemos \
         puede pueden puedo podemos podría quiero nos nuestro nuestra nuestros nuestras usted ustedes yo mis sus esta \
         esto eso ese esa antes después hoy ayer mañana siempre nunca gracias hola buenos días favor entre porque si \
         aún todavía ahora aquí solo",
    ),
    (
        "et",
        "ja on ei see et ta ma me te mis kui oma ka või kuid aga oli pole kas saab saan palun aitäh tere minu meie teie \
         kuidas kus miks kõik veel juba nüüd enne pärast alates kuni selle ning seda mul meil kes ole",
    ),
    (
        "fi",
        "ja on ei se että en oli mutta ovat kun niin myös ole olla tai jos kuin mitä mikä missä mistä miten miksi milloin \
         kuka voi voin voiko voisi voisiko emme eivät ette olen olemme olet hän me te he minä minun minulle minulla \
         meidän meille teidän teille tämä tämän tässä tästä sen sitä siitä nyt vielä jo aina taas koskaan kaikki mitään \
         joku jotain jälkeen ennen kanssa ilman asti lähtien jonka joka kiitos hei moi ystävällisin terveisin pitää \
         täytyy haluan mukaan sekä vain hyvä yli alle kautta sillä koska",
    ),
    (
        "fr",
        "le la les des et est une un pas je vous nous dans pour que qui sur avec au ce il ne en du mon votre merci de à a \
         se mais par plus ou on cette sont me y l d j n c qu s t ma mes ton vos notre nos leur leurs son sa ses aux ces \
         cet été être avoir ont ai avez avons fait faire peut peux pouvez pourrait puis puisse comment où quand pourquoi \
         quel quelle depuis avant après sans sous entre chez très bien tout tous toute toutes rien jamais toujours \
         encore déjà aussi ici hier si même autre bonjour cordialement elle ils elles lui ça cela celui dont moi faut \
         quelqu personne dernier dernière lors",
    ),
    (
        "hr",
        "i je u na se da za su s od a ne o kako ali sam smo ste što nije to koji koja koje ili iz do bi po mi nam vam naš \
         vaš moj moja molim hvala dobar dan gdje kada zašto nakon prije već još sve nema može mogu možete bio bila \
         biti ovo ova ovaj samo",
    ),
    (
        "hu",
        "a az és hogy nem is egy van de meg ez ha csak már még mint azt vagy el be ki fel le sem mert volt lesz vannak \
         nincs kell lehet tud tudja tudom tudok tudunk tudna kérem kérjük köszönöm köszönjük üdvözlettel tisztelt mi én \
         te ön önök nekem nekünk minden mindig soha semmi valaki valami ezt ezek azok hol hogyan mikor miért melyik ki \
         óta után előtt alatt között nélkül szerint most ma tegnap újra ismét nagyon több jó új két három",
    ),
    (
        "id",
        "yang dan di ini itu tidak untuk dengan saya kami anda dari ke pada adalah ada bisa dapat akan sudah belum juga \
         atau tetapi karena bagaimana mengapa mohon terima kasih tolong apa apakah kapan mana telah dalam oleh kita",
    ),
    (
        "it",
        "il di che la e un una non per sono in con del della mi ho le si è i gli al da ma lo nel anche come questo a o ci \
         dei delle dal dalla dello degli nella nei alla alle ai sul sulla su se più molto tutto tutti tutta tutte niente \
         nulla nessuno qualcuno qualcosa ogni altra altro dove quando perché cosa chi quale già ancora sempre mai dopo \
         prima senza tra fra fino oggi ieri domani adesso ora qui ha hai hanno abbiamo avete era stato stata essere \
         avere posso può potete possiamo potrebbe vorrei voglio devo deve mio mia miei nostro nostra nostri vostro \
         vostra vostri suo sua suoi questa questi queste quello grazie ciao buongiorno saluti cordiali vi l d c",
    ),
    (
        "lt",
        "ir yra ne kad su į iš o bet kaip tai ar nuo per po už prie jau dar tik mes jūs aš mano mūsų jūsų labas ačiū \
         prašau kur kada kodėl buvo bus būti gali galiu negali visi viskas šis ši tas ta kuris apie iki dėl",
    ),
    (
        "lv",
        "un ir ka no uz ar par es mēs jūs mans mūsu jūsu nav lai kā bet vai pie pēc pirms līdz šis šī tas jau vēl tikai \
         paldies lūdzu labdien kur kad kāpēc var varu nevar viss visi bija būs gan",
    ),
    (
        "mk",
        "и на да се не за од по сум си ми ни ви ова оваа овој како што каде кога но или дека со при пред до во има нема \
         може молам благодарам здраво мојот е се беше сите сè веќе само уште која кој кои треба",
    ),
    (
        "nl",
        "de het een en van ik is niet dat op te zijn met voor er maar mijn u we aan bij in om ook als naar heb wij dit die \
         of kan wordt graag uw onze ons geen meer nog wel zo wat waar hoe wie wanneer waarom welke deze daar hier nu dan \
         toch al alles alle iets niets iemand niemand altijd nooit weer sinds tot na over onder tussen zonder door uit \
         tegen heeft hebben had was waren werd worden kunnen kunt moet moeten wil willen zou zal mij me je jij jullie \
         hij zij ze hun hem haar vandaag gisteren morgen bedankt dank hallo beste groet groeten alvast half elke vóór \
         omdat want zodat steeds terug laatste",
    ),
    (
        "no",
        "og i å det er en til av på for jeg ikke med har den kan vi som de men om et var fra meg oss min mitt mine vår vårt \
         våre dere deg din ditt hva hvor hvordan hvorfor hvis når etter eller også skal vil være ble blir blitt hadde ha \
         hun han så nå bare veldig mye mer noen noe ingen alle alt igjen uten over under mellom innen siden siste takk \
         hei vennlig hilsen vennligst gjerne denne dette disse kunne ville skulle får fikk ut opp inn ned hos ved ennå \
         fortsatt allerede selv fordi dem deres eg ikkje dei frå",
    ),
    (
        "pl",
        "i w nie na się z do to jest że o jak ale po co za od przez dla mi są czy tak już oraz proszę mam a we ze by był \
         była było były być będzie będą mogę może można mamy ma mają nas nam was wam mnie mój moja moje mojego naszej \
         nasz nasza nasze nasi pan pani państwa państwo ktoś nikt nic coś wszystko wszyscy gdzie kiedy dlaczego który \
         która które przed po nad pod bez jeszcze znowu tylko bardzo teraz dzisiaj dziś wczoraj jutro zawsze nigdy \
         także też lub albo jeśli żeby dziękuję dzień dobry witam pozdrawiam tego tym ten ta te przy podczas",
    ),
    (
        "pt",
        "o a os as que de e um uma não para com em do da é no na se por meu foi está mais mas ao eu dos das minha como \
         nos nas pelo pela pelos até desde quando onde porque qual quem já também ainda sempre nunca tudo todos todas \
         nada ninguém alguém algo outra outro vez muito muita sem sobre entre depois antes hoje ontem amanhã agora aqui \
         ser estar são estão era tem têm temos tenho ter há posso pode podem podemos poderia quero preciso precisamos \
         meus minhas nosso nossa nossos nossas vocês você seu sua seus suas este esta isso isto esse essa aos à às \
         obrigado obrigada olá bom dia favor gostaria lhes só",
    ),
    (
        "ro",
        "și de la în nu o a un cu pe este să că pentru din mai au am ai se ce ne care sunt dar sau fi fost prin după până \
         când unde cum cine fără între îmi vă mă ne noi voi eu el ea noastră nostru voastră vostru mea meu mele acest \
         această toate tot totul nimic nimeni cineva ceva niciodată mereu iar dacă poate pot putem puteți avem aveți \
         mulțumesc mulțumim bună ziua vă rog azi ieri mâine acum încă deja numai fiecare dată înainte al ale lui",
    ),
    (
        "ru",
        "и в не на с что я как по это но из у за от к о мы вы он для так же бы до при или если есть нет мне нас вас нам вам \
         ваш ваше вашей ваши наш наша наши нашей мой моя мои моей его их то уже ещё еще только все всё всех был была было \
         были быть будет может можно могу можем можете нужно нужны надо очень где когда почему какой какая который \
         которые после перед без через про между также сейчас сегодня вчера завтра снова всегда никогда ничего никто \
         спасибо пожалуйста здравствуйте добрый день этот эта эти этого со во ли больше",
    ),
    (
        "sk",
        "a je sa na v že s z to i do o k pre za ale by po som sme ste ako čo keď aby od alebo vo si tak len už mi ma my vy \
         nás vás náš naše vaše môj moje mám máme má máte môže môžem nie byť bolo bol bola sú bude prosím ďakujem dobrý \
         deň dnes včera ešte tiež tento táto toto ktoré ktorá ktorý kde kedy prečo pri pred cez bez podľa všetko každý zo nikto niekto ju ho im",
    ),
    (
        "sl",
        "in je se na v da za so s z od a ne o kako ali sem smo ste kaj ni to ki pa iz do bi po mi nam vam naš vaš moj moja \
         prosim hvala dober dan kje kdaj zakaj pred že še vse lahko bil bila biti ta ker tudi pri samo",
    ),
    (
        "sr",
        "и је у на се да за су с од а не о како али сам смо сте што није то који која које или из до би по ми нам вам наш \
         ваш мој молим хвала добар дан где када зашто после пре већ још све нема може било бити ово ова само",
    ),
    (
        "sv",
        "och att det jag är som inte en på för med har till av den om kan i ett vi ni så men de från när mig var eller detta \
         oss min mitt mina vår vårt våra er ert era dig din ditt vad hur varför vem vilken vilka efter före innan sedan \
         också ska skall vill vara blev blir blivit hade ha hon han nu bara mycket mer någon något några ingen inget inga \
         alla allt igen utan över under mellan sista senaste tack hej vänlig vänliga hälsning hälsningar gärna denna \
         dessa kunde ville skulle får fick ut upp in ner hos vid ännu fortfarande redan själv eftersom dem deras",
    ),
    (
        "tr",
        "bir ve bu için ile de da ne mi mı mu var yok çok daha gibi olarak ama sonra kadar her şey en ben biz siz o bana \
         bize size beni bizi benim bizim sizin nasıl nerede neden niçin zaman hangi kim lütfen teşekkürler teşekkür \
         ederim merhaba iyi günler değil olan olur oldu olduğu beri önce artık hâlâ hala hiç bütün tüm bazı şimdi bugün \
         dün yarın tekrar ancak veya ya ki eğer göre üzere kez üç iki son",
    ),
    (
        "uk",
        "і в не на з що я як по це але із у за від до ми ви він для так же б при або якщо є немає мені нас вас нам вам ваш \
         ваше вашої ваші наш наша наші нашої мій моя мої моєї його їх то вже ще тільки все всі усе був була було були \
         бути буде може можна можу можемо можете потрібно треба дуже де коли чому який яка які після перед без через \
         про між також зараз сьогодні вчора завтра знову завжди ніколи нічого ніхто хтось дякую прошу вітаю добрий \
         день цей ця ці цього та чи й",
    ),
    (
        "vi",
        "và là của không có được cho tôi một các trong với này đã người những để khi như từ về bạn chúng xin cảm ơn vui \
         lòng nhưng cũng đến ra lại thì sẽ",
    ),
];

/// Letters that few languages have, and which those are. Vowels with an acute are in too many.
pub(super) const LETTERS: [(&str, &str); 37] = [
    ("øæ", "da no"),
    ("å", "da no sv"),
    ("ä", "de et fi sk sv"),
    ("ö", "de et fi hu sv tr"),
    ("ü", "de et hu tr"),
    ("ß", "de"),
    ("ñ", "es"),
    ("ã", "pt"),
    ("õ", "et pt"),
    ("ç", "ca fr pt tr"),
    ("èà", "ca fr it"),
    ("òì", "ca it"),
    ("ùûîœ", "fr"),
    ("ê", "fr pt"),
    ("łńśźż", "pl"),
    ("ć", "hr pl"),
    ("ąę", "lt pl"),
    ("ěřů", "cs"),
    ("ďťň", "cs sk"),
    ("čšž", "cs hr lt lv sk sl"),
    ("ý", "cs sk"),
    ("ľĺŕ", "sk"),
    ("đ", "hr vi"),
    ("őű", "hu"),
    ("ăâ", "ro"),
    ("șțţ", "ro"),
    ("ğı", "tr"),
    ("ş", "ro tr"),
    ("ėųį", "lt"),
    ("āēīņļķģ", "lv"),
    ("ыэё", "be ru"),
    ("їєґ", "uk"),
    ("і", "be uk"),
    ("ў", "be"),
    ("ъ", "bg ru"),
    ("јљњ", "mk sr"),
    ("ћђ", "sr"),
];
