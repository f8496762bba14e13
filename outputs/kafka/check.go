package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs/logstash"
)

// checkRetries is little enough to tell soon.
const checkRetries = 3

// Check tells whether events could be written now: a broker answers, the login is accepted, and the topic, where it is the
// same for all events, is there or would be created by the first record, and may be written to. It uses connections of its
// own and changes nothing. What it returns wraps ErrNotAllowed or a sentinel of internal/kafka where the kind of trouble is
// known. Give it a ctx with a deadline.
func (o *Output) Check(ctx context.Context) error {
	probe := trouble{cluster: o.options.Cluster}
	options := append(o.options.Cluster.ClientOptions(nil, &probe), kgo.RequestRetries(checkRetries))
	client, err := kgo.NewClient(options...)
	if err != nil {
		return fmt.Errorf("check Kafka: %w", err)
	}
	defer client.Close()
	template, err := logstash.ParseTemplate(o.options.Topic)
	if err != nil {
		return fmt.Errorf("check Kafka: %w", err)
	}
	if topic, constant := template.Constant(); constant {
		err = checkTopic(ctx, client, topic)
		err = o.aboutTopic(topic, probe.instead(err))
	} else if err = client.Ping(ctx); err != nil {
		err = o.aboutTopic("", probe.instead(err))
	}
	if err != nil {
		return fmt.Errorf("check Kafka: %w", err)
	}
	return nil
}

// checkTopic asks for a topic, without having it created.
func checkTopic(ctx context.Context, client *kgo.Client, topic string) error {
	request := kmsg.NewPtrMetadataRequest()
	request.IncludeTopicAuthorizedOperations = true
	wanted := kmsg.NewMetadataRequestTopic()
	wanted.Topic = kmsg.StringPtr(topic)
	request.Topics = append(request.Topics, wanted)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("ask for the topic: %w", err)
	}
	if len(answer.Topics) == 0 {
		return kafka.ErrUnknownTopic
	}
	err = kerr.ErrorForCode(answer.Topics[0].ErrorCode)
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition) && createsTopics(ctx, client):
		return nil
	case errors.Is(err, kerr.LeaderNotAvailable):
		return nil
	case err != nil:
		return err
	}
	return mayWrite(answer.Topics[0].AuthorizedOperations)
}

// mayWrite judges what a broker says of what the user may do with a topic. Most say nothing where nobody logs in.
func mayWrite(operations int32) error {
	const untold = -1 << 31
	if operations == untold || operations == 0 || operations&(1<<kmsg.ACLOperationWrite) != 0 {
		return nil
	}
	return kerr.TopicAuthorizationFailed
}

// createsTopics tells whether the brokers create topics that records are written to, as far as they say it.
func createsTopics(ctx context.Context, client *kgo.Client) bool {
	admin := kadm.NewClient(client)
	brokers, err := admin.ListBrokers(ctx)
	if err != nil || len(brokers) == 0 {
		return false
	}
	configs, err := admin.DescribeBrokerConfigs(ctx, brokers[0].NodeID)
	if err != nil {
		return false
	}
	for _, config := range configs {
		for _, entry := range config.Configs {
			if entry.Key == "auto.create.topics.enable" {
				return strings.EqualFold(entry.MaybeValue(), "true")
			}
		}
	}
	return false
}
