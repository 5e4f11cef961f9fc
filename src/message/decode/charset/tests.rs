//! Texts in charsets, labelled rightly, wrongly and not at all.

use super::*;

/// Name, label, bytes, the text they are, whether they fit the label.
type Case = (&'static str, &'static str, &'static [u8], &'static str, bool);

#[test]
fn a_text_is_read_by_its_label_or_in_spite_of_it() {
    let cases: [Case; 28] = [
        ("as it says", "utf-8", "Grüße".as_bytes(), "Grüße", true),
        ("a semicolon too many", "utf-8;", "Grüße".as_bytes(), "Grüße", true),
        ("quotes too many", "\"utf8", "Grüße".as_bytes(), "Grüße", true),
        ("the name twice", "charset=utf-8", "Grüße".as_bytes(), "Grüße", true),
        ("UTF-8 said to be ASCII", "us-ascii", "Grüße".as_bytes(), "Grüße", false),
        ("UTF-8 said to be Latin", "iso-8859-1", "Grüße".as_bytes(), "Grüße", false),
        ("windows-1252 said to be UTF-8", "utf-8", b"Gr\xfc\xdfe, Ann", "Grüße, Ann", false),
        ("UTF-8 with a Latin footer", "utf-8", b"Gr\xc3\xbc\xc3\x9fe, J\xfcrgen", "Grüße, Jürgen", false),
        ("UTF-8 cut inside a letter", "utf-8", b"Gr\xc3\xbc\xc3", "Grü\u{fffd}", false),
        ("no label", "", b"Hello", "Hello", true),
        ("a word for not knowing", "x-unknown", b"Gr\xfc\xdfe", "Grüße", false),
        ("a label of nobody", "x-nothing", "Grüße".as_bytes(), "Grüße", false),
        ("another charset", "iso-8859-5", b"\xbf\xe0\xd8\xd2\xd5\xe2", "Привет", true),
        ("a name without its dash", "windows1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет", true),
        ("a short name", "win-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет", true),
        ("an editor's slip", "windows-1252http-equivContent-Type", b"Gr\xfc\xdfe", "Grüße", true),
        ("UTF-8 said to be UTF-7", "utf-7", "Grüße".as_bytes(), "Grüße", false),
        ("UTF-7", "unicode-1-1-utf-7", b"Gr+APwA3w-e", "Grüße", true),
        ("Japanese", "iso-2022-jp", b"\x1b$B%F%9%H\x1b(B", "テスト", true),
        ("Japanese, a successor", "cp50221", b"\x1b$B%F%9\x1b(B\x1b$B%H\x1b(B", "テスト", true),
        ("Japanese, the wrong one", "iso-2022-jp", b"\x83e\x83X\x83g", "テスト", false),
        ("Japanese, nobody says so", "", b"\x1b$B%F%9%H\x1b(B", "テスト", true),
        ("Korean with shifts", "iso-2022-kr", b"\x1b$)C\x0eGQ19\x0f!", "한국!", true),
        ("Korean by another name", "cp949", b"\xc7\xd1\xb1\xb9", "한국", true),
        ("Chinese in seven bits", "hz-gb-2312", b"~{VP9z~}!", "中国!", true),
        ("Chinese beyond its label", "gb2312", b"\xd6\xd0\x81\x40", "中丂", true),
        ("Chinese of Taiwan", "cp950", b"\xa4\xa4\xa4\xe5", "中文", true),
        ("Thai", "cp874", b"\xe4\xb7\xc2", "ไทย", true),
    ];
    for (name, label, bytes, expected, fits) in cases {
        assert_eq!(charset(Some(label), bytes), (expected.into(), fits), "{name}");
    }
}

#[test]
fn what_nobody_labelled_is_read_as_the_rest_of_the_mail_is() {
    let polish = b"za\xbf\xf3\xb3\xe6";
    assert_eq!(unlabelled(polish, Some("iso-8859-2")), "zażółć");
    assert_eq!(unlabelled(b"Gr\xfc\xdfe", Some("gb2312")), "Grüße", "the hint does not fit");
    assert_eq!(
        unlabelled(b"F\xfcr Gr\xf6\xdfe und M\xfche", Some("koi8-r")),
        "Für Größe und Mühe",
        "the bytes say more"
    );
    assert_eq!(unlabelled("Grüße".as_bytes(), Some("gb2312")), "Grüße");
}

#[test]
fn the_table_of_names_is_sorted() {
    assert!(ALIASES.is_sorted_by_key(|(alias, _)| alias));
}

#[test]
fn a_label_is_read_to_a_length() {
    let long = |chars: usize| Label::of(&format!("koi8-{}", "r".repeat(chars - 5)));
    assert!(matches!(long(MAX_KEY_CHARS), Label::Named(_)));
    assert!(matches!(long(MAX_KEY_CHARS + 100), Label::Named(_)), "what stands behind is cut off");
}
