//! Pages and the lines that people see of them.

use super::*;

#[test]
fn html_becomes_the_lines_that_people_see() {
    let cases = [
        ("blocks are lines", "<div>One</div><div>Two</div>", "One\nTwo\n"),
        ("breaks", "One<br>Two<br/><br>Three", "One\nTwo\n\nThree"),
        ("paragraphs", "<p>One</p><p>Two</p>", "One\n\nTwo\n\n"),
        ("paragraphs never closed", "<p>One<p>Two", "One\n\nTwo"),
        (
            "lines of a word processor",
            "<p class=MsoNormal>One</p><p class=MsoNormal>Two</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Three</p>",
            "One\nTwo\n\nThree\n",
        ),
        ("paragraphs without a margin", "<p style=\"margin: 0cm 0 0\">One</p><p>Two</p>", "One\nTwo\n\n"),
        ("blanks collapse", "One \n\t two  <b>three</b> &nbsp; four \u{a0}five", "One two three four  five"),
        ("no blank where there is none", "wo<b>rd</b>s", "words"),
        ("hidden elements", "<style>p{a:b}</style><script>if(a<b)x()</script>One", "One"),
        ("a head never closed", "<head><title>x</title><div>One</div>", "One\n"),
        ("comments", "One<!-- <p>no</p> --> two", "One two"),
        ("a comment never closed", "<!-- One", "One"),
        ("entities", "a &lt; b &amp;&nbsp;c &eacute;&#233;&#xe9;", "a < b & c ééé"),
        ("entities without their end", "a &amp b&nbsp&lt c &copy 1 &x", "a & b < c © 1 &x"),
        ("what only looks like one", "AT&T &c; & co", "AT&T &c; & co"),
        ("characters without width", "A\u{200b}B\u{ad}C\u{feff} ü€", "ABC ü€"),
        ("what only looks like a tag", "1 < 2 and 3 <4", "1 < 2 and 3 <4"),
        ("lists", "<ul><li>One</li><li>Two</li></ul>", "- One\n- Two\n"),
        ("items with numbers", "<ol><li>One</li><li>Two</li></ol>", "1. One\n2. Two\n"),
        ("numbers that go on", "<ol start=3><li>One</ol>", "3. One\n"),
        ("lists in lists", "<ul><li>One<ol><li>Two</ol><li>Three</ul>", "- One\n  1. Two\n- Three\n"),
        ("paragraphs in items", "<ul><li><p>One</p></li><li><div>Two</div></li></ul>", "- One\n- Two\n"),
        ("items without words", "<ul><li></li><li>Two</li></ul>", "-\n- Two\n"),
        ("controls", "<select><option>A<option>B</select><button>Go</button>", "A B Go"),
        ("cells", "<table><tr><td>A</td><td>B c</td></tr></table>", "A\tB c\n"),
        ("blocks in cells", "<table><tr><td><p>A</p></td><td>B</td></tr></table>", "A\n\nB\n"),
        ("links", "See <a href=\"https://x.example/a\">this</a>.", "See this <https://x.example/a>."),
        ("links that tell themselves", "<a href=\"https://x.example/\">x.example</a> it is", "x.example it is"),
        ("pictures", "<img src=x alt=\"Our house\"><img alt=\"\"><img src=y>", "[Our house]"),
        ("smileys", "Hi <img alt=\"🙂\">", "Hi 🙂"),
        ("what is hidden", "<div style=\"display:none\">a<div>b</div></div>One", "One"),
        ("what is hidden for ever", "<div style=\"display:none\">One", "One"),
        (
            "quotes",
            "Yes<blockquote type=cite>One<br>Two<blockquote>Three</blockquote></blockquote>No",
            "Yes\n> One\n> Two\n>> Three\nNo",
        ),
        ("preformatted", "<pre>a\tb\n  c</pre>", "a\tb\n  c\n"),
        ("a bracket in an attribute", "<a title=\"x > y\" href='z'>One</a>", "One"),
    ];
    for (name, html, expected) in cases {
        assert_eq!(to_text(html).0, expected, "{name}");
    }
}

#[test]
fn tags_without_end_cost_no_more_than_their_length() {
    for piece in [
        "<a ",
        "<div>",
        "<blockquote>",
        "&amp",
        "<!--",
        "<",
        "</",
        "<a href=x>",
        "<ol>",
        "<p style=display:none>",
        "<li>",
    ] {
        let html = piece.repeat(400_000 / piece.len());
        assert!(to_text(&html).0.len() <= 2 * html.len() + MAX_QUOTE_DEPTH, "{piece}");
    }
}

#[test]
fn lists_quotes_and_entities_are_read_to_a_depth_and_a_length() {
    let items = |depth: usize| to_text(&format!("{}<li>x", "<ul>".repeat(depth))).0;
    let deepest = format!("{}- x", "  ".repeat(MAX_LIST_DEPTH - 1));
    assert_eq!((items(MAX_LIST_DEPTH), items(MAX_LIST_DEPTH + 1)), (deepest.clone(), deepest));

    let quotes = |depth: usize| to_text(&format!("{}x", "<blockquote type=cite>".repeat(depth))).0;
    let deepest = format!("{} x", ">".repeat(MAX_QUOTE_DEPTH));
    assert_eq!((quotes(MAX_QUOTE_DEPTH), quotes(MAX_QUOTE_DEPTH + 1)), (deepest.clone(), deepest));

    let entity = |bytes: usize| to_text(&format!("&#{}52;", "0".repeat(bytes - 5))).0;
    assert_eq!(entity(MAX_ENTITY_BYTES), "4");
    assert!(entity(MAX_ENTITY_BYTES + 1).starts_with('&'));
}

#[test]
fn what_says_that_an_element_quotes_is_looked_for_to_a_length() {
    // The mark ends at a byte of the tag.
    let is_quote = |bytes: usize| {
        let (start, mark) = ("<blockquote style=\"", "\" class=\"x_quote");
        let filling = "x".repeat(bytes - start.len() - mark.len());
        to_text(&format!("{start}{filling}{mark}\">One</blockquote>")).0.starts_with('>')
    };
    assert_eq!((is_quote(MAX_BLOCKQUOTE_BYTES), is_quote(MAX_BLOCKQUOTE_BYTES + 1)), (true, false));
}
