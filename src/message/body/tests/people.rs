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
    let cases = cases.into_iter().chain([
        ("one item apart", "It is this alone.\n\n- Tea"),
        ("one item", "It is this alone.\n\n-Tea"),
        ("one item of two words", "It is this alone.\n\n- Green Tea"),
        ("a finding", "It is this alone.\n\n-tea is cold"),
    ]);
    for (name, text) in cases {
        assert_eq!(parts(text).0, text.trim(), "{name}");
    }
}

#[test]
fn words_are_never_taken_for_a_signature_when_there_are_no_others() {
    let quote = "On 2 Mar 2026 at 09:30, Ann wrote:\n> Really?";
    let cases = [
        ("a rule and a name", "--\nAnn".to_owned(), "--\nAnn"),
        ("above a quote", format!("--\nAnn\n\n{quote}"), "--\nAnn"),
        ("below the sign that all programs know", "-- \nAnn".to_owned(), ""),
        ("below that of an agent's own", format!("--\nAnn\n\n{ANSWER_ABOVE}\nNew ticket"), ""),
        ("a quote alone", quote.to_owned(), ""),
        ("a telephone below a quote", format!("{quote}\n\nSent from my iPhone"), ""),
        ("a telephone above a quote", format!("Sent from my iPhone\n\n{quote}"), "Sent from my iPhone"),
        (
            "a telephone and a name",
            format!("{quote}\n\n--\nAnn\n\nSent from my iPhone"),
            "--\nAnn\n\nSent from my iPhone",
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

#[test]
fn names_behind_a_dash_are_a_signature() {
    // The sender is Ann Example.
    for name in ["- Ann", "-Ann", "-- Ann Example", "- Ann E.", "- ann", "-Bob Other"] {
        assert_eq!(parts(&format!("It burns.\n\n{name}")).0, "It burns.", "{name}");
    }
}

/// What is left of a page as the sender's words.
fn reply_of(html: &str) -> String {
    let (text, regions) = crate::message::html::to_text(html);
    let mut hints = Hints::default();
    hints.add(regions, 0);
    split(text, &hints).reply
}

#[test]
fn markup_that_people_use_too_makes_neither_quote_nor_signature() {
    let line = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm";
    let boxed = format!("<p>Hi,</p><table><tr><td style='{line}'>Parcel 12</td></tr></table><p>Gone.</p>");
    let lined = format!("<p>Hi,</p><div style='{line}'><p>The pump of hall 3 leaks.</p></div>");
    let cases = [
        (
            "an indent",
            "<p>See:</p><blockquote style='margin:0 0 0 40px;border:none'>pump 3</blockquote><p>Help.</p>",
            "See:\n\npump 3\nHelp.",
        ),
        (
            "an indent with a border",
            "See:<blockquote style='border-left:3px solid #ccc'>pump 3</blockquote>",
            "See:\npump 3",
        ),
        ("an indent in a list", "<ol><li>One</li></ol><blockquote>leaks</blockquote>", "1. One\nleaks"),
        (
            "indents in one another",
            "See:<blockquote>pump<blockquote>leaks</blockquote></blockquote>Help.",
            "See:\npump\nleaks\nHelp.",
        ),
        ("all of it", "<blockquote>pump 3</blockquote>", "pump 3"),
        ("what they say", "The page says:<blockquote>Error 7</blockquote>", "The page says:\nError 7"),
        ("a line in a table", &boxed, "Hi,\n\nParcel 12\nGone."),
        ("a line above words", &lined, "Hi,\n\nThe pump of hall 3 leaks."),
        ("a class", "Hi,<div class=\"signature-key\">The key is wrong.</div>", "Hi,\nThe key is wrong."),
        ("a class that ends so", "Hi,<div class=\"bad-signature\">It is wrong.</div>", "Hi,\nIt is wrong."),
        ("an id", "Hi,<p id=\"signature\">It is wrong.</p>", "Hi,\nIt is wrong."),
        ("an id of a box", "Hi,<div id=\"signature\">It is wrong.</div>", "Hi,\nIt is wrong."),
    ];
    for (name, html, reply) in cases {
        assert_eq!(reply_of(html), reply, "{name}");
    }
}

#[test]
fn markup_of_programs_makes_quotes_and_signatures() {
    let line = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm";
    let fields = "<b>Xx:</b> Ann &lt;ann@example.com&gt;<br><b>Yy:</b> 2 Mar<br><b>Zz:</b> Bob<br>";
    let unknown = format!("Yes.<div style='{line}'><p>{fields}</p></div><p>Q</p>");
    let known = format!(
        "Yes.<div style='{line}'><p>{}</p></div><p>Q</p>",
        "From: Ann<br>Sent: Monday<br>To: Bob<br>Subject: x"
    );
    let cases = [
        ("cited", "Yes.<blockquote type=\"cite\">Q</blockquote>"),
        ("cited by Thunderbird", "Yes.<blockquote cite=\"mid:1@x.example\">Q</blockquote>"),
        ("by Gmail", "Yes.<blockquote class=\"gmail_quote\" style=\"margin:0\">Q</blockquote>"),
        ("below who wrote", "Yes.<br>On 2 Mar 2026 at 09:30, Ann wrote:<blockquote>Q</blockquote>"),
        ("indented in a quote", "Yes.<blockquote type=cite>Q<blockquote>R</blockquote></blockquote>"),
        ("a header block", known.as_str()),
        ("a header block in a language", unknown.as_str()),
        ("a signature of Outlook", "Yes.<div id=\"Signature\"><p>Ann</p></div>"),
    ];
    for (name, html) in cases {
        assert_eq!(reply_of(html), "Yes.", "{name}");
    }
}

#[test]
fn what_somebody_adds_below_the_signature_is_theirs() {
    let cases = [
        ("PS", "-- \nAnn Example\n\nPS: the key ends in 7f.", "PS: the key ends in 7f."),
        ("P.S.", "--\nAnn Example\nP.S. It was new.\nAnd blue.", "P.S. It was new.\nAnd blue."),
        ("spaced", "-- \nAnn\n\nP. S.: It was new.", "P. S.: It was new."),
        ("Spanish", "-- \nAnn\n\nP.D. La clave es nueva.", "P.D. La clave es nueva."),
        ("Russian", "-- \nАнна\n\nП.С. Ключ новый.", "П.С. Ключ новый."),
        ("above a telephone's line", "-- \nAnn\n\nPS: It was new.\n\nSent from my iPhone", "PS: It was new."),
        ("a company", "-- \nAnn\nPS Example Ltd", ""),
        ("the letters alone", "-- \nAnn\nP.S.", ""),
    ];
    for (name, below, words) in cases {
        assert_eq!(parts(&format!("It burns.\n\n{below}")).0, format!("It burns.\n\n{words}").trim(), "{name}");
    }
}
