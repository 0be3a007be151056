package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/panel"
	"github.com/medhive/medhive/testdata"
)

// onlooker is a browser that came by a link of the node's local door.
type onlooker struct {
	*http.Client
	t  *testing.T
	at string
}

var formToken = regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`)

func newOnlooker(t *testing.T, state string) *onlooker {
	t.Helper()
	var link DashboardLink
	if err := api.Call(t.Context(), state, "POST", "/dashboard", &link); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &onlooker{Client: &http.Client{Jar: jar}, t: t, at: at.Scheme + "://" + at.Host}
	found := formToken.FindStringSubmatch(o.get(at.RequestURI()))
	if found == nil {
		t.Fatal("the link shows no form")
	}
	answer, err := o.PostForm(o.at+"/enter", url.Values{"token": {found[1]}, "key": {at.Query().Get("key")}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.Request.URL.Path != "/" {
		t.Fatalf("the link leads to %s: %d", answer.Request.URL.Path, answer.StatusCode)
	}
	return o
}

func (o *onlooker) get(path string) string {
	o.t.Helper()
	answer, err := o.Get(o.at + path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %d, %v: %s", path, answer.StatusCode, err, body)
	}
	return string(body)
}

// TestTheOperatorSeesAJob runs one on a real node and looks at it through the dashboard: it is
// there, and nothing of the patient is.
func TestTheOperatorSeesAJob(t *testing.T) {
	book, err := logbook.Open(logbook.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, conf := startAroundWith(t, func(c *NodeConfig) {
		c.Dashboard, c.Book = DashboardDoor{Listen: "127.0.0.1:0"}, book
		c.Log = slog.New(slog.NewTextHandler(book, nil))
	})
	clinic, err := StartClinic(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, clinic.Close) })
	study := filepath.Join(w.home, "t1-study.zip")
	if err := os.WriteFile(study, testdata.T1Study(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := clinic.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(w.home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: 3 * time.Minute,
	}); err != nil {
		t.Fatal(err)
	}
	node := w.others.node
	o := newOnlooker(t, NodeState(w.home, "node"))
	reach, err := node.host.EventBus().Emitter(new(event.EvtLocalReachabilityChanged))
	if err != nil {
		t.Fatal(err)
	}
	heard := node.showcase.news()
	if err := errors.Join(reach.Emit(event.EvtLocalReachabilityChanged{Reachability: network.ReachabilityPrivate}), reach.Close()); err != nil {
		t.Fatal(err)
	}
	for patience := time.After(time.Minute); (nodePanel{node}).Network().Reachability != "private"; heard = node.showcase.news() {
		select {
		case <-heard:
		case <-patience:
			t.Fatal("the dashboard does not hear whether the node is reached")
		}
	}
	var span panel.SeriesSpan
	for patience := time.After(time.Minute); len(span.Points) == 0; { // a step of the history takes ten seconds
		news := node.showcase.news()
		if err := json.Unmarshal([]byte(o.get("/api/v1/series/tops?span=hour")), &span); err != nil {
			t.Fatal(err)
		}
		select {
		case <-news:
		case <-patience:
			t.Fatal("no figure comes")
		}
	}
	if v := span.Points[0].Value; v != node.profile.TOPS.Median {
		t.Errorf("the history says %g TOPS, the profile %g", v, node.profile.TOPS.Median)
	}
	var st panel.Status
	if err := json.Unmarshal([]byte(o.get("/api/v1/status")), &st); err != nil || st.Done != 1 || len(st.Ended) != 1 || st.Ended[0].Outcome != "paid" || st.Mode != panel.Working {
		t.Errorf("the status says %+v, %v", st, err)
	}
	for path, words := range map[string][]string{
		"/": {"working: bidding", "paid"}, "/earnings": {"t1-tissue@"}, "/score": {"No epoch has scored"}, "/models": {"t1-tissue@", "offered", "passed"},
		"/machine": {"processor"}, "/network": {"coordinator", "reachability: private"}, "/log": {"runner is warm"}, "/api/v1/machine": {"tops"}, "/api/v1/log": {"runner is warm"}, "/api/v1/earnings": {"t1-tissue@"},
	} {
		body := o.get(path)
		for _, word := range words {
			if !strings.Contains(body, word) {
				t.Errorf("%s does not say %q", path, word)
			}
		}
		for _, found := range identifiersIn(t, []byte(body)) {
			t.Errorf("%s holds the patient's %s", path, found)
		}
		if strings.Contains(body, w.home) {
			t.Errorf("%s tells a folder", path)
		}
	}
	if n := node.energy.busyFor(); n <= 0 {
		t.Errorf("a job took %v", n)
	}
}

// What the host found out before anybody subscribed is heard too, a moment later.
func TestAShowcaseHearsHowTheNodeIsReached(t *testing.T) {
	bus := eventbus.NewBus()
	emitter, err := bus.Emitter(new(event.EvtLocalReachabilityChanged), eventbus.Stateful)
	if err != nil {
		t.Fatal(err)
	}
	d := newShowcase()
	if got := d.reachability(); got != "unknown" {
		t.Errorf("at first: %s", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	for n, want := range []network.Reachability{network.ReachabilityPublic, network.ReachabilityPrivate} {
		news := d.news()
		if err := emitter.Emit(event.EvtLocalReachabilityChanged{Reachability: want}); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			changes, err := bus.Subscribe(new(event.EvtLocalReachabilityChanged))
			if err != nil {
				t.Fatal(err)
			}
			go func() { defer close(ended); d.followReach(ctx, changes) }()
		}
		<-news
		if got := d.reachability(); got != strings.ToLower(want.String()) {
			t.Errorf("it is %s, the dashboard says %s", want, got)
		}
	}
	stop()
	<-ended
}

func TestADoorToTheWorldWantsALock(t *testing.T) {
	n := &Node{conf: NodeConfig{Dashboard: DashboardDoor{Listen: "0.0.0.0:0"}}, showcase: newShowcase()}
	if err := n.openPanel(t.Context()); !errors.Is(err, errOpenDoor) {
		t.Errorf("without users: %v", err)
	}
	n.conf.Dashboard.Users = "users"
	if err := n.openPanel(t.Context()); !errors.Is(err, errOpenDoor) {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := n.linkDashboard(t.Context()); err == nil || !strings.Contains(err.Error(), "--dashboard") {
		t.Errorf("a link where there is no dashboard: %v", err)
	}
}

func TestFiguresBetweenTallies(t *testing.T) {
	at := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	first := tally{at: at, busy: time.Minute, done: 4, failed: 1, known: true}
	for name, c := range map[string]struct {
		now  tally
		want map[string]float64
	}{
		"half busy":         {tally{at.Add(10 * time.Second), time.Minute + 5*time.Second, 6, 1, true}, map[string]float64{panel.Busy: 50, panel.Done: 2, panel.Failed: 0}},
		"no time":           {tally{at, time.Minute, 4, 1, true}, map[string]float64{panel.Done: 0, panel.Failed: 0}},
		"unread":            {tally{at: at.Add(10 * time.Second), busy: time.Minute}, map[string]float64{panel.Busy: 0}},
		"a new database":    {tally{at.Add(10 * time.Second), time.Minute, 0, 0, true}, map[string]float64{panel.Busy: 0}},
		"clocks that drift": {tally{at.Add(10 * time.Second), time.Minute + 11*time.Second, 4, 2, true}, map[string]float64{panel.Busy: 100, panel.Done: 0, panel.Failed: 1}},
	} {
		got := map[string]float64{}
		for _, v := range between(first, c.now) {
			got[v.Name] = v.Value
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for series, want := range c.want {
			if got[series] != want {
				t.Errorf("%s: %s is %g, want %g", name, series, got[series], want)
			}
		}
	}
}

// TestTimeIsCountedOnce wants that jobs beside each other are one stretch.
func TestTimeIsCountedOnce(t *testing.T) {
	at := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	var s stretch
	s.begin(at)
	s.begin(at.Add(time.Second))
	s.end(at.Add(3 * time.Second))
	if d := s.total(at.Add(4 * time.Second)); d != 4*time.Second {
		t.Errorf("while one runs: %v", d)
	}
	s.end(at.Add(5 * time.Second))
	s.begin(at.Add(8 * time.Second))
	s.end(at.Add(9 * time.Second))
	if d := s.total(at.Add(time.Minute)); d != 6*time.Second {
		t.Errorf("in all: %v", d)
	}
}

func TestSettingsOpenTheDashboard(t *testing.T) {
	words, table := config.NewNode()
	if got := NodeOf(*words).Dashboard; got != (DashboardDoor{Listen: DefaultDashboard}) {
		t.Errorf("without settings it is %+v", got)
	}
	for name, value := range map[string]string{"dashboard": "127.0.0.1:1", "dashboard-users": "u", "dashboard-cert": "c", "dashboard-key": "k"} {
		if err := table.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if got := NodeOf(*words).Dashboard; got != (DashboardDoor{"127.0.0.1:1", "u", "c", "k"}) {
		t.Errorf("with settings it is %+v", got)
	}
}
