//! The bed's certificate: made by an authority of its own, whose certificate clients are given to trust.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::process::{fill, program, run, write};

/// Makes `tls/ca.pem`, `tls/cert.pem` and `tls/key.pem` in the bed's folder.
pub fn make_certificate(folder: &Path, domain: &str) -> Result<()> {
    let openssl = program("openssl")?;
    let tls = folder.join("tls");
    std::fs::create_dir_all(&tls)?;
    let config = fill(include_str!("../conf/openssl.cnf"), &[("domain", domain.to_owned())])?;
    write(&tls.join("openssl.cnf"), &config, false)?;
    let request = |section: &str, more: &[&str], key: &str, certificate: &str| {
        let mut command = Command::new(&openssl);
        command.current_dir(&tls).args(["req", "-x509", "-config", "openssl.cnf", "-extensions", section]);
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]);
        command.args(more).args(["-keyout", key, "-out", certificate]);
        run(&mut command).map(drop)
    };
    request("authority", &[], "ca.key", "ca.pem").context("cannot make the bed's certificate authority")?;
    let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=localhost"];
    request("server", &signed, "key.pem", "cert.pem").context("cannot make the bed's certificate")
}
