// Package browser opens dashboards in a headless Chromium for tests, as a person sees them. In:
// a test and the URL of its server. Out: a window that is read, typed in and looked at; it
// fails the test for whatever the console says and for every request to anybody else.
package browser

import (
	"context"
	"fmt"
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
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/medhive/medhive/testdata/peers"
)

// Sizes of windows that pages are looked at in.
var (
	Desk  = Size{1280, 860}
	Phone = Size{360, 740} // the narrowest that is in use
)

// browserTime bounds a walk through pages on a busy machine.
const browserTime = 3 * time.Minute

// Window is a browser at a server, with all that went wrong in it.
type Window struct {
	context.Context
	t  *testing.T
	at string // where the server is

	mu      sync.Mutex // guards what follows
	said    []string   // errors and warnings of the console
	strayed []string   // requests to anywhere else
}

// Size is a window's, in pixels.
type Size struct{ Wide, High int }

// Open starts a headless Chromium with a window at a server's URL. When the test ends, it fails
// if the console said something or somebody else was asked.
func Open(t *testing.T, url string, size Size, dark bool) *Window {
	t.Helper()
	wide, high := size.Wide, size.High
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(peers.Tool(t, "chromium")), chromedp.WindowSize(wide, high),
		chromedp.WSURLReadTimeout(browserTime), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...) // cleanups end it
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	w := &Window{Context: ctx, t: t, at: url}
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
		Command(w, network.Enable, network.EnableParams{}), Command(w, log.Enable, cdp.Empty{}), Command(w, runtime.Enable, cdp.Empty{}),
		Command(w, emulation.SetEmulatedMedia, media),
		chromedp.Do(w, chromedp.EmulateViewport(int64(wide), int64(high))),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Command sends one of the browser's own.
func Command[P, R any](w *Window, c cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(w, c, params)
	return err
}

func (w *Window) hear(event any) {
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
func (w *Window) wasQuiet() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.said {
		w.t.Error("the console says:", text)
	}
	for _, to := range w.strayed {
		w.t.Error("a request left for", to)
	}
}

// Run does steps, and fails the test if one fails.
func (w *Window) Run(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w, steps...); err != nil {
		w.t.Fatal(err)
	}
}

// Visit opens a page.
func (w *Window) Visit(path string) { w.t.Helper(); w.Run(chromedp.Navigate(w.at + path)) }

// Path is which page is shown.
func (w *Window) Path() string {
	w.t.Helper()
	at, err := chromedp.Run(w, chromedp.Location())
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(at, w.at)
}

// Eval runs a script and reads its value.
func Eval[T any](w *Window, script string) T {
	w.t.Helper()
	value, err := chromedp.Run(w, chromedp.Evaluate[T](script))
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// Picture keeps what the window shows as folder/name.png; an empty folder keeps nothing.
func (w *Window) Picture(folder, name string) {
	w.t.Helper()
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(w, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), shot, 0o644); err != nil {
		w.t.Fatal(err)
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

// Press sends keys as a person types them.
func (w *Window) Press(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.Run(chromedp.KeyEvent(key))
	}
}

// Reach presses the tab key until what script names has the focus.
func (w *Window) Reach(script string) {
	w.t.Helper()
	const mostTabs = 60
	for range mostTabs {
		if Eval[bool](w, "(() => { const e = document.activeElement; return "+script+"; })()") {
			if !Eval[bool](w, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				w.t.Errorf("the focus can't be seen where %s", script)
			}
			return
		}
		w.Press(kb.Tab)
	}
	w.t.Fatalf("%d tabs on %s don't reach %s", mostTabs, w.Path(), script)
}

// Await waits for a page to be so.
func (w *Window) Await(script string) {
	w.t.Helper()
	if _, err := chromedp.Run(w, chromedp.Poll[chromedp.Void](script, chromedp.WithPollingTimeout(browserTime))); err != nil {
		w.t.Fatalf("%s never holds: %v", script, err)
	}
}

// Follow presses enter and waits for the page that it leads to.
func (w *Window) Follow(path string) {
	w.t.Helper()
	if _, err := chromedp.RunResponse(w, chromedp.KeyEvent(kb.Enter)); err != nil {
		w.t.Fatal(err)
	}
	if at := w.Path(); at != path {
		w.t.Fatalf("enter leads to %s, want %s", at, path)
	}
}

// LooksRight holds the page that is shown against what every page of ours keeps: enough
// contrast (WCAG 2.2 AA), nothing that stands out to the right, one first heading, a name for
// each control and picture.
func (w *Window) LooksRight(page string) {
	w.t.Helper()
	if faults := Eval[[]string](w, contrast); len(faults) > 0 {
		w.t.Errorf("%s: too little contrast: %s", page, strings.Join(faults, "; "))
	}
	if over := Eval[int](w, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		w.t.Errorf("%s: %d pixels stand out to the right", page, over)
	}
	if n := Eval[int](w, `document.querySelectorAll("h1").length`); n != 1 {
		w.t.Errorf("%s has %d first headings", page, n)
	}
	nameless := Eval[int](w, `[...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, img, svg[role]")].filter((e) =>
		!(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label") || e.hasAttribute("alt"))).length`)
	if nameless > 0 {
		w.t.Errorf("%s: %d controls or pictures have no name", page, nameless)
	}
}
