package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// FHIRServer is a record system that takes FHIR R4 transactions.
type FHIRServer struct {
	Base *url.URL     // of the service: a transaction is POSTed there
	HTTP *http.Client // with the clinic's certificates; nil: the default one
	// Authorization is the header's value, asked for before each transaction. nil: none.
	Authorization func() (string, error)
	// Put has the clinic choose the resources' ids (update as create), for servers that allow
	// it. Else they are created by the server unless one with their identifier exists. Either
	// way the same result sent twice is there once.
	Put bool
}

// FHIR is the carrier of FHIR bundles to a server.
func FHIR(server FHIRServer) Carrier { return recordsOf(server) }

func recordsOf(server FHIRServer) records {
	client := http.Client{}
	if server.HTTP != nil {
		client = *server.HTTP
	}
	// What names a patient goes to the server that was configured, and nowhere else.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	server.HTTP = &client
	return records{server}
}

type records struct{ FHIRServer }

// Bounds of what is sent and of what comes back.
const (
	maxBundleBytes = 64 << 20
	maxAnswerBytes = 16 << 20
	maxEntries     = 1 << 16
)

// Takes is true for the record alone.
func (records) Takes(f Form) bool { return f == Record }

// Carry sends each bundle as one transaction: all of it is there, or nothing.
func (s records) Carry(ctx context.Context, items []Item, taken func(Item) error) error {
	for _, i := range items {
		info, err := os.Stat(i.Path)
		if err != nil || info.Size() > maxBundleBytes {
			return &Failure{Fault: FilesChanged}
		}
		data, err := os.ReadFile(i.Path)
		if err != nil {
			return &Failure{Fault: FilesChanged, Err: withoutPath(err)}
		}
		transaction, entries, err := transactionOf(data, s.Put)
		if err != nil {
			return &Failure{Fault: FilesChanged, Err: err}
		}
		answer, err := s.post(ctx, transaction, entries)
		if err != nil {
			return err
		}
		i.Report = sentReport(transaction, answer)
		if err := taken(i); err != nil {
			return err
		}
	}
	return nil
}

// mediaType of FHIR in JSON.
const mediaType = "application/fhir+json"

// post sends a transaction and returns the answer, which says that all of it was taken.
func (s records) post(ctx context.Context, transaction []byte, entries int) (answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base.String(), bytes.NewReader(transaction))
	if err != nil {
		return nil, &Failure{Fault: Other, Err: errors.New("the server's address is none")}
	}
	request.Header.Set("Content-Type", mediaType)
	request.Header.Set("Prefer", "return=minimal")
	answer, err = s.ask(request)
	if err != nil {
		return nil, err
	}
	return answer, acknowledges(answer, entries)
}

// ask sends a request and returns the answer's body.
func (s records) ask(request *http.Request) ([]byte, error) {
	request.Header.Set("Accept", mediaType)
	if s.Authorization != nil {
		value, err := s.Authorization()
		if err != nil {
			return nil, &Failure{Fault: Denied, Err: err}
		}
		request.Header.Set("Authorization", value)
	}
	response, err := s.HTTP.Do(request)
	if err != nil {
		return nil, &Failure{Fault: Unreachable, Err: errors.New("the connection failed")}
	}
	defer response.Body.Close()
	if fault := faultOfStatus(response.StatusCode); fault != "" {
		return nil, &Failure{Fault: fault, Err: fmt.Errorf("HTTP status %d", response.StatusCode)}
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, &Failure{Fault: Unreachable, Err: errors.New("the answer broke off")}
	}
	return answer, nil
}

// faultOfStatus is what an HTTP status says; "" of a success.
func faultOfStatus(status int) Fault {
	switch status {
	case http.StatusOK, http.StatusCreated:
		return ""
	case http.StatusUnauthorized, http.StatusForbidden:
		return Denied
	case http.StatusInsufficientStorage:
		return NoRoom
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return Unreachable
	}
	return NotTaken
}

// The parts of a bundle that a transaction needs.
type (
	collected struct {
		ResourceType string `json:"resourceType"`
		Entry        []struct {
			FullURL  string                     `json:"fullUrl"`
			Resource map[string]json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	transactionBundle struct {
		ResourceType string             `json:"resourceType"`
		Type         string             `json:"type"`
		Entry        []transactionEntry `json:"entry"`
	}
	transactionEntry struct {
		FullURL  string                     `json:"fullUrl"`
		Resource map[string]json.RawMessage `json:"resource"`
		Request  transactionRequest         `json:"request"`
	}
	transactionRequest struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		IfNoneExist string `json:"ifNoneExist,omitempty"`
	}
	identifier struct {
		System string `json:"system"`
		Value  string `json:"value"`
	}
)

// uriNames is the system of identifiers that are URIs (RFC 3986).
const uriNames = "urn:ietf:rfc:3986"

const uuidPrefix = "urn:uuid:"

// transactionOf makes a transaction of a result's collection (FHIR R4 section 3.1.0.11): the
// resources keep their contents and get an identifier where they have none, so that a server
// knows them again.
func transactionOf(collection []byte, put bool) (data []byte, entries int, err error) {
	var c collected
	if err := json.Unmarshal(collection, &c); err != nil {
		return nil, 0, errors.New("the bundle is no JSON of FHIR")
	}
	if c.ResourceType != "Bundle" || len(c.Entry) == 0 || len(c.Entry) > maxEntries {
		return nil, 0, fmt.Errorf("the bundle has %d entries; want 1 to %d", len(c.Entry), maxEntries)
	}
	t := transactionBundle{ResourceType: "Bundle", Type: "transaction"}
	for n, e := range c.Entry {
		var kind string
		if json.Unmarshal(e.Resource["resourceType"], &kind) != nil || !isName(kind) || !strings.HasPrefix(e.FullURL, uuidPrefix) || !isName(e.FullURL[len(uuidPrefix):]) {
			return nil, 0, fmt.Errorf("entry %d of the bundle has no type or no name", n+1)
		}
		own, err := identified(e.Resource, e.FullURL)
		if err != nil {
			return nil, 0, fmt.Errorf("entry %d of the bundle: %w", n+1, err)
		}
		request := transactionRequest{Method: http.MethodPost, URL: kind, IfNoneExist: "identifier=" + url.QueryEscape(own.System+"|"+own.Value)}
		if put {
			id := e.FullURL[len(uuidPrefix):]
			if name := strings.TrimPrefix(own.Value, "urn:oid:"); name != own.Value { // a model is one device, whatever the result
				id = name
			}
			if !isName(id) {
				return nil, 0, fmt.Errorf("entry %d of the bundle: its name is no id", n+1)
			}
			e.Resource["id"] = json.RawMessage(`"` + id + `"`)
			request = transactionRequest{Method: http.MethodPut, URL: kind + "/" + id}
		}
		t.Entry = append(t.Entry, transactionEntry{e.FullURL, e.Resource, request})
	}
	data, err = json.Marshal(t)
	return data, len(t.Entry), err
}

// maxIDBytes is the longest id of a resource (FHIR R4, datatype id).
const maxIDBytes = 64

// isName says that a text may stand in a URL as it is: the letters of an id.
func isName(s string) bool {
	return s != "" && len(s) <= maxIDBytes && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// identified is the identifier by which a resource is known; it gets its name where it has none.
func identified(resource map[string]json.RawMessage, name string) (identifier, error) {
	if given := resource["identifier"]; given != nil {
		var list []identifier
		if err := json.Unmarshal(given, &list); err != nil || len(list) == 0 || list[0].System == "" || list[0].Value == "" {
			return identifier{}, errors.New("its identifier names nothing")
		}
		return list[0], nil
	}
	own := identifier{uriNames, name}
	data, err := json.Marshal([]identifier{own})
	resource["identifier"] = data
	return own, err
}

// acknowledges wants a server to say of each entry that it has it.
func acknowledges(answer []byte, entries int) error {
	var a struct {
		ResourceType string `json:"resourceType"`
		Type         string `json:"type"`
		Entry        []struct {
			Response struct {
				Status string `json:"status"`
			} `json:"response"`
		} `json:"entry"`
	}
	if json.Unmarshal(answer, &a) != nil || a.ResourceType != "Bundle" || a.Type != "transaction-response" || len(a.Entry) != entries {
		return &Failure{Fault: NotTaken, Err: errors.New("the server answers with something else than what a transaction came to")}
	}
	for n, e := range a.Entry {
		if !strings.HasPrefix(e.Response.Status, "2") {
			return &Failure{Fault: NotTaken, Err: fmt.Errorf("entry %d was not taken", n+1)}
		}
	}
	return nil
}
