package lumberjack

import (
	"io"
	"log"
	"testing"

	golumber "github.com/elastic/go-lumber/log"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	golumber.Logger = log.New(io.Discard, "", 0)
	goleak.VerifyTestMain(m)
}
