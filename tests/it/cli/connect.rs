//! `check --connect`: what it says of servers that cannot be reached, or not as the configuration says.

use super::Desk;

#[test]
fn connect_tells_what_cannot_be_reached() {
    let desk = Desk::new();
    desk.append(
        "postroom.toml",
        "[[mailbox]]\nhost = \"127.0.0.1\"\nsecurity = \"plain\"\nport = 9\nuser = \"x\"\npassword = { env = \"POSTROOM_NOT_SET\" }\nca_file = \"lost.pem\"\n",
    );
    assert!(desk.run(&["check"]).ends(1).contains("lost.pem"));
    let out = desk.run(&["check", "--connect"]).ends(1);
    for part in [
        "lost.pem              there is no such file\n",
        "failed  imap support   127.0.0.1:9           the environment has no POSTROOM_NOT_SET; set it, or name a file in \
         the configuration\n",
        "failed  smtp           127.0.0.1:9           cannot reach the SMTP server: ",
        "ok      database       sqlite://postroom.db  can be written; mails received: 0, tickets: 0\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}
