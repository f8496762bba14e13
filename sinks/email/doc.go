// Package email sends alerts by SMTP: one mail when an episode begins and one, in its thread, when it ends.
//
// A mail's Message-ID is made of the episode and the state, so one that is sent again after a crash has the same, and mail
// systems that look for doubles find it; the end names the start in In-Reply-To and References. Texts from log lines reach
// headers only in the subject, on one line and encoded by RFC 2047, so nothing in them can add a header or a recipient.
//
// No more than so many mails go out in a minute. Where more alerts wait than that, in a storm or after an outage, one mail is for
// all of them and has a line for each, so every end is accounted for.
//
// TLS is required, by STARTTLS or from the start on port 465, unless the server is on loopback or the configuration says
// otherwise. Each mail has a connection of its own: alerts are rare, and idle connections are closed by servers anyway.
//
// A reply of 4xx passes. One of 5xx to the mail itself is for good. One of 5xx to what is configured (the credentials, the
// sender, all of the recipients) keeps the alert until somebody has mended that. A recipient that is refused does not keep
// the others from getting the mail, and is told of in /healthz. One that is put off by a 4xx is tried again, and keeps the mails
// behind from the others meanwhile, for five minutes; then it counts as refused until the server accepts it.
//
// github.com/wneessen/go-mail speaks the protocol and writes the mail; the transaction is done here command by command,
// because its Send gives up a mail of which one recipient is refused, and takes one for lost whose last RSET fails.
package email
