// Package slack posts alerts to a Slack channel: with a bot token through chat.postMessage, or through an incoming
// webhook.
//
// It speaks HTTP by itself instead of using a client library. What is needed is one method and one webhook, and what
// matters is all in the answers: a status 200 that says ok: false, the word that tells an error of the message from one
// of the channel, a Retry-After, and an address that must never be in an error. A library hides some of each.
//
// Messages go out one at a time, in the order of the transitions, and the cursor is stored after each, so a crash can
// double one message at the most. An error of one message falls back to plain text and then to the dead letters, so it
// never blocks the channel; an error of the channel or the token keeps every alert until somebody has mended it.
package slack
