// Package slack posts alerts to a Slack channel: with a bot token through chat.postMessage, or through an incoming
// webhook.
//
// It speaks HTTP by itself instead of using a client library. What is needed is one method and one webhook, and what
// matters is all in the answers: a status 200 that says ok: false, the word that tells an error of the message from one
// of the channel, a Retry-After, and an address that must never be in an error. A library hides some of each.
//
// With a token, an episode is one message: posted when it begins, with the details in its thread, and changed when it
// ends. Because a change notifies nobody, the end is a reply in the thread as well. Beyond so many alerts a minute, and for
// what could not be delivered for long, one digest is kept up to date in the place of many messages. Its numbers always
// add up: what started is what is active and what ended. A webhook can neither change a message nor reply to one: an
// episode is two messages there, and a digest a new one now and then.
//
// What is posted: at least once, and never a stale message last. There is one request at a time. What is going to be
// posted is on disk first, as an intent beside the cursor, and each message has a marker, in its metadata and as the id of
// its first block. After a request of unknown outcome, be it a timeout or a kill, the message is looked for by its marker
// before it is written again (conversations.history and conversations.replies, scopes channels:history or groups:history).
// Where that is not permitted it is written again, and a notice says that it can be there twice. A change of a message
// needs no lookup: writing it twice does no harm, and after one of unknown outcome a digest's last one is repeated later.
//
// An error of one message falls back to plain text and then to the dead letters, so it never blocks the channel; an error
// of the channel or the token keeps every alert until somebody has mended it.
//
// The files: route.go decides where a transition is shown, deliver.go what is done next, jobs.go and fold.go do it,
// upkeep.go is what is done without transitions, resolve.go and lookup.go find what may be there, state.go is what a
// restart needs.
package slack
