// Package webhook posts alerts to an HTTP endpoint of anybody's: two messages an episode, one when it begins and one when
// it ends.
//
// It follows the Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): webhook-id is the transition's id and the same
// in every redelivery, webhook-timestamp is when it was sent, in seconds, and with a secret webhook-signature is
// "v1," and the base64 of HMAC-SHA256 over id, timestamp and body with dots between them. Receivers verify it with any of
// the libraries for that, and leave out an id that they have seen.
//
// The body, unless a template makes another, is a JSON object with type (alert.active or alert.inactive), timestamp (the
// event's), episode (what a start and its end have in common), group (the value of each field of group_by, for a rule that
// has it) and data (the alert document). Like the document, it is the same byte for byte whenever it is sent.
//
// Messages go out one at a time, in the order of the transitions, and the cursor is stored after each, so a crash can
// double one at the most.
package webhook
