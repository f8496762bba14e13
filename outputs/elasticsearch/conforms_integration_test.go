//go:build integration

package elasticsearch

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

func TestRealNodeConforms(t *testing.T) {
	outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
		n := realNode(t)
		n.must(t, http.MethodPut, "/"+n.name, `{"mappings":{"dynamic":false}}`)
		options := Options{Hosts: []string{n.url}, Index: n.name, CompressionLevel: 1}
		block := func(on bool) func(*testing.T) {
			return func(t *testing.T) {
				n.must(t, http.MethodPut, "/"+n.name+"/_settings", fmt.Sprintf(`{"index.blocks.write":%t}`, on))
			}
		}
		return outputtest.Fixture{
			Open: func(t *testing.T) outputs.Output {
				o, err := New(options)
				if err != nil {
					t.Fatal(err)
				}
				return o
			},
			Received: func(t *testing.T) (bodies [][]byte) {
				for _, hit := range n.documents(t, n.name) {
					bodies = append(bodies, hit.Source)
				}
				onceEach(t, bodies)
				return bodies
			},
			Options: deliveryOptions(t, options),
			Fail:    block(true), Mend: block(false),
			OnceAfterFailures: true,
		}
	})
}
