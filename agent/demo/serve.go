package demo

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/testdata"
)

// DefaultEpoch is how long an epoch of a served network lasts unless told otherwise.
const DefaultEpoch = time.Minute

// ServeConfig says what network to keep up.
type ServeConfig struct {
	Home    string        // keeps the roles' state for a second start; empty: a temporary folder, removed at the end
	Epoch   time.Duration // after each, a day passes on the chain, so that its root counts; 0: DefaultEpoch
	Library string        // libonnxruntime; empty: found
	Version string        // of this program, for metrics
	// Ready is told once where everything is, when all of it answers.
	Ready func(Addresses) error
	Log   *slog.Logger // may be nil
}

// served is a network that is kept up.
type served struct {
	stage
	conf  ServeConfig
	home  string
	site  *site.Site
	books []*logbook.Book
}

// Serve keeps a chain, a coordinator, two nodes and a clinic's site up on loopback until ctx
// ends or one of them can't go on. Nobody needs to move the chain's clock: at the end of each
// epoch its root is posted, and a day passes, after which rewards can be claimed.
func Serve(ctx context.Context, conf ServeConfig) (err error) {
	if conf.Epoch <= 0 {
		conf.Epoch = DefaultEpoch
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	s := &served{conf: conf, home: conf.Home}
	if s.home == "" {
		if s.home, err = os.MkdirTemp("", "medhive-network-"); err != nil {
			return fmt.Errorf("make a folder for the network: %w; name one with --home", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.home)) }()
	} else if s.home, err = filepath.Abs(conf.Home); err != nil {
		return fmt.Errorf("find the network's folder: %w; name another with --home", err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	where, err := s.addresses(ctx)
	if err != nil {
		return err
	}
	if conf.Ready != nil {
		if err := conf.Ready(where); err != nil {
			return err
		}
	}
	return s.turn(ctx)
}

// open starts the roles, from the chain up.
func (s *served) open(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.openFiles, s.openChain, s.openNodes, s.openSite} {
		if err := step(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("start the network: %w", context.Cause(ctx))
		}
	}
	return nil
}

//go:embed site.toml
var siteFile string

//go:embed rules.toml
var rulesFile string

// openFiles writes what the network begins with. What is there stays: a developer's own
// rules hold at the next start.
func (s *served) openFiles(context.Context) error {
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return fmt.Errorf("make the network's folder: %w; name another with --home", err)
	}
	for name, text := range map[string]string{"site.toml": siteFile, "rules.toml": rulesFile} {
		if err := writeNew(filepath.Join(s.home, name), []byte(text)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(s.home, resultsFolder), 0o700); err != nil {
		return fmt.Errorf("make the folder of the results: %w; name another with --home", err)
	}
	return unpack(testdata.T1Study(), filepath.Join(s.home, studyFolder))
}

// Folders of a served network.
const (
	studyFolder   = "study"   // a head scan to send
	resultsFolder = "results" // where the clinic's results go
)

// writeNew writes a file that is not there.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write the network's files: %w; name another folder with --home", err)
	}
	return nil
}

// unpack writes the project's own study into one folder.
func unpack(study []byte, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("unpack the study: %w; name another folder with --home", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(study), int64(len(study)))
	if err != nil {
		return fmt.Errorf("unpack the study: %w", err)
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("unpack the study: %w", err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("unpack the study: %w", err)
		}
		if err := writeNew(filepath.Join(folder, filepath.Base(f.Name)+".dcm"), data); err != nil {
			return err
		}
	}
	return nil
}

// openChain starts the chain and the coordinator.
func (s *served) openChain(ctx context.Context) (err error) {
	network := agent.NetworkPath(s.home)
	s.chain, err = agent.StartChain(ctx, agent.ChainConfig{Home: s.home, NetworkPath: network, Listen: portOr("127.0.0.1:8545"), Log: s.conf.Log})
	if err != nil {
		return err
	}
	state := agent.CoordinatorState(s.home)
	log, _, err := s.keepLog(state)
	if err != nil {
		return err
	}
	s.coordinator, err = agent.StartCoordinator(ctx, agent.CoordinatorConfig{
		State: state, NetworkPath: network, Network: s.chain.Network(), Listen: loopback(), HTTP: portOr("127.0.0.1:9400"),
		ChallengeEvery: challengeEvery, Regions: []string{"DE", "FR"}, Version: s.conf.Version, Log: log,
	})
	return err
}

// challengeEvery is often enough for an epoch of a minute to know who was there.
const challengeEvery = 5 * time.Second

// Names of the roles' state folders.
const (
	fastNode   = "swift"
	cheapNode  = "thrifty"
	clinicName = "clinic"
)

// openNodes starts a fast node and a cheap one.
func (s *served) openNodes(ctx context.Context) error {
	network, err := agent.ReadNetwork(agent.NetworkPath(s.home))
	if err != nil {
		return err
	}
	for _, node := range cast() {
		if node.Name != fastNode && node.Name != cheapNode {
			continue
		}
		node.State, node.Listen, node.Network = agent.NodeState(s.home, node.Name), loopback(), network
		node.Provider, node.MemoryBytes, node.ProbeDuration = "cpu", 2<<30, time.Second
		node.Library, node.Version, node.Dashboard = s.conf.Library, s.conf.Version, agent.DashboardDoor{Listen: agent.DefaultDashboard}
		if node.Log, node.Book, err = s.keepLog(node.State); err != nil {
			return err
		}
		started, err := agent.StartNode(ctx, node)
		if err != nil {
			return fmt.Errorf("node %s: %w", node.Name, err)
		}
		s.nodes = append(s.nodes, started)
	}
	for _, node := range s.nodes {
		if err := s.coordinator.AwaitNode(ctx, node.Address()); err != nil {
			return err
		}
	}
	return nil
}

// openSite starts the clinic with its doors, as HOME/site.toml says.
func (s *served) openSite(ctx context.Context) error {
	network, err := agent.ReadNetwork(agent.NetworkPath(s.home))
	if err != nil {
		return err
	}
	doors, err := site.Read(filepath.Join(s.home, "site.toml"))
	if err != nil {
		return err
	}
	doors.DICOM.Listen, doors.Web.Listen = portOr(doors.DICOM.Listen), portOr(doors.Web.Listen)
	state := agent.ClinicState(s.home, clinicName)
	log, _, err := s.keepLog(state)
	if err != nil {
		return err
	}
	s.site, err = site.Start(ctx, agent.ClinicConfig{
		Name: clinicName, State: state, Listen: loopback(), Network: network, Regions: []string{"DE", "FR"},
		Library: s.conf.Library, Version: s.conf.Version, Log: log,
	}, doors)
	return err
}

// keepLog gives a role a log of its own, where `medhive logs` finds it.
func (s *served) keepLog(state string) (*slog.Logger, *logbook.Book, error) {
	book, err := logbook.Open(logbook.Options{Path: logbook.Path(state)})
	if err != nil {
		return nil, nil, err
	}
	s.books = append(s.books, book)
	own := slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelInfo})
	return slog.New(slog.NewMultiHandler(s.conf.Log.Handler(), own)), book, nil
}

// turn ends epochs and lets the chain's clock go on until ctx ends.
func (s *served) turn(ctx context.Context) error {
	ticker := time.NewTicker(s.conf.Epoch)
	defer ticker.Stop()
	failed := make(chan error, 1+len(s.nodes))
	var watchers sync.WaitGroup
	defer watchers.Wait()
	watching := make(chan struct{})
	defer close(watching)
	for _, done := range s.ends() {
		watchers.Go(func() {
			select {
			case err := <-done:
				failed <- err
			case <-watching:
			}
		})
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return fmt.Errorf("a role of the network ended: %w; its log is below %s", err, s.home)
		case <-ticker.C:
		}
		if err := s.endEpoch(ctx); err != nil && ctx.Err() == nil {
			s.conf.Log.Warn("an epoch could not be ended; it is tried again", "in", s.conf.Epoch, "error", err)
		}
	}
}

// ends are told when a role can't go on.
func (s *served) ends() []<-chan error {
	list := []<-chan error{s.coordinator.Done()}
	for _, n := range s.nodes {
		list = append(list, n.Done())
	}
	return list
}

// endEpoch posts an epoch's root and lets the day pass after which it counts.
func (s *served) endEpoch(ctx context.Context) error {
	if _, err := s.coordinator.CloseEpoch(ctx); err != nil {
		return err
	}
	_, err := s.chain.Advance(ctx, chain.MinActivationDelay)
	return err
}

func (s *served) close() error {
	var errs []error
	if s.site != nil {
		errs = append(errs, s.site.Close())
	}
	errs = append(errs, s.stage.close())
	for _, b := range s.books {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
