//! Passwords that stand in the configuration itself.

use super::Desk;

#[test]
fn a_password_in_the_configuration_is_taken_with_a_warning() {
    let desk = Desk::new();
    assert!(!desk.run(&["check"]).ends(0).contains("warning"));
    desk.append(
        "postroom.toml",
        "[[mailbox]]\nhost = \"127.0.0.1\"\nsecurity = \"plain\"\nport = 9\nuser = \"x\"\npassword = \"hunter2\"\n",
    );
    let chmod = |mode| {
        let path = desk.path().join("postroom.toml");
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    chmod(0o600);
    let out = desk.run(&["check"]).ends(0);
    for part in [
        "warning: postroom.toml:23:12: the password stands in the configuration itself, where whoever reads the file \
         reads it\n",
        "help: write password = { file = \"password.txt\" }, { env = \"POSTROOM_PASSWORD\" } or { command = ",
        "\nok      configuration  postroom.toml  1 mailbox, 1 agent\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    assert!(!out.contains("chmod") && !out.contains("hunter2"), "{out}");
    chmod(0o640);
    let out = desk.run(&["check"]).ends(0);
    assert!(out.contains("others than its owner may read it") && out.contains("chmod 600 postroom.toml"), "{out}");
    let json = desk.run(&["check", "--format", "json"]).json();
    assert_eq!((&json["ok"], json["warnings"].as_array().unwrap().len()), (&true.into(), 2));
    assert!(!json.to_string().contains("hunter2"));
}
