package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// page is a page of a search.
type page struct {
	Scroll string `json:"_scroll_id"`
	Hits   struct {
		Hits []struct {
			Source json.RawMessage `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
}

// readIndex gives each document of an index to use.
func readIndex(ctx context.Context, url, index string, use func(document []byte) error) error {
	if _, err := ask(ctx, http.MethodPost, url+"/"+index+"/_refresh", ""); err != nil {
		return err
	}
	got, err := ask(ctx, http.MethodPost, url+"/"+index+"/_search?scroll=2m", `{"size":5000,"sort":["_doc"]}`)
	for {
		if err != nil {
			return err
		}
		if len(got.Hits.Hits) == 0 {
			return nil
		}
		for _, hit := range got.Hits.Hits {
			if err := use(hit.Source); err != nil {
				return err
			}
		}
		got, err = ask(ctx, http.MethodPost, url+"/_search/scroll", fmt.Sprintf(`{"scroll":"2m","scroll_id":%q}`, got.Scroll))
	}
}

func ask(ctx context.Context, method, url, body string) (page, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return page{}, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return page{}, fmt.Errorf("ask elasticsearch: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return page{}, fmt.Errorf("read %s: %w", url, err)
	}
	var got page
	if err := json.Unmarshal(text, &got); err != nil || response.StatusCode >= 300 {
		return page{}, fmt.Errorf("%s %s: status %d: %.300s", method, url, response.StatusCode, text)
	}
	return got, nil
}

// countElasticsearch counts the events in the index.
func countElasticsearch(ctx context.Context, url string, l *ledger) error {
	return readIndex(ctx, url, eventsIndex, func(document []byte) error {
		parsed, err := parseRecord(document)
		if err == nil {
			l.add(receipt{parsed, time.Time{}})
		}
		return err
	})
}

// alertsInElasticsearch returns the documents in the index.
func alertsInElasticsearch(ctx context.Context, url string) ([][]byte, error) {
	var documents [][]byte
	err := readIndex(ctx, url, alertsIndex, func(document []byte) error {
		documents = append(documents, document)
		return nil
	})
	return documents, err
}
