package elasticsearch

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(fastServerVariable) != "" {
		serveFast()
		return
	}
	goleak.VerifyTestMain(m)
}
