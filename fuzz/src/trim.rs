//! A text or an HTML page: what the sender wrote, what they quoted and what they signed with is all there is, once.

use postroom::decide::command::Orders;

/// How the body is to be read: by the first byte of the input.
const KINDS: &[&str] = &[
    "",
    "Content-Type: text/plain; charset=utf-8\r\n",
    "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n",
    "Content-Type: text/html; charset=utf-8\r\n",
    "Subject: Fwd: it\r\nContent-Type: text/plain; charset=utf-8\r\n",
    "Subject: Re: it\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
];

pub(crate) fn check(input: &[u8]) {
    let (kind, body) = crate::choice(input, KINDS.len());
    let message = crate::read(&crate::mail(KINDS[kind], body));
    crate::parse::is_within_limits(&message);
    let body = &message.body;

    // A line may be taken in two where an attribution follows words, so words are counted, not lines.
    let mut taken: Vec<&str> =
        [&body.reply, &body.quote, &body.signature].into_iter().flat_map(|part| part.split_whitespace()).collect();
    taken.sort_unstable();
    let mut there: Vec<&str> = body.text.split_whitespace().collect();
    there.sort_unstable();
    for word in &taken {
        assert!(body.text.contains(word), "a word that nobody wrote: {word:?}");
    }
    assert!(taken.len() >= there.len(), "words are lost: {} of {}", taken.len(), there.len());

    let own = body.own_words();
    assert!(own.lines().all(|line| body.reply.lines().any(|known| known.trim_end() == line.trim_end())));
    // What is quoted of a mail that has all of it is new to nobody, and all of it where that mail has nothing.
    assert_eq!(body.unread(Some(&body.quote)).text, "");
    assert_eq!(body.unread(None).text, body.quote);
    let _ = body.unread(Some(&body.reply));
    let _ = Orders::read(&body.reply);
    let _ = message.language();
}
