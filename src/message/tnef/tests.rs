//! Packed files and texts, whole and broken.

use super::*;

fn attribute(level: u8, id: u16, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap();
    [&[level][..], &id.to_le_bytes(), &[6, 0], &length.to_le_bytes(), data, &[0, 0]].concat()
}

fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
}

/// A property of variable length.
fn property(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap();
    let padding = vec![0; (4 - value.len() % 4) % 4];
    [&kind.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &length.to_le_bytes(), value, &padding].concat()
}

fn list(properties: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(properties.len()).unwrap().to_le_bytes()[..], &properties.concat()].concat()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_and_text_are_unpacked() {
    let packed = stream(&[
        attribute(1, CODE_PAGE, &[0xe4, 4, 0, 0, 0, 0, 0, 0]),
        attribute(1, BODY, b"Gr\xfc\xdfe\0"),
        attribute(2, ATTACHMENT_BEGINS, &[0; 14]),
        attribute(2, ATTACHMENT_TITLE, b"LONGNA~1.TXT\0"),
        attribute(2, ATTACHMENT_DATA, b"one"),
        attribute(
            2,
            ATTACHMENT_PROPERTIES,
            &list(&[
                // A number, then a name that only its owner understands, then what we look for.
                [&3_u16.to_le_bytes()[..], &0x3705_u16.to_le_bytes(), &[1, 0, 0, 0]].concat(),
                [&3_u16.to_le_bytes()[..], &0x8001_u16.to_le_bytes(), &[9; 16], &[0; 4], &[7; 4], &[1; 4]].concat(),
                property(0x1f, 0x3707, &wide("a long näme.txt")),
                property(0x1e, 0x370e, b"Text/Plain\0"),
                property(0x1f, 0x3712, &wide("id@x")),
            ]),
        ),
        attribute(2, ATTACHMENT_BEGINS, &[0; 14]),
        attribute(2, ATTACHMENT_TITLE, b"b.bin\0"),
        attribute(2, ATTACHMENT_DATA, b"two"),
    ]);
    let contents = open(&packed).unwrap();
    assert_eq!(contents.text.as_deref(), Some("Grüße"));
    let first = &contents.files[0];
    assert_eq!(first.name.as_deref(), Some("a long näme.txt"));
    assert_eq!((first.media_type.as_deref(), first.content_id.as_deref()), (Some("text/plain"), Some("id@x")));
    assert_eq!((first.bytes.as_slice(), contents.files[1].bytes.as_slice()), (&b"one"[..], &b"two"[..]));
    assert_eq!(contents.files[1].name.as_deref(), Some("b.bin"));
}

#[test]
fn a_message_in_it_gives_its_files_and_its_text() {
    let inner = stream(&[
        attribute(1, BODY, b"inner text\0"),
        attribute(2, ATTACHMENT_BEGINS, &[]),
        attribute(2, ATTACHMENT_TITLE, b"inner.txt\0"),
        attribute(2, ATTACHMENT_DATA, b"x"),
    ]);
    let object = [&[0; 16][..], &inner].concat();
    let outer = stream(&[
        attribute(2, ATTACHMENT_BEGINS, &[]),
        attribute(2, ATTACHMENT_PROPERTIES, &list(&[property(0x0d, 0x3701, &object)])),
    ]);
    let names: Vec<_> = open(&outer).unwrap().files.into_iter().map(|file| file.name.unwrap()).collect();
    assert_eq!(names, ["message.txt", "inner.txt"]);
}

#[test]
fn what_is_broken_ends_the_reading_and_loses_nothing_before_it() {
    let whole = stream(&[
        attribute(2, ATTACHMENT_BEGINS, &[]),
        attribute(2, ATTACHMENT_TITLE, b"a.txt\0"),
        attribute(2, ATTACHMENT_DATA, b"one"),
        attribute(2, ATTACHMENT_BEGINS, &[]),
        attribute(2, ATTACHMENT_DATA, &[1; 50]),
    ]);
    for length in 0..whole.len() {
        let contents = open(&whole[..length]);
        assert_eq!(contents.is_some(), length >= 6, "{length}");
    }
    assert!(!open(&whole).unwrap().is_cut);
    assert!(!open(&[&whole[..], b"\r\n"].concat()).unwrap().is_cut, "line ends that a server added");
    assert_eq!(open(b"no such thing"), None);
    // Properties that say that they are many and long.
    let liar = [&u32::MAX.to_le_bytes()[..], &property(0x1f, 0x3707, b"ab")[..6], &[0xff; 8]].concat();
    assert!(
        open(&stream(&[attribute(2, ATTACHMENT_BEGINS, &[]), attribute(2, ATTACHMENT_PROPERTIES, &liar)])).is_some()
    );
}

#[test]
fn of_what_came_cut_off_the_beginning_is_kept() {
    let begun = [attribute(2, ATTACHMENT_BEGINS, &[]), attribute(2, ATTACHMENT_TITLE, b"a.txt\0")].concat();
    let object = [&[0; 16][..], &stream(&[attribute(1, BODY, b"inner text\0")])].concat();
    // Name, attribute, bytes it lacks at its end with its checksum, the text, the content of the file.
    type Case = (&'static str, Vec<u8>, usize, Option<&'static str>, &'static [u8]);
    let cases: [Case; 6] = [
        ("nothing", attribute(2, ATTACHMENT_DATA, b"one"), 0, None, b"one"),
        ("its checksum", attribute(2, ATTACHMENT_DATA, b"one"), 2, None, b"one"),
        ("content", attribute(2, ATTACHMENT_DATA, b"one"), 3, None, b"on"),
        ("all content, and its length", attribute(2, ATTACHMENT_DATA, b"one"), 6, None, b""),
        ("words", attribute(1, BODY, b"words\0"), 4, Some("word"), b""),
        (
            "an attached message",
            attribute(2, ATTACHMENT_PROPERTIES, &list(&[property(0x0d, 0x3701, &object)])),
            8,
            None,
            b"inner t",
        ),
    ];
    for (name, last, lacks, text, content) in cases {
        let packed = stream(&[begun.clone(), last]);
        let contents = open(&packed[..packed.len() - lacks]).unwrap();
        assert_eq!(contents.is_cut, lacks > 2, "{name}");
        assert_eq!(contents.text.as_deref(), text, "{name}");
        assert_eq!(contents.files[0].bytes, content, "{name}");
    }
}

#[test]
fn names_stand_on_one_line() {
    let named = |id: u16, name: &[u8]| attribute(2, ATTACHMENT_PROPERTIES, &list(&[property(0x1e, id, name)]));
    let cases = [
        ("the title", attribute(2, ATTACHMENT_TITLE, b"a\r\nb.txt\0")),
        ("the long name", named(0x3707, b"a\nb.txt\0")),
        ("the short name", named(0x3704, b"\ra\tb.txt\0")),
    ];
    for (name, attribute_with_it) in cases {
        let file = stream(&[
            attribute(2, ATTACHMENT_BEGINS, &[]),
            attribute(2, ATTACHMENT_DATA, b"one"),
            attribute_with_it,
            named(0x370e, b"text/\nplain\0"),
        ]);
        let file = open(&file).unwrap().files.remove(0);
        assert_eq!(file.name.as_deref(), Some("a b.txt"), "{name}");
        assert_eq!(file.media_type.as_deref(), Some("text/ plain"), "{name}");
    }
    let unnamed = stream(&[attribute(2, ATTACHMENT_BEGINS, &[]), named(0x3707, b"\x01\0"), named(0x3704, b"b\0")]);
    assert_eq!(open(&unnamed).unwrap().files[0].name.as_deref(), Some("b"), "one of control characters alone is none");
}

#[test]
fn files_and_depth_are_limited() {
    let many = |count: usize| {
        let file = [attribute(2, ATTACHMENT_BEGINS, &[]), attribute(2, ATTACHMENT_DATA, b"x")].concat();
        open(&stream(&vec![file; count])).unwrap().files.len()
    };
    assert_eq!((many(MAX_TNEF_FILES), many(MAX_TNEF_FILES + 1)), (MAX_TNEF_FILES, MAX_TNEF_FILES));
    let nested = |depth: usize| {
        let mut packed = stream(&[attribute(1, BODY, b"deep\0")]);
        for _ in 0..depth {
            let object = [&[0; 16][..], &packed].concat();
            let properties = list(&[property(0x0d, 0x3701, &object)]);
            packed = stream(&[attribute(2, ATTACHMENT_BEGINS, &[]), attribute(2, ATTACHMENT_PROPERTIES, &properties)]);
        }
        open(&packed).unwrap().files.remove(0).name
    };
    assert_eq!(nested(MAX_TNEF_DEPTH).as_deref(), Some("message.txt"));
    assert_eq!(nested(MAX_TNEF_DEPTH + 1), None, "it stays packed");
}
