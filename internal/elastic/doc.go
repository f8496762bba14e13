// Package elastic is what alerts and events have in common on their way to Elasticsearch: the connection with its
// credentials and its TLS, requests whose answers are read to their end and no further than makes sense, and the words of
// an error.
//
// The client tries nothing again by itself and looks for no other nodes: its caller decides what an outcome means. No
// error or printed value of this package shows a secret, as long as the caller scrubs what a server says.
package elastic
