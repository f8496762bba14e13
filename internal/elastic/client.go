package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	client "github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Client sends requests to a cluster, to its nodes in turn. It is safe for concurrent use.
type Client struct {
	base      *client.BaseClient
	transport *http.Transport
}

// Do sends a request and reads up to limit bytes of its answer. Its error concerns the connection; whatever the server
// said is in the answer.
func (c *Client) Do(ctx context.Context, request esapi.Request, limit int64) (Answer, error) {
	response, err := request.Do(ctx, c.base)
	if err != nil {
		return Answer{}, err
	}
	return read(&http.Response{StatusCode: response.StatusCode, Header: response.Header, Body: response.Body}, limit, nil)
}

// Send is Do for a request whose path stands alone, without a host. The answer is read into the memory of buffer where
// that is large enough.
func (c *Client) Send(request *http.Request, limit int64, buffer []byte) (Answer, error) {
	response, err := c.base.Perform(request)
	if err != nil {
		return Answer{}, err
	}
	return read(response, limit, buffer)
}

// Close ends what the client has running: connections, and the looking after hosts that are down.
func (c *Client) Close() error {
	defer c.transport.CloseIdleConnections()
	if err := c.base.Close(context.Background()); err != nil && !errors.Is(err, client.ErrAlreadyClosed) {
		return fmt.Errorf("close the client: %w", err)
	}
	return nil
}

// Check asks each host whether it is there, and takes the credentials. Its error names each host that is not. A user
// who may write but not ask about the cluster passes.
func (c *Connection) Check(ctx context.Context) error {
	var problems []error
	for i, host := range c.Hosts {
		if err := c.checkHost(ctx, host); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", c.ShownHosts()[i], err))
		}
	}
	return c.Secrets().Scrub(errors.Join(problems...))
}

func (c *Connection) checkHost(ctx context.Context, host string) error {
	client, err := c.open([]string{host})
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // the answer is what matters
	ctx, cancel := c.Limit(ctx)
	defer cancel()
	answer, err := client.Do(ctx, esapi.InfoRequest{}, SmallAnswer)
	if err != nil || answer.Status == http.StatusForbidden {
		return err
	}
	return answer.Failure()
}
