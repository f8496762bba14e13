// Package elasticsearch indexes alert documents into Elasticsearch with bulk requests.
//
// Each document is sent with the action create and its transition's id, so Elasticsearch holds it exactly once: what is
// sent again, after a crash or an answer that never came, is answered with 409, which is success. The order in which
// documents arrive does not matter then, and one that must wait does not hold up the others.
//
// Only the answer for a single document can condemn it. What concerns the request as a whole (a password, a proxy, a
// full disk, a missing or blocked index) is waited out, however long it takes, because no alert is to blame for it.
package elasticsearch
