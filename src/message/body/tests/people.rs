//! What looks like a signature, a footer or a notice and is somebody's words.

use super::*;

#[test]
fn words_of_people_are_no_signature() {
    let cases = [
        ("painted signs", "Our monitor shows:\n\n####################\nAll is down"),
        ("stars", "It burns.\n\n********************\nAll is down"),
        ("a mixed line", "It burns.\n\n-=-=-=-=-=-=-=-=-=-=-\nAll is down"),
        ("wide lines", "It burns.\n\n━━━━━━━━━━\nAll is down"),
        ("a table below a rule", "Our order:\n\n--------------------\nTea | 2\nMugs | 3\nPots | 1\n\nBy Friday, Ann"),
        ("a log below a rule", "It failed:\n\n--------------------\n2026-11-29 10:01 disk full"),
        ("steps below dashes", "It fails.\n\n--\n1. open the page\n2. click"),
        ("more words below dashes", "About tea.\n\n---\nsecond question about coffee"),
        ("more words below underscores", "About tea.\n\n____________________\nWe need it tomorrow.\nAnn"),
        ("a link that fails", "Outlook link that fails: https://aka.ms/x"),
        ("a link that fails on a telephone", "Here.\n\nOutlook for iOS fails:<https://aka.ms/x>"),
        ("a link in a sentence", "Here.\n\nOutlook iOS<https://aka.ms/x> fails"),
        ("a page that is named", "The page https://aka.ms/LearnAboutSenderIdentification fails.\n\nWhy"),
        ("how to get rid of mails", "Sorry.\n\nTo unsubscribe from this, open Settings, then Mail."),
        ("a way out of a list", "Sorry.\n\nTo unsubscribe from the list, open https://x.example, then Mail."),
        ("who got no rid of them", "\nTo unsubscribe, I clicked https://x.example/out, and I still get it."),
        (
            "a page for some, in Norwegian",
            "Hei.\n\nSidene under Innstillinger er kun ment for administratorer, men nå ser alle ansatte dem i menyen.",
        ),
        (
            "a page for some, in Polish",
            "Witam.\n\nTe strony są przeznaczone tylko dla administratorów, ale teraz widzą je wszyscy nasi pracownicy.",
        ),
        (
            "a column",
            "Hi.\n\nThe column \"views expressed in this e-mail\" should not be in the export that we get each week.",
        ),
        (
            "a law that is called upon",
            "Salve.\n\nAi sensi del D.Lgs. 196/2003 chiedo la cancellazione di tutti i miei dati dai vostri sistemi.",
        ),
    ];
    for (name, text) in cases {
        assert_eq!(parts(text).0, text.trim(), "{name}");
    }
}

#[test]
fn words_are_never_taken_for_a_signature_when_there_are_no_others() {
    let quote = "On 2 Mar 2026 at 09:30, Ann wrote:\n> Really?";
    let cases = [
        ("dashes and a name", "-- \nAnn".to_owned(), "-- \nAnn"),
        ("above a quote", format!("-- \nAnn\n\n{quote}"), "-- \nAnn"),
        ("a quote alone", quote.to_owned(), ""),
        ("a telephone below a quote", format!("{quote}\n\nSent from my iPhone"), ""),
        ("a telephone above a quote", format!("Sent from my iPhone\n\n{quote}"), "Sent from my iPhone"),
        (
            "a telephone and a name",
            format!("{quote}\n\n-- \nAnn\n\nSent from my iPhone"),
            "-- \nAnn\n\nSent from my iPhone",
        ),
        ("other words", format!("Yes.\n-- \nAnn\n\n{quote}"), "Yes."),
    ];
    for (name, text, reply) in cases {
        assert_eq!(parts(&text).0, reply, "{name}");
    }
    let (text, regions) = crate::message::html::to_text(
        "<div class=gmail_signature>It burns.</div><div class=gmail_quote><div class=gmail_attr>X</div>\
         <blockquote class=gmail_quote>Q</blockquote></div>",
    );
    let mut hints = Hints::default();
    hints.add(regions, 0);
    assert_eq!(split(text, &hints).reply, "It burns.");
}
