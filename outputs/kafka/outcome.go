package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
)

// ErrNotAllowed is wrapped by the outcome of what the user may not do.
var ErrNotAllowed = errors.New("not allowed by Kafka")

// settingErrors are refusals of every record alike, until somebody changes a setting of the topic, the broker or ours. To
// set the events aside for them would be to lose all of them.
var settingErrors = []error{
	kerr.InvalidRecord, // a compacted topic wants keys
	kerr.InvalidTimestamp,
	kerr.PolicyViolation,
	kerr.UnsupportedCompressionType,
	kerr.UnsupportedForMessageFormat,
	kerr.UnsupportedVersion,
}

// outcome says of what kind a failure is, and names the topic where it is about one.
func (o *Output) outcome(topic string, err error) error {
	if errors.Is(err, kgo.ErrClientClosed) && o.ended != nil {
		err = o.ended
	}
	err = o.aboutTopic(topic, o.trouble.instead(err))
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, kerr.InvalidTopicException):
		return &outputs.Permanent{Err: err}
	case isBlocked(err):
		return err
	case errors.Is(err, ErrNotAllowed), errors.Is(err, kafka.ErrAuthentication), errors.Is(err, kafka.ErrTLS),
		slices.ContainsFunc(settingErrors, func(one error) bool { return errors.Is(err, one) }):
		return &outputs.Blocked{Err: err}
	}
	return err
}

// aboutTopic explains an error.
func (o *Output) aboutTopic(topic string, err error) error {
	switch {
	case err == nil || errors.Is(err, ErrNotAllowed):
		return err
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("%w: the user needs WRITE on topic %s: %w", ErrNotAllowed, topic, err)
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Errorf("%w: the user needs IDEMPOTENT_WRITE on the cluster: %w", ErrNotAllowed, err)
	}
	err = o.options.Cluster.Classify(err)
	if topic == "" {
		return err
	}
	return fmt.Errorf("topic %s: %w", topic, err)
}

func isPermanent(err error) bool { return delivery.IsPermanent(err) }

func isBlocked(err error) bool { return delivery.IsBlocked(err) }
