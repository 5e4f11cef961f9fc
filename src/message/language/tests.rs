//! Languages told by their small words, and texts of none.

use super::*;

fn by_words(text: &str) -> Option<&'static str> {
    let mut tally = Tally::default();
    words(text).for_each(|word| tally.add(word));
    tally.language()
}

#[test]
fn small_words_tell_a_language_or_nothing() {
    let cases = [
        ("Please tell me why the printer is on fire and what we can do about it.", Some("en")),
        ("Können Sie mir bitte sagen, wie ich das Problem mit dem Drucker löse? Es ist nicht neu.", Some("de")),
        ("Je ne peux pas imprimer avec la nouvelle machine, pouvez-vous nous aider pour ce problème ?", Some("fr")),
        ("No puedo imprimir con la nueva impresora y el error es el mismo para los otros usuarios.", Some("es")),
        ("Non posso stampare con la nuova stampante e il problema è lo stesso per gli altri.", Some("it")),
        ("Ik kan niet afdrukken met de nieuwe printer, het probleem is er ook voor mijn collega.", Some("nl")),
        ("Não consigo imprimir com a nova impressora e o problema é o mesmo para os outros.", Some("pt")),
        ("Jag kan inte skriva ut på den nya skrivaren och det är ett problem för oss.", Some("sv")),
        ("Nie mogę drukować na nowej drukarce, co jest z tym nie tak? Proszę o pomoc, to jest pilne.", Some("pl")),
        ("This is a test.", Some("en")),
        ("Das ist ein Test.", Some("de")),
        ("Return-Path: <the@and.example> x=to/of the.and.you 10:30 is", None),
        ("Thanks!", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(by_words(text), expected, "{text}");
    }
}

#[test]
fn a_sentence_of_ten_words_tells_its_language() {
    let cases = [
        ("bg", "Принтерът на третия етаж гори и никой не може да го угаси."),
        ("cs", "Tiskárna ve třetím patře hoří a nikdo ji nemůže uhasit."),
        ("da", "Printeren på tredje sal brænder, og ingen af os kan slukke den."),
        ("de", "Im dritten Stock brennt der Drucker und niemand kann ihn löschen."),
        ("el", "Ο εκτυπωτής στον τρίτο όροφο καίγεται και κανείς δεν τον σβήνει."),
        ("en", "The printer on the third floor burns and nobody can put it out."),
        ("es", "La impresora del tercer piso se quema y nadie puede apagarla."),
        ("fi", "Kolmannen kerroksen tulostin palaa eikä kukaan voi sammuttaa sitä nyt."),
        ("fr", "L'imprimante du troisième étage brûle et personne ne peut l'éteindre."),
        ("hu", "A harmadik emeleten ég a nyomtató, és senki nem tudja eloltani."),
        ("it", "La stampante del terzo piano brucia e nessuno riesce a spegnerla."),
        ("ja", "三階のプリンターが燃えていて、誰も消せません。"),
        ("ko", "삼 층 프린터에 불이 났는데 아무도 끌 수 없습니다."),
        ("nl", "De printer op de derde verdieping brandt en niemand kan hem blussen."),
        ("no", "Skriveren i tredje etasje brenner, og ingen av oss får slukket den nå."),
        ("pl", "Drukarka na trzecim piętrze się pali i nikt nie może jej ugasić."),
        ("pt", "A impressora do terceiro andar está a arder e ninguém a consegue apagar."),
        ("ro", "Imprimanta de la etajul trei arde și nimeni nu o poate stinge."),
        ("ru", "Принтер на третьем этаже горит, и никто не может его потушить."),
        ("sv", "Skrivaren på tredje våningen brinner och ingen kan släcka den."),
        ("tr", "Üçüncü kattaki yazıcı yanıyor ve kimse onu söndüremiyor, lütfen bize yardım edin."),
        ("uk", "Принтер на третьому поверсі горить, і ніхто не може його загасити."),
        ("zh", "三楼的打印机着火了，没有人能把它扑灭。"),
    ];
    for (code, text) in cases {
        assert_eq!(of(text, true).as_deref(), Some(code), "{text}");
    }
}

#[test]
fn what_may_be_of_several_languages_is_of_none() {
    let cases = [
        ("Danish or Norwegian", "Jeg har en printer som ikke kan skrive."),
        ("Czech or Slovak", "Na to by sa se už nikto nikdo neozval."),
        ("Spanish or Portuguese", "El o a de que para com con los os."),
        ("names", "Lars Hansen, Kari Nordmann, Łukasz Śliwiński, Jürgen Groß"),
        ("greetings", "Mit freundlichen Grüßen / Best regards / Cordialement"),
        ("a name of three words of another language", "Ask Ana de la Torre, she is here."),
        ("two languages", "Bitte sagen Sie mir, was das ist. Please tell me what this is and who you are."),
        ("what machines write", "Error: connection refused ECONNREFUSED timeout at worker kernel"),
    ];
    for (name, text) in cases {
        assert_eq!(by_words(text), None, "{name}");
    }
}

#[test]
fn other_languages_are_told_by_their_letters_where_there_is_enough_text() {
    let cases = [
        ("Ο εκτυπωτής δεν λειτουργεί από χθες, παρακαλώ βοηθήστε μας.", Some("el")),
        (
            "Guten Tag, seit gestern brennt der Drucker im dritten Stock. Bitte schicken Sie jemanden, der ihn löscht.",
            Some("de"),
        ),
        ("המדפסת לא עובדת מאז אתמול בבוקר, אנא עזרו לנו.", Some("he")),
        ("ok", None),
        ("mx.example.com ann@example.com 192.0.2.1 abc=def/ghi", None),
    ];
    for (text, expected) in cases {
        assert_eq!(of(text, true).as_deref(), expected, "{text}");
    }
    assert_eq!(of("המדפסת לא עובדת מאז אתמול בבוקר, אנא עזרו לנו.", false), None, "nobody is to be answered");
}

#[test]
fn numbers_of_small_words_hold() {
    let hits = |hits: usize| by_words(&"the ".repeat(hits));
    assert_eq!((hits(MIN_HITS), hits(MIN_HITS - 1)), (Some("en"), None));
    // A word with letters of the language is as good as one; more of them are not.
    let lettered = |hits: usize, words: usize| by_words(&format!("{}{}", "und ".repeat(hits), "groß ".repeat(words)));
    assert_eq!((lettered(MIN_HITS - 1, 1), lettered(MIN_HITS - 2, 2)), (Some("de"), None));

    let among = |others: usize| by_words(&format!("{}{}", "the ".repeat(MIN_HITS), "xyzzy ".repeat(others)));
    let most = MIN_HITS * (MAX_WORDS_A_HIT - 1);
    assert_eq!((among(most), among(most + 1)), (Some("en"), None));

    // Names in letters that English does not have count only so often.
    let names = |names: usize| by_words(&format!("{}{}", "the ".repeat(2 * MAX_LETTERED + 1), "Łoś ".repeat(names)));
    assert_eq!((names(MAX_LETTERED), names(MAX_LETTERED + 3)), (Some("en"), Some("en")));

    // What follows enough words changes nothing.
    let enough = |words: usize| of(&format!("{}{}", "the ".repeat(words), "und ".repeat(MAX_WORDS)), false);
    assert_eq!((enough(ENOUGH_WORDS).as_deref(), enough(ENOUGH_WORDS - 16).as_deref()), (Some("en"), Some("de")));
}

#[test]
fn no_more_words_are_looked_at_than_allowed() {
    let (foreign, english) = ("xyzzy ".repeat(MAX_WORDS - 32), "this is the and ".repeat(8));
    assert_eq!(of(&format!("{foreign}{english}"), true).as_deref(), Some("en"));
    assert_eq!(of(&format!("{foreign}{}{english}", "xyzzy ".repeat(32)), false).as_deref(), None);
}

#[test]
fn the_data_of_languages_are_whole() {
    for (code, words) in WORDS {
        assert_eq!(code.len(), 2, "{code}");
        assert!(words.split(' ').all(|word| !word.is_empty() && word.chars().all(char::is_alphabetic)), "{code}");
        assert_eq!(words, words.to_lowercase(), "{code}");
    }
    assert!(WORDS.is_sorted_by_key(|(code, _)| code));
    let known = |code: &str| WORDS.iter().any(|(known, _)| *known == code);
    for (letters, codes) in LETTERS {
        assert!(codes.split(' ').all(known), "{letters}");
    }
    let mut words: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.split(' ')).collect();
    words.sort_unstable();
    words.dedup();
    let places = TABLE.words.iter().filter(|(_, languages)| *languages != 0).count();
    assert_eq!(places, words.len(), "two words have one hash");
    assert!(words.len() * 2 < PLACES, "there are so many words that they are found slowly");
    assert!(TABLE.letters.is_sorted_by(|one, next| one.0 < next.0), "a letter is in two rows");
}
