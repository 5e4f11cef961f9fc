//! Addresses as fields really have them.

use super::*;

fn shown(value: &str) -> Vec<String> {
    read(value.as_bytes(), None).iter().map(ToString::to_string).collect()
}

#[test]
fn addresses_are_found_however_they_are_written() {
    let cases: [(&str, &str, &[&str]); 57] = [
        ("plain", "ann@x.example", &["ann@x.example"]),
        ("with a name", "Ann Example <ann@x.example>", &["Ann Example <ann@x.example>"]),
        ("no blank before the bracket", "Ann<ann@x.example>", &["Ann <ann@x.example>"]),
        ("only brackets", "<ann@x.example>", &["ann@x.example"]),
        ("encoded name", "=?utf-8?q?J=C3=BCrgen?= <j@x.example>", &["Jürgen <j@x.example>"]),
        ("encoded name in quotes", "\"=?utf-8?q?J=C3=BCrgen?=\" <j@x.example>", &["Jürgen <j@x.example>"]),
        ("encoded name with a comma", "=?utf-8?q?Doe,_J=C3=BCrgen?= <j@x.example>", &["Doe, Jürgen <j@x.example>"]),
        ("encoded name and no blank", "=?utf-8?q?J=C3=BCrgen?=<j@x.example>", &["Jürgen <j@x.example>"]),
        ("raw name", "Jürgen <j@x.example>", &["Jürgen <j@x.example>"]),
        ("comma in a quoted name", "\"Doe, Ann\" <ann@x.example>", &["Doe, Ann <ann@x.example>"]),
        ("comma in a name", "Doe, Ann <ann@x.example>", &["Doe, Ann <ann@x.example>"]),
        ("comma in a second name", "a@x.example, Doe, Ann <b@x.example>", &["a@x.example", "Doe, Ann <b@x.example>"]),
        ("dots in a name", "Ann B. Example Jr. <ann@x.example>", &["Ann B. Example Jr. <ann@x.example>"]),
        ("quotes in a quoted name", "\"Ann \\\"A\\\" E\" <ann@x.example>", &["Ann \"A\" E <ann@x.example>"]),
        ("a quote too many", "Ann \"A <ann@x.example>", &["Ann A <ann@x.example>"]),
        ("several", "a@x.example, b@x.example", &["a@x.example", "b@x.example"]),
        ("semicolons", "a@x.example; B <b@x.example>;", &["a@x.example", "B <b@x.example>"]),
        ("blanks only", "a@x.example b@x.example", &["a@x.example", "b@x.example"]),
        ("no comma between", "A <a@x.example> B <b@x.example>", &["A <a@x.example>", "B <b@x.example>"]),
        ("commas too many", ", a@x.example,, b@x.example ,", &["a@x.example", "b@x.example"]),
        ("closing bracket missing", "Ann <ann@x.example", &["Ann <ann@x.example>"]),
        (
            "closing bracket missing, then more",
            "A <a@x.example, B <b@x.example>",
            &["A <a@x.example>", "B <b@x.example>"],
        ),
        ("opening bracket missing", "ann@x.example>", &["ann@x.example"]),
        ("brackets twice", "Ann <<ann@x.example>>", &["Ann <ann@x.example>"]),
        ("name behind", "<ann@x.example> Ann", &["Ann <ann@x.example>"]),
        ("name behind, no brackets", "ann@x.example Ann Example", &["Ann Example <ann@x.example>"]),
        ("name in a comment", "ann@x.example (Ann Example)", &["Ann Example <ann@x.example>"]),
        ("comment in a comment", "ann@x.example (Ann (the first))", &["Ann (the first) <ann@x.example>"]),
        ("comment beside a name", "Ann (Sales) <ann@x.example>", &["Ann <ann@x.example>"]),
        ("comment in the address", "<ann(x)@x.example>", &["ann@x.example"]),
        ("comment without end", "Ann (Sales <ann@x.example>", &["Ann (Sales <ann@x.example>"]),
        ("group", "Desk: a@x.example, B <b@x.example>;", &["a@x.example", "B <b@x.example>"]),
        ("group, then more", "Desk: a@x.example;, b@x.example", &["a@x.example", "b@x.example"]),
        ("nobody", "undisclosed-recipients:;", &[]),
        ("nobody, otherwise", "\"Undisclosed recipients\":;", &[]),
        ("route", "<@a.example,@b.example:ann@x.example>", &["ann@x.example"]),
        ("address in quotes", "\"ann@x.example\"", &["ann@x.example"]),
        ("address and name in quotes", "\"Ann <ann@x.example>\"", &["Ann <ann@x.example>"]),
        ("address as name", "\"ann@x.example\" <bob@x.example>", &["ann@x.example <bob@x.example>"]),
        ("quoted local part", "\"ann e\"@x.example", &["\"ann e\"@x.example"]),
        ("dots behind a quoted local part", "\"ann e\"@x.example..", &["\"ann e\"@x.example"]),
        ("control in a quoted local part", "\"ann\u{1}e\"@x.example", &["anne@x.example"]),
        ("apostrophe in a link", "<mailto:'ann@x.example>", &["ann@x.example"]),
        ("apostrophe in quotes", "\"'ann e\"@x.example'", &["\"'ann e\"@x.example"]),
        ("quoted local part in brackets", "Ann <\"ann>e\"@x.example>", &["Ann <\"ann>e\"@x.example>"]),
        ("a link", "<mailto:ann@x.example>", &["ann@x.example"]),
        ("a link behind a name", "Ann E [mailto:ann@x.example]", &["Ann E <ann@x.example>"]),
        ("a protocol behind a name", "Ann E [SMTP:ann@x.example]", &["Ann E <ann@x.example>"]),
        ("an address of numbers", "ann@[192.0.2.1]", &["ann@[192.0.2.1]"]),
        ("blanks around the sign", "ann @ x.example", &["ann@x.example"]),
        ("comments around the sign", "ann (home) @ (work) x.example", &["home <ann@x.example>"]),
        ("blanks around a dot", "a@x.example, ann@x   . example", &["a@x.example", "ann@x.example"]),
        ("a sign in a name", "Ann @ Work ann@x.example", &["Ann @ Work <ann@x.example>"]),
        ("name in brackets, address before", "ann@x.example <Ann E>", &["Ann E <ann@x.example>"]),
        ("name in brackets, address behind", "<Ann E> ann@x.example", &["Ann E <ann@x.example>"]),
        ("letters of the world", "Ann <jürgen@bücher.example>", &["Ann <jürgen@bücher.example>"]),
        ("no address", "MAILER-DAEMON (Mail Delivery System)", &[]),
    ];
    for (name, value, expected) in cases {
        assert_eq!(shown(value), expected, "{name}");
    }
}

#[test]
fn a_mail_server_may_sign_without_a_domain_and_nobody_else() {
    let read = |value: &str| server_itself(value.as_bytes()).map(|address| address.to_string());
    let daemon = Some("Mail Delivery System <MAILER-DAEMON>".to_string());
    assert_eq!(read("MAILER-DAEMON (Mail Delivery System)"), daemon);
    assert_eq!(read("Mail Delivery System <MAILER-DAEMON>"), daemon);
    assert_eq!(read("<>"), None);
    assert_eq!(read("root (Cron Daemon)"), None);
}

#[test]
fn long_broken_lists_cost_no_more_than_their_length() {
    for piece in ["\"", "(", "<", "a,", "\"a", "<a", "()", "a@b", ":", "=?", "\\", "\"\"", "<\""] {
        let value = piece.repeat(200_000 / piece.len());
        assert!(read(value.as_bytes(), None).len() <= MAX_ADDRESSES + 1, "{piece}");
    }
}

#[test]
fn a_name_over_many_commas_is_only_so_long() {
    let name = |words: usize| {
        read(format!("{}z <a@x.example>", "x, ".repeat(words)).as_bytes(), None)[0].name.clone().unwrap()
    };
    let most = MAX_NAME_BYTES.div_ceil(3);
    assert_eq!(name(most).len(), 3 * most + 1);
    assert_eq!(name(most + 1).len(), 3 * most + 1);
}
