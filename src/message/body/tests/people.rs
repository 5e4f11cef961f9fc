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
        ("settings below dashes", "Our settings are\n\n---\nhost: a\nport: 1"),
        ("settings below the sign", "Please set\n\n--\nfilter = on"),
        ("settings between signs", "Open the file and add\n\n--\nfilter = on\n--\n\nthen restart it."),
        ("a number below dashes", "Please cancel my order.\n\n---\nOrder number 4711"),
        ("a number below underscores", "Please cancel my order.\n\n____\nOrder number 4711"),
        ("three things", "We need three things:\n---\nCall me back\nMail the plan\nCancel order 4711"),
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
    for words in [
        "Your data:\n\n---\nUser: ann@example.com\nPort: 993",
        "The steps are these:\n\n---\nOpen settings\n---",
        "Open it and add\n\n--\nfilter = on\n\nthen restart.\nAnn",
        "Use this account:\n\n____________________\nServer mail.example.com\nUser bob",
    ] {
        assert_eq!(parts(&format!("{words}\n\n{ours}")).0, words);
    }
    assert_eq!(parts(&format!("Yes.\n\n--\nAnn Example\n+44 20 7946 0000\n\n{ours}")).0, "Yes.");
    // Outlook's lines above our mail introduce it.
    let outlook = format!("Yes.\n\n{}\n\n{ANSWER_ABOVE}\nNew ticket", block.replace("Bob", "Desk"));
    assert_eq!(parts(&outlook).0, "Yes.");
}

#[test]
fn the_line_of_another_mail_above_ours_is_told() {
    let ours = format!("On Mon, 2 Mar 2026 at 10:00, Desk wrote:\n> {ANSWER_ABOVE}\n> New ticket");
    let colleagues = [
        ("From: Bob", "From: Bob\nSent: Monday, 2 March 2026 09:00\nTo: Ann\nSubject: RE: Error\n\nSay nothing."),
        ("-----Original Message-----", "-----Original Message-----\nSay nothing."),
        (
            "On Mon, 2 Mar 2026 at 09:00, Bob <bob@desk.example> wrote:",
            "On Mon, 2 Mar 2026 at 09:00, Bob <bob@desk.example> wrote:\n\nSay nothing.",
        ),
    ];
    let told = |words: &str| split(format!("{words}\n\n{ours}"), &Hints::default()).mail_above_ours;
    for (line, mail) in colleagues {
        assert_eq!(told(&format!("It is on its way.\n\n{mail}")).as_deref(), Some(line));
    }
    assert_eq!(told("It is on its way.\n\nOur engineer wrote:\n\nAll is well."), None);
    // Outlook's lines above our mail introduce it, also with a warning of a server between.
    let block =
        "From: Desk <support+1042.1-2bk.mac@desk.example>\nSent: Monday, 2 March 2026 10:00\nTo: Bob\nSubject: Error";
    for between in ["", "Caution: this mail comes from outside.\n\n"] {
        let text = format!("Yes.\n\n{block}\n\n{between}{ANSWER_ABOVE}\nNew ticket");
        let body = split(text, &Hints::default());
        assert_eq!((body.reply.as_str(), body.mail_above_ours), ("Yes.", None), "{between}");
    }
}

#[test]
fn the_last_words_above_our_mail_stay_when_it_is_introduced_right_below_them() {
    let address = "support+2176.2-2ah.q7@desk.example";
    let introductions = [
        format!("On Sun, Nov 29, 2026 at 8:50 PM User (PR-2176) <{address}> wrote:"),
        format!("On Sun, Nov 29, 2026 at 8:50 PM User (PR-2176)\n<{address}> wrote:"),
        format!("Am 29.11.2026 um 20:50 schrieb User (PR-2176) <{address}>:"),
        // Of a language that is not known.
        format!("Vào 20:50, CN, 29 thg 11, 2026 User (PR-2176) <{address}> đã viết:"),
        format!("Vào 20:50, CN, 29 thg 11, 2026 User (PR-2176)\n<{address}> đã viết:"),
    ];
    let alias = "Please use ann+new@example.com from now on.";
    assert_eq!(parts(&format!("{alias}\n\n{ANSWER_ABOVE}\nNew ticket")).0, alias);
    for last in [
        "4711",
        "+47 22 33 44 55",
        "At 10:30 we restart.",
        "On Monday it works again.",
        "Example Ltd | +47 22 33 44 55",
    ] {
        let words = format!("It is back.\n\n{last}");
        for introduction in [&introductions[0], &introductions[1], &introductions[2]] {
            let text = format!("{words}\n{introduction}\n> {ANSWER_ABOVE}\n> New ticket");
            assert_eq!(parts(&text).0, words, "{introduction}");
            let customers = introduction.replace("+2176.2-2ah.q7", "");
            let text = format!("{words}\n{customers}\n> It works.\n> Ref: PR-2176 · 1-2ah.q7");
            assert_eq!(parts(&text).0, words, "{customers}");
        }
    }
    let apple = format!(
        "It is back.\n\n4711\n> On 29 Nov 2026, at 20:50, User (PR-2176) wrote:\n>\n> {ANSWER_ABOVE}\n> New ticket"
    );
    assert_eq!(parts(&apple).0, "It is back.\n\n4711");
    // As Outlook on telephones writes it.
    let block = format!("From: User (PR-2176) <{address}>\nSent: Sunday, 29 November 2026 20:50\nTo: Bob\nSubject: x");
    for above in [
        "",
        "________________________________\n",
        "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n",
    ] {
        assert_eq!(
            parts(&format!("It is back.\n\n{above}{block}\n\n{ANSWER_ABOVE}\nNew ticket")).0,
            "It is back.",
            "{above}"
        );
    }
    for introduction in introductions {
        let words = "We have found it.\n\nPlease restart the server.\nThen all is well.";
        let text = format!("{words}\n{introduction}\n> {ANSWER_ABOVE}\n> New ticket");
        assert_eq!(parts(&text).0, words, "{introduction}");
    }
}

#[test]
fn a_customers_signature_above_a_mail_that_is_passed_on_ends_there() {
    let block = "From: Carl <carl@example.com>\nSent: Monday, 2 March 2026 09:00\nTo: Ann\nSubject: Error";
    for above in ["---------- Forwarded message ---------\n", "________________________________\n", ""] {
        let text = format!("Please see below.\n\n-- \nAnn Example\nExample Ltd\n\n{above}{block}\n\nIt burns.");
        let hints = Hints { is_forward: true, answers_none: true, ..Hints::default() };
        let body = split(text, &hints);
        assert!(body.reply.starts_with("Please see below.") && body.reply.ends_with("It burns."), "{}", body.reply);
        assert_eq!(body.signature, "-- \nAnn Example\nExample Ltd");
    }
}

#[test]
fn a_whole_mail_of_ours_is_no_part_of_the_words_around_it() {
    let ours =
        "On Mon, 2 Mar 2026 at 09:30, Desk wrote:\n> It works again.\n> Is it so?\n>\n> Ref: PR-1042 · 1-2bk.MAC";
    let parts = |above: &str, below: &str| parts(&format!("{above}\n\n{ours}\n\n{below}")).0;
    assert_eq!(parts("Yes, thanks.", "PS: account 5 still hangs."), "Yes, thanks.\n\nPS: account 5 still hangs.");
    assert_eq!(parts("", "Yes, thanks."), "Yes, thanks.");
    let above = [
        "Hi,\n\nit stopped. At 09:30 on 12.11.2026 your service wrote:\n\nERROR 500\n\nCan you restart it?",
        "Hi,\n\nwe got this:\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.com>\nDate: Mon, Mar 2, 2026 \
         at 9:00 AM\nSubject: Export\nTo: Ann\n\nThe export fails.",
        "The trip:\n\nVon: Hamburg\nAn: Berlin\nDatum: 12.12.2026 09:00\nBetreff: Termin\n\nBitte absagen.",
    ];
    for above in above {
        assert_eq!(parts(above, ""), above);
    }
    // Who answers somebody that has answered us quotes that mail with ours in it.
    let block =
        "From: Bob <bob@example.com>\nSent: Monday, 2 March 2026 9:00\nTo: Ann\nSubject: Export\n\nIt works again.";
    assert_eq!(parts(&format!("I see a blank page.\n\nAnn\n\n{block}"), ""), "I see a blank page.\n\nAnn");
    // Of other mails nobody knows whether all of it is quoted.
    let theirs = ours.replace("Ref: PR-1042 · 1-2bk.MAC", "Bob");
    let whole = format!("Yes, thanks.\n\n{theirs}\n\nPS: account 5 still hangs.");
    assert!(super::parts(&whole).0.contains("> It works again."));
    for below in ["Ann", "[cid:image001.png@01DA]"] {
        assert!(!super::parts(&format!("Yes, thanks.\n\n{theirs}\n\n{below}")).0.contains("works"), "{below}");
    }
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
        ("P.S.", "--\nAnn Example\n\nP.S. It was new.\nAnd blue.", "P.S. It was new.\nAnd blue."),
        ("spaced", "-- \nAnn\n\nP. S.: It was new.", "P. S.: It was new."),
        ("Spanish", "-- \nAnn\n\nP.D. La clave es nueva.", "P.D. La clave es nueva."),
        ("Russian", "-- \nАнна\n\nП.С. Ключ новый.", "П.С. Ключ новый."),
        ("above a telephone's line", "-- \nAnn\n\nPS: It was new.\n\nSent from my iPhone", "PS: It was new."),
        ("a company", "-- \nAnn\nPS Example Ltd", ""),
        ("the letters alone", "-- \nAnn\n\nP.S.", ""),
        ("somebody's name", "-- \nP.S. Rao\nSupport engineer\n+91 98 7654 3210", ""),
        ("a name below", "-- \nExample Ltd\n\nP.S. Rao\n+91 98 7654 3210", ""),
        ("right below the name", "-- \nAnn\nNB: this is confidential", ""),
    ];
    for (name, below, words) in cases {
        assert_eq!(parts(&format!("It burns.\n\n{below}")).0, format!("It burns.\n\n{words}").trim(), "{name}");
    }
}
