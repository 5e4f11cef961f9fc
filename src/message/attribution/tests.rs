//! Lines that introduce a quote, in the languages and forms of common clients, and lines that only look like it.

use super::*;

/// Over how many lines an attribution goes and how sure it is.
type Found = Option<(usize, Strength)>;

#[test]
fn attributions_are_known_in_many_languages() {
    use Strength::{Certain, NeedsQuote};
    let cases: [(&str, &[&str], Found); 20] = [
        ("english", &["On Mon, 2 Mar 2026 at 09:30, Ann <ann@example.com> wrote:"], Some((1, Certain))),
        ("german", &["Am 02.03.2026 um 09:30 schrieb Ann Example:"], Some((1, Certain))),
        ("french", &["Le 2 mars 2026 à 09:30, Ann a écrit :"], Some((1, Certain))),
        ("spanish", &["El lun, 2 mar 2026 a las 9:30, Ann escribió:"], Some((1, Certain))),
        ("dutch", &["Op 2 mrt. 2026 om 09:30 schreef Ann:"], Some((1, Certain))),
        ("italian", &["Il giorno lun 2 mar 2026 alle 09:30 Ann ha scritto:"], Some((1, Certain))),
        ("danish", &["Den 2. mar. 2026 kl. 09.30 skrev Ann:"], Some((1, Certain))),
        ("portuguese", &["Em 2 de mar. de 2026 09:30, Ann escreveu:"], Some((1, Certain))),
        ("polish", &["W dniu 2.03.2026 o 09:30, Ann pisze:"], Some((1, Certain))),
        ("russian", &["2 марта 2026 г., 09:30, Ann написал:"], Some((1, Certain))),
        ("chinese", &["在 2026年3月2日，Ann <ann@example.com> 写道："], Some((1, Certain))),
        ("no verb", &["2026-03-02 9:30 GMT+01:00 Ann <ann@example.com>:"], Some((1, Certain))),
        ("two lines", &["On Mon, 2 Mar 2026 at 09:30, Ann", "<ann@example.com> wrote:"], Some((2, Certain))),
        ("name only", &["Ann Example wrote:"], Some((1, NeedsQuote))),
        ("a sentence before one", &["Thanks a lot!", "On Mon, 2 Mar 2026 at 09:30, Ann wrote:"], None),
        ("own words", &["On Monday I wrote a letter and here is the list of what it said and what it did not:"], None),
        ("a list", &["We need:"], None),
        ("a time", &["Please call before 10:00"], None),
        ("a paragraph that begins alike", &["On the other hand,", "we could wait."], None),
        ("nothing", &[], None),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(attribution(lines), expected, "{name}");
    }
}

#[test]
fn header_blocks_are_known_in_many_languages() {
    let cases: [(&str, &[&str], Option<usize>); 7] = [
        ("english", &["From: Ann", "Sent: Monday", "To: Bob", "Subject: x", "", "text"], Some(4)),
        ("german, bold", &["*Von:* Ann", "*Gesendet:* Montag", "*An:* Bob", "*Betreff:* x"], Some(4)),
        ("french", &["De : Ann", "Envoyé : lundi", "À : Bob", "Objet : x"], Some(4)),
        ("wrapped recipients", &["From: Ann", "Sent: Monday", "To: Bob;", " Carl", "Subject: x"], Some(5)),
        ("empty lines between", &["From: Ann", "", "Sent: Monday", "", "To: Bob"], Some(5)),
        ("somebody's list", &["From: Berlin", "We leave at nine."], None),
        ("a journey", &["From: Berlin", "To: Paris", "", "We leave at nine."], None),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(header_block(lines), expected, "{name}");
    }
}

#[test]
fn separators_tell_answers_from_forwards() {
    use Separator::{Forward, Original};
    let cases = [
        ("-----Original Message-----", Some(Original)),
        ("*-------- Ursprüngliche Nachricht --------*", Some(Original)),
        ("---- Ann wrote ----", Some(Original)),
        ("---------- Forwarded message ---------", Some(Forward)),
        ("Begin forwarded message:", Some(Forward)),
        ("Here is the forwarded message:", None),
        ("the original message", None),
        ("--", None),
        ("----------", None),
    ];
    for (line, expected) in cases {
        assert_eq!(separator(line), expected, "{line}");
    }
}
