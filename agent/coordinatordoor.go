package agent

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/net/netutil"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
)

// CoordinatorStatus is a coordinator on one screen.
type CoordinatorStatus struct {
	Address   string            `json:"address"`
	Peer      string            `json:"peer"`
	Addresses []string          `json:"addresses"`        // multiaddresses where it listens
	Epoch     uint64            `json:"epoch"`            // the newest that is published; 0: none
	Epochs    string            `json:"epochs"`           // folder of the published epochs
	Nodes     int               `json:"nodes"`            // of the registry, whether active or not
	Peers     int               `json:"peers"`            // connected
	Checks    CheckCounts       `json:"checks"`           // since the start
	CheckPart float64           `json:"checks_share"`     // part of all computation that checks took since the start, 0 to 1
	Checking  bool              `json:"checking"`         // it sends canaries or runs tasks again
	Failed    string            `json:"failed,omitempty"` // why it can't go on
	Warnings  []warning.Warning `json:"warnings"`         // the worst first
	Up        int64             `json:"up_ns"`
}

// Status is a snapshot.
func (c *Coordinator) Status() CoordinatorStatus {
	spent := c.Checked()
	return CoordinatorStatus{
		Address: c.key.Address().Hex(), Peer: c.host.ID().String(), Addresses: c.Addresses(), Epoch: c.newestEpoch(), Epochs: c.EpochsFolder(),
		Nodes: c.registry.size(), Peers: len(c.host.Network().Peers()), Checks: c.Checks(), CheckPart: spent.Share(), Checking: c.canaries != nil,
		Failed: c.failure(), Warnings: c.look(), Up: time.Since(c.started).Nanoseconds(),
	}
}

// openDoors opens the local door, and those that were asked for.
func (c *Coordinator) openDoors(context.Context) (err error) {
	c.door, err = api.Serve(c.conf.State, map[string]api.Handler{
		"GET /status": func(context.Context) (any, error) { return c.Status(), nil },
	}, api.Page{Pattern: "GET /metrics", Handler: c.metrics()})
	if err == nil {
		c.debug, err = api.ServeProfiles(c.conf.State)
	}
	if err == nil && c.conf.Metrics != "" {
		c.scrape, err = serveMetrics(c.conf.Metrics, c.metrics(), c.conf.Log)
	}
	if err == nil && c.conf.HTTP != "" {
		c.public, err = servePublished(c.conf.HTTP, publicDoor{c})
	}
	return err
}

// Bounds of the public door: it answers anybody.
const (
	publishedConnections = 128
	publishedBundles     = 4 // sent at the same time
	publishedTimeout     = 10 * time.Second
	publishedSlowest     = 256 << 10 // bytes a second that who fetches a bundle must take on the whole
	maxEpochList         = 1000      // the newest
)

// publicDoor answers what a coordinator publishes anyway, over HTTP: scores with their
// explanation, and the epochs. It takes nothing.
type publicDoor struct{ c *Coordinator }

// servePublished listens at address. The caller closes it.
func servePublished(address string, p publicDoor) (*metricsServer, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve what is published: %w; choose another --http address", err)
	}
	s := &metricsServer{address: listener.Addr().String(), done: make(chan error, 1), http: &http.Server{
		Handler: p.routes(), ReadTimeout: publishedTimeout, WriteTimeout: publishedTimeout, IdleTimeout: publishedTimeout, MaxHeaderBytes: scrapeHeader}}
	go func() { s.done <- s.http.Serve(netutil.LimitListener(listener, publishedConnections)) }()
	return s, nil
}

// publicOpenAPI is the document of the public door.
//
//go:embed coordinator.openapi.json
var publicOpenAPI []byte

func (p publicDoor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", p.health)
	mux.HandleFunc("GET /v1/scores/{node}", p.score)
	mux.HandleFunc("GET /v1/epochs", p.epochs)
	mux.Handle("GET /v1/epochs/{epoch}/bundle", p.bundles())
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(publicOpenAPI) // the caller has gone; nothing is left to tell it
	})
	return mux
}

// Published is the address of the public door; empty: there is none.
func (c *Coordinator) Published() string {
	if c.public == nil {
		return ""
	}
	return "http://" + c.public.address
}

// say answers with JSON.
func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone; nothing is left to tell it
}

func refuse(w http.ResponseWriter, status int, text string) {
	say(w, status, map[string]string{"error": text})
}

// health is what the health port says, and the newest epoch.
func (p publicDoor) health(w http.ResponseWriter, r *http.Request) {
	report, status := p.c.health.Report(r.Context()), http.StatusOK
	if !report.Healthy {
		status = http.StatusServiceUnavailable
	}
	say(w, status, PublishedHealth{report, p.c.newestEpoch()})
}

// PublishedHealth is how a coordinator is, for anybody.
type PublishedHealth struct {
	health.Report
	Epoch uint64 `json:"epoch"` // the newest that is published; 0: none
}

// PublishedEpochs lists the newest epochs.
type PublishedEpochs struct {
	Epochs []uint64 `json:"epochs"` // the newest first, at most 1000
}

// ExplainedScore is a node's published line and what it is made of.
type ExplainedScore struct {
	PublishedScore
	Explained []score.Sentence `json:"explained"`
}

func (p publicDoor) score(w http.ResponseWriter, r *http.Request) {
	node := r.PathValue("node")
	if !common.IsHexAddress(node) {
		refuse(w, http.StatusBadRequest, "this is no address of a node; GET /v1/scores/0x… with its 40 hexadecimal digits")
		return
	}
	line, err := p.c.scores.of(common.HexToAddress(node))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		refuse(w, http.StatusNotFound, ErrNoScore.Error())
	case err != nil:
		p.c.conf.Log.Error("a score can't be read", "error", err)
		refuse(w, http.StatusInternalServerError, "the scores can't be read here; try again later")
	default:
		say(w, http.StatusOK, ExplainedScore{line, line.Explained()})
	}
}

// epochs lists the numbers of the published epochs, the newest first.
func (p publicDoor) epochs(w http.ResponseWriter, _ *http.Request) {
	numbers, err := p.c.archive.Numbers()
	if err != nil {
		p.c.conf.Log.Error("the epochs can't be listed", "error", err)
		refuse(w, http.StatusInternalServerError, "the epochs can't be listed here; try again later")
		return
	}
	slices.Reverse(numbers)
	say(w, http.StatusOK, PublishedEpochs{append([]uint64{}, numbers[:min(len(numbers), maxEpochList)]...)})
}

// bundles hands out an epoch in one file, some at a time.
func (p publicDoor) bundles() http.HandlerFunc {
	places := make(chan struct{}, publishedBundles)
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.PathValue("epoch"), 10, 64)
		if err != nil {
			refuse(w, http.StatusBadRequest, "this is no number of an epoch; GET /v1/epochs lists them")
			return
		}
		end, ok := take(places)
		if !ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(publishedTimeout.Seconds())))
			refuse(w, http.StatusServiceUnavailable, "others are fetching epochs; try again in a while")
			return
		}
		defer end()
		file, size, err := p.c.archive.OpenBundle(n)
		if err != nil {
			refuse(w, http.StatusNotFound, "this epoch is not here; GET /v1/epochs lists those that are")
			return
		}
		defer file.Close()
		until := time.Now().Add(publishedTimeout + time.Duration(size/publishedSlowest)*time.Second)
		if err := http.NewResponseController(w).SetWriteDeadline(until); err != nil {
			refuse(w, http.StatusInternalServerError, "the epoch can't be sent; try again later")
			return
		}
		w.Header().Set("Content-Type", "application/gzip")
		w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="epoch-%08d.tar.gz"`, n))
		http.ServeContent(w, r, "", time.Time{}, file)
	}
}
