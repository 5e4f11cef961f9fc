//! A throw-away mail system on loopback: Dovecot for IMAP, an SMTP server in front of it.
