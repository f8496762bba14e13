// Package post sends JSON by HTTP for sinks whose receivers take it that way, and tells their answers apart: what is done,
// what passes by itself, what a person has to mend, and what will never be taken.
//
// Redirects are not followed, for a POST would be lost on the way and credentials must go nowhere else. No error holds an
// address or a credential: some addresses are secrets.
package post
