package panel

import (
	"flag"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/medhive/medhive/testdata/browser"
)

var pictures = flag.String("pictures", "", "folder for pictures of the pages (make pictures)")

// open starts a browser that came by a link to the dashboard of a fake node.
func open(t *testing.T, f *fake, size browser.Size, dark bool) *browser.Window {
	t.Helper()
	p := opened(t, f, "")
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	w := browser.Open(t, server.URL, size, dark)
	w.Visit(p.Link())
	w.LooksRight("enter")
	w.Reach(`e.textContent === "Open it here"`)
	w.Follow("/")
	return w
}

// all are the pages that a person sees.
var all = map[string]string{
	"overview": "/", "hour": "/?span=hour", "earnings": "/earnings", "score": "/score", "models": "/models", "machine": "/machine", "network": "/network", "owner": "/owner", "log": "/log", "missing": "/nowhere",
}

func TestPagesInABrowser(t *testing.T) {
	for name, c := range map[string]struct {
		size       browser.Size
		dark, bare bool
	}{"light": {browser.Desk, false, false}, "dark": {browser.Desk, true, false}, "phone": {browser.Phone, false, false}, "fresh": {browser.Phone, true, true}} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.bare = c.bare
			w := open(t, f, c.size, c.dark)
			for page, path := range all {
				w.Visit(path)
				w.LooksRight(page)
				w.Picture(*pictures, name+"-"+page)
			}
		})
	}
}

func TestAKeyboardDrainsTheNode(t *testing.T) {
	f := newFake()
	w := open(t, f, browser.Desk, false)
	w.Press(kb.Tab)
	if first := browser.Eval[string](w, `document.activeElement.className`); first != "skip" {
		t.Errorf("the first tab leads to %q, want the link past the menu", first)
	}
	w.Reach(`e.getAttribute("href") === "/?span=week"`)
	w.Follow("/?span=week")
	w.Reach(`e.value === "draining"`)
	w.Follow("/")
	w.Await(`document.querySelector("h1").textContent.includes("draining: no new work")`)
}

func TestAnOwnerScansTheMachine(t *testing.T) {
	for name, size := range map[string]browser.Size{"desk": browser.Desk, "phone": browser.Phone} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.bare = true
			w := open(t, f, size, true)
			w.Visit("/owner")
			w.Reach(`e.textContent === "Bind it to a wallet"`)
			w.Follow("/owner")
			w.Await(`document.querySelector(".code svg").getBoundingClientRect().width > 100`)
			w.LooksRight("binding")
		})
	}
}

func TestAPageRenewsItself(t *testing.T) {
	f := newFake()
	w := open(t, f, browser.Desk, false)
	w.Await(`document.querySelector("h1").textContent.includes("bidding")`)
	if err := f.SetMode(Paused); err != nil {
		t.Fatal(err)
	}
	w.Await(`document.querySelector("h1").textContent.includes("paused: no new work")`)
	w.Reach(`e.textContent === "Log out"`)
	w.Follow("/login")
	w.LooksRight("login")
}
