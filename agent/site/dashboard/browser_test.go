package dashboard

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata/peers"
)

var pictures = flag.String("pictures", "", "folder for pictures of the pages (make pictures)")

// browserTime bounds a walk through pages on a busy machine.
const browserTime = 3 * time.Minute

// window is a browser at a dashboard, with all that went wrong in it.
type window struct {
	context.Context
	t    *testing.T
	at   string
	site *fake

	mu      sync.Mutex // guards what follows
	said    []string   // errors and warnings of the console
	strayed []string   // requests to anywhere else
}

// open starts a headless Chromium with a window of a size in pixels.
func open(t *testing.T, wide, high int, dark bool) *window {
	t.Helper()
	site := newFake(t)
	b, err := New(Config{Site: site, Costs: Costs{Currency: "EUR", PerHIVE: 0.05, Manual: 14.5}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(peers.Tool(t, "chromium")), chromedp.WindowSize(wide, high),
		chromedp.WSURLReadTimeout(browserTime), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...) // cleanups end it
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	w := &window{Context: ctx, t: t, at: server.URL, site: site}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	w.Context, cancel = context.WithTimeout(ctx, browserTime)
	t.Cleanup(cancel)
	t.Cleanup(w.wasQuiet)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	for _, err := range []error{
		command(w, network.Enable, network.EnableParams{}), command(w, log.Enable, cdp.Empty{}), command(w, runtime.Enable, cdp.Empty{}),
		command(w, emulation.SetEmulatedMedia, media),
		chromedp.Do(w, chromedp.EmulateViewport(int64(wide), int64(high))),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// command sends one of the browser's own.
func command[P, R any](w *window, c cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(w, c, params)
	return err
}

func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			w.said = append(w.said, fmt.Sprint(e.Type, " ", e.Args))
		}
	case *log.EventEntryAdded: // among others what the content security policy kept away
		if (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) && !strings.HasSuffix(e.Entry.URL, "/nowhere") {
			w.said = append(w.said, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		w.said = append(w.said, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Scheme != "about" && "http://"+u.Host != w.at {
			w.strayed = append(w.strayed, e.Request.URL)
		}
	}
}

// wasQuiet wants that nothing was said on the console and nobody else was asked.
func (w *window) wasQuiet() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.said {
		w.t.Error("the console says:", text)
	}
	for _, to := range w.strayed {
		w.t.Error("a request left for", to)
	}
}

func (w *window) run(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w, steps...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *window) visit(path string) { w.t.Helper(); w.run(chromedp.Navigate(w.at + path)) }

// path is which page is shown.
func (w *window) path() string {
	w.t.Helper()
	at, err := chromedp.Run(w, chromedp.Location())
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(at, w.at)
}

// eval runs a script and reads its value.
func eval[T any](w *window, script string) T {
	w.t.Helper()
	value, err := chromedp.Run(w, chromedp.Evaluate[T](script))
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// picture keeps what the window shows, where -pictures asks for it.
func (w *window) picture(name string) {
	w.t.Helper()
	if *pictures == "" {
		return
	}
	shot, err := chromedp.Run(w, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), shot, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// all are the pages that a person sees.
func all() map[string]string {
	return map[string]string{
		"worklist": "/", "case": "/cases/" + deliveredID, "failed": "/cases/" + failedID, "held": "/held", "quarantine": "/held/" + heldID,
		"rules": "/rules?case=" + heldID, "deliveries": "/deliveries", "costs": "/costs", "status": "/status", "audit": "/audit", "missing": "/nowhere",
	}
}

// contrast finds text whose contrast with what lies behind it is below WCAG 2.2 AA.
const contrast = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (c) => { const f = [0, 1, 2].map((i) => { const v = c[i] / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return rgba("Canvas"); };
  const faults = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || e.closest("svg, .unseen, [hidden], script, noscript, option") || !e.checkVisibility()) continue;
    seen++;
    const style = getComputedStyle(e), a = light(rgba(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(ratio.toFixed(2) + " " + e.tagName + " " + walk.currentNode.textContent.trim().slice(0, 30));
  }
  return seen < 5 ? ["only " + seen + " texts were found"] : faults;
})()`

func TestPagesInABrowser(t *testing.T) {
	for name, c := range map[string]struct {
		wide, high int
		dark       bool
	}{"light": {1280, 860, false}, "dark": {1280, 860, true}, "phone": {360, 740, false}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, c.wide, c.high, c.dark)
			if got := eval[bool](w, `matchMedia("(prefers-color-scheme: dark)").matches`); got != c.dark {
				t.Fatalf("the window is dark: %v", got)
			}
			for page, path := range all() {
				w.visit(path)
				if faults := eval[[]string](w, contrast); len(faults) > 0 {
					t.Errorf("%s: too little contrast: %s", page, strings.Join(faults, "; "))
				}
				if over := eval[int](w, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%s: %d pixels stand out to the right", page, over)
				}
				if n := eval[int](w, `document.querySelectorAll("h1").length`); n != 1 {
					t.Errorf("%s has %d first headings", page, n)
				}
				nameless := eval[int](w, `[...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, img, svg[role]")].filter((e) =>
					!(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label") || e.hasAttribute("alt"))).length`)
				if nameless > 0 {
					t.Errorf("%s: %d controls or pictures have no name", page, nameless)
				}
				w.picture(name + "-" + page)
			}
		})
	}
}

// press sends keys as a person types them.
func (w *window) press(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.run(chromedp.KeyEvent(key))
	}
}

// reach presses the tab key until what script names has the focus.
func (w *window) reach(script string) {
	w.t.Helper()
	const mostTabs = 60
	for range mostTabs {
		if eval[bool](w, "(() => { const e = document.activeElement; return "+script+"; })()") {
			if !eval[bool](w, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				w.t.Errorf("the focus can't be seen where %s", script)
			}
			return
		}
		w.press(kb.Tab)
	}
	w.t.Fatalf("%d tabs on %s don't reach %s", mostTabs, w.path(), script)
}

// await waits for a page to be so.
func (w *window) await(script string) {
	w.t.Helper()
	if _, err := chromedp.Run(w, chromedp.Poll[chromedp.Void](script, chromedp.WithPollingTimeout(browserTime))); err != nil {
		w.t.Fatalf("%s never holds: %v", script, err)
	}
}

// follow presses enter and waits for the page that it leads to.
func (w *window) follow(path string) {
	w.t.Helper()
	if _, err := chromedp.RunResponse(w, chromedp.KeyEvent(kb.Enter)); err != nil {
		w.t.Fatal(err)
	}
	if at := w.path(); at != path {
		w.t.Fatalf("enter leads to %s, want %s", at, path)
	}
}

func TestAKeyboardIsEnough(t *testing.T) {
	w := open(t, 1280, 860, false)
	w.visit("/")
	w.press(kb.Tab)
	if first := eval[string](w, `document.activeElement.className`); first != "skip" {
		t.Errorf("the first tab leads to %q, want the link past the menu", first)
	}
	w.reach(`e.getAttribute("href") === "/cases/` + heldID + `"`)
	w.follow("/cases/" + heldID)
	w.reach(`e.getAttribute("href") === "/held/` + heldID + `" && e.className === "button"`)
	w.follow("/held/" + heldID)
	w.reach(`e.name === "reason"`)
	w.press("the name in the corner")
	for _, field := range []struct{ name, value string }{{"x", "0"}, {"y", "300"}, {"width", "64"}, {"height", "20"}} {
		w.reach(fmt.Sprintf(`e.name === %q && e.value === ""`, field.name))
		w.press(field.value)
	}
	w.reach(`e.value === "redact"`)
	w.follow("/cases/" + heldID)
	e, err := w.site.Case(heldID)
	if err != nil || e.State != worklist.Routed || !e.Policy.Released {
		t.Fatalf("the case is %s, %v", e.State, err)
	}
	found := clinic.Redaction{X: 14, Y: 14, Width: 152, Height: 18}
	typed := clinic.Redaction{X: 0, Y: 300, Width: 64, Height: 20}
	if !slices.Equal(e.Policy.Redactions, []clinic.Redaction{found, typed}) {
		t.Errorf("blacked out are %+v, want what was found and what was typed", e.Policy.Redactions)
	}
	if seen := w.site.entries(audit.View); len(seen) < 3 { // worklist, case, held pictures
		t.Errorf("%d looks are recorded", len(seen))
	}
}

func TestRegionsAreDrawnWithAMouse(t *testing.T) {
	w := open(t, 1280, 860, false)
	w.visit("/held/" + heldID)
	at := func(x, y float64) (float64, float64) { // where a pixel of the image is on the screen
		p := eval[[]float64](w, fmt.Sprintf(`(() => { const p = new DOMPoint(%g, %g).matrixTransform(document.querySelector("svg[data-draw]").getScreenCTM()); return [p.x, p.y]; })()`, x, y))
		return p[0], p[1]
	}
	for _, m := range []struct {
		kind input.DispatchMouseEventType
		x, y float64
	}{{input.DispatchMouseEventTypeMousePressed, 200, 100}, {input.DispatchMouseEventTypeMouseMoved, 250, 130}, {input.DispatchMouseEventTypeMouseMoved, 300, 160}, {input.DispatchMouseEventTypeMouseReleased, 300, 160}} {
		x, y := at(m.x, m.y)
		if err := command(w, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: m.kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}); err != nil {
			t.Fatal(err)
		}
	}
	got := eval[[]string](w, `["image", "x", "y", "width", "height"].map((n) => document.querySelectorAll("#decide .region")[1].querySelector("[name=" + n + "]").value)`)
	if got[0] != everyImage { // others are alike that are not shown
		t.Errorf("the region is of image %q", got[0])
	}
	for n, want := range []int{200, 100, 100, 60} {
		var v int
		if _, err := fmt.Sscan(got[n+1], &v); err != nil || v < want-2 || v > want+2 {
			t.Errorf("the region is %v, want about 200, 100, 100, 60", got[1:])
			break
		}
	}
}

func TestAPageRenewsItself(t *testing.T) {
	w := open(t, 1280, 860, false)
	w.visit("/")
	w.await(`document.querySelector("#cases") !== null`)
	if _, err := w.site.Read(t.Context(), deliveredID, "anna", Word{Reason: "outline is wrong"}); err != nil {
		t.Fatal(err)
	}
	w.await(`[...document.querySelectorAll("#cases tr")].some((r) => r.textContent.includes("Marchetti") && r.textContent.includes("rejected"))`)
	w.run(chromedp.SendKeys(chromedp.CSS("[data-find]"), "lindqvist"))
	w.await(`[...document.querySelectorAll("#cases tbody tr")].filter((r) => !r.hidden).length === 1`)
}
