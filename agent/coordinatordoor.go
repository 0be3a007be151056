package agent

import (
	"context"
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
	"github.com/medhive/medhive/attest/score"
)

// CoordinatorStatus is a coordinator on one screen.
type CoordinatorStatus struct {
	Address   string      `json:"address"`
	Peer      string      `json:"peer"`
	Addresses []string    `json:"addresses"`        // multiaddresses where it listens
	Epoch     uint64      `json:"epoch"`            // the newest that is published; 0: none
	Epochs    string      `json:"epochs"`           // folder of the published epochs
	Nodes     int         `json:"nodes"`            // of the registry, whether active or not
	Peers     int         `json:"peers"`            // connected
	Checks    CheckCounts `json:"checks"`           // since the start
	CheckPart float64     `json:"checks_share"`     // part of all computation that checks took since the start, 0 to 1
	Checking  bool        `json:"checking"`         // it sends canaries or runs tasks again
	Failed    string      `json:"failed,omitempty"` // why it can't go on
	Up        int64       `json:"up_ns"`
}

// Status is a snapshot.
func (c *Coordinator) Status() CoordinatorStatus {
	spent := c.Checked()
	return CoordinatorStatus{
		Address: c.key.Address().Hex(), Peer: c.host.ID().String(), Addresses: c.Addresses(), Epoch: c.newestEpoch(), Epochs: c.EpochsFolder(),
		Nodes: c.registry.size(), Peers: len(c.host.Network().Peers()), Checks: c.Checks(), CheckPart: spent.Share(), Checking: c.canaries != nil,
		Failed: c.failure(), Up: time.Since(c.started).Nanoseconds(),
	}
}

// openDoors opens the local door, and those that were asked for.
func (c *Coordinator) openDoors(context.Context) (err error) {
	c.door, err = api.Serve(c.conf.State, map[string]api.Handler{
		"GET /status": func(context.Context) (any, error) { return c.Status(), nil },
	}, api.Page{Pattern: "GET /metrics", Handler: c.metrics()})
	if err == nil && c.conf.Metrics != "" {
		c.scrape, err = serveMetrics(c.conf.Metrics, c.metrics())
	}
	if err == nil && c.conf.HTTP != "" {
		c.public, err = servePublished(c.conf.HTTP, publicDoor{c})
	}
	return err
}

// metrics is the page that Prometheus reads.
func (c *Coordinator) metrics() http.Handler {
	return metricsPage(c.conf.Log, marketMeter{func(s sheet) {
		s.gossip(c.market.Stats())
		s.gauge("coordinator_epoch", "Number of the newest published epoch.", int(c.newestEpoch()))
		s.gauge("coordinator_nodes", "Nodes of the registry.", c.registry.size())
		s.gauge("peers", "Connected peers.", len(c.host.Network().Peers()))
		counts := c.Checks()
		for kind, n := range map[string]CheckCount{"canary": counts.Canaries, "rerun": counts.Reruns} {
			s.count("coordinator_checks_drawn_total", "Checks that a draw asked for.", n.Drawn, "kind", kind)
			s.count("coordinator_checks_made_total", "Checks that came to a verdict.", n.Made, "kind", kind)
			s.count("coordinator_checks_dropped_total", "Checks for which there was no room or no means.", n.Dropped, "kind", kind)
		}
		s.checks("coordinator", c.Checked())
	}})
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

func (p publicDoor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", p.health)
	mux.HandleFunc("GET /v1/scores/{node}", p.score)
	mux.HandleFunc("GET /v1/epochs", p.epochs)
	mux.Handle("GET /v1/epochs/{epoch}/bundle", p.bundles())
	return mux
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

// health is 200 while the coordinator does its work, 503 once a loop of it has ended.
func (p publicDoor) health(w http.ResponseWriter, _ *http.Request) {
	if why := p.c.failure(); why != "" {
		refuse(w, http.StatusServiceUnavailable, "the coordinator has stopped working; its log says why")
		return
	}
	say(w, http.StatusOK, map[string]any{"epoch": p.c.newestEpoch()})
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
	say(w, http.StatusOK, map[string]any{"epochs": append([]uint64{}, numbers[:min(len(numbers), maxEpochList)]...)})
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
