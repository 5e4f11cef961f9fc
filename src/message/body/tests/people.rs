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

#[test]
fn a_mail_that_answers_none_shows_what_looks_quoted() {
    let block = "From: Bob <bob@example.com>\nSent: Monday, 2 March 2026 09:00\nTo: Ann\nSubject: Error";
    let cases = [
        ("a form", format!("{block}\nMessage: Why was I charged twice?")),
        ("a mail that is looked for", format!("It never arrived:\n\n{block}\n\nDo you see it?")),
        ("a separator", "----- Original Message -----\nerror 17\n\nWhat does it mean?".to_owned()),
        ("a mail that is cited", "On Mon, 2 Mar 2026 at 09:30, Bob wrote:\n> It works.\nDoes it?".to_owned()),
        ("one at the end", "Hi,\n\nOn Mon, 2 Mar 2026 at 09:30, Bob wrote:\n\nIt works.".to_owned()),
    ];
    for (name, text) in &cases {
        let split = |answers_none| split(text.clone(), &Hints { answers_none, ..Hints::default() });
        assert_eq!(split(true).reply, *text, "{name}");
        assert_ne!(split(false).reply, *text, "{name}, in an answer");
    }
    // What ends as our mails do is one of ours, whatever the header says.
    let ours = "Yes.\n\nOn Mon, 2 Mar 2026 at 09:30, Desk wrote:\n> Really?\n> Ref: PR-1042 · 1-2bk.MAC";
    assert_eq!(split(ours.to_owned(), &Hints { answers_none: true, ..Hints::default() }).reply, "Yes.");
}

#[test]
fn what_an_agent_cites_above_our_mail_is_the_agents() {
    let block = "From: Bob <bob@example.com>\nSent: Monday, 2 March 2026 09:00\nTo: Ann\nSubject: Error";
    let ours = format!("On Mon, 2 Mar 2026 at 10:00, Desk wrote:\n> {ANSWER_ABOVE}\n> New ticket");
    let cases = [
        (
            "what somebody wrote",
            "Hello,\n\nOn 2 March 2026 at 09:30 Bob Smith wrote:\n\nIt works.\n\nDoes it?".to_owned(),
        ),
        ("a header", format!("Hello,\n\nthis went astray:\n\n{block}\n\nIt burns.")),
        ("a separator", "Hello,\n\n-----Original Message-----\nIt burns.".to_owned()),
    ];
    for (name, words) in cases {
        assert_eq!(parts(&format!("{words}\n\n{ours}")).0, words, "{name}");
    }
    // Outlook's lines above our mail introduce it.
    let outlook = format!("Yes.\n\n{}\n\n{ANSWER_ABOVE}\nNew ticket", block.replace("Bob", "Desk"));
    assert_eq!(parts(&outlook).0, "Yes.");
}
