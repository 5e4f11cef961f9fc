//! What happens to the servers of a bed: they die, come back, turn mail away for a while, and number mails anew.

use std::{fs, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::{
    MailBed, SmtpServer,
    process::{PATIENCE, RootAccess, is_group_alive, program, run},
    wait::wait_until,
};

/// One of a bed's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Dovecot, with all mailboxes.
    Imap,
    /// The SMTP server in front of it.
    Smtp,
}

impl MailBed {
    /// Kills a server with all its processes (SIGKILL).
    pub fn kill_server(&mut self, server: Server) -> Result<()> {
        self.end_server(server, "KILL")
    }

    /// Stops a server in order.
    pub fn stop_server(&mut self, server: Server) -> Result<()> {
        self.end_server(server, "TERM")
    }

    /// Starts a server that was killed or stopped, on the same ports with the same mails, and waits until it answers.
    pub fn start_server(&mut self, server: Server) -> Result<()> {
        ensure!(self.leaders[server as usize].is_none(), "the server is running");
        match server {
            Server::Imap => self.start_imap(),
            Server::Smtp => self.start_smtp(),
        }
    }

    /// Kills a program that [`spawn`](Self::spawn) started (SIGKILL).
    pub fn kill(&mut self, pid: u32) -> Result<()> {
        self.signal_and_wait(pid, "KILL", RootAccess::None)
    }

    fn end_server(&mut self, server: Server, signal: &str) -> Result<()> {
        let leader = self.leaders[server as usize].take().context("the server is not running")?;
        // Of what we started, only Postfix is root's when we are not.
        let is_postfix = server == Server::Smtp && self.smtp_server == SmtpServer::Postfix;
        self.signal_and_wait(leader, signal, if is_postfix { self.root } else { RootAccess::None })
    }

    fn signal_and_wait(&mut self, leader: u32, signal: &str, access: RootAccess) -> Result<()> {
        run(&mut access.shell(&format!("kill -s {signal} -- -{leader}")))?;
        let children = &mut self.children;
        wait_until("a server to end", PATIENCE, || {
            // Children that outlive their leader by a moment hold its ports.
            let is_over = !is_group_alive(leader);
            // Only a child that was waited for is gone: until then Dovecot takes its old master, which ended, for one that
            // runs. So it is waited for behind the look, and not before, when it may not have ended yet.
            for child in children.iter_mut() {
                child.try_wait()?;
            }
            Ok(is_over.then_some(()))
        })?;
        self.children.retain(|child| child.id() != leader);
        Ok(())
    }

    /// Has Postfix put off every mail with a 450, or take mail again.
    pub fn put_off_mail(&self, is_put_off: bool) -> Result<()> {
        ensure!(self.smtp_server == SmtpServer::Postfix, "only Postfix can be told to put mail off");
        let conf = self.folder.join("postfix/conf");
        let setting = format!("smtpd_recipient_restrictions={}", if is_put_off { "defer" } else { "" });
        let [postconf, postfix] = [program("postconf")?, program("postfix")?];
        let (conf, postconf, postfix) = (conf.display(), postconf.display(), postfix.display());
        // Postfix waits for two seconds when a configuration file is young.
        run(&mut self.root.shell(&format!(
            "set -e; {postconf} -c {conf} -e '{setting}'; touch -d '1 minute ago' {conf}/main.cf
             {postfix} -c {conf} reload </dev/null >>{dir}/postfix.out 2>&1",
            dir = self.folder.display(),
        )))?;
        Ok(())
    }

    /// Makes Dovecot forget the numbers of a user's mails, so that they get new ones and the mailbox a new
    /// UIDVALIDITY. Dovecot must not be running.
    pub fn forget_uids(&self, user: &str) -> Result<()> {
        ensure!(self.leaders[Server::Imap as usize].is_none(), "Dovecot is running");
        let mailbox = self.folder.join("mail").join(Self::address(user));
        for entry in fs::read_dir(&mailbox)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("dovecot-uid") || name.starts_with("dovecot.index") {
                run(Command::new("rm").arg(&path))?;
            }
        }
        Ok(())
    }
}
