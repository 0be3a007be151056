package dashboard

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata/browser"
)

var pictures = flag.String("pictures", "", "folder for pictures of the pages (make pictures)")

// window is a browser at a dashboard.
type window struct {
	*browser.Window
	site *fake
}

// open starts a browser at a dashboard of a fake site.
func open(t *testing.T, size browser.Size, dark bool) window {
	t.Helper()
	site := newFake(t)
	b, err := New(Config{Site: site, Costs: Costs{Currency: "EUR", PerHIVE: 0.05, Manual: 14.5}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return window{browser.Open(t, server.URL, size, dark), site}
}

// all are the pages that a person sees.
func all() map[string]string {
	return map[string]string{
		"worklist": "/", "case": "/cases/" + deliveredID, "failed": "/cases/" + failedID, "held": "/held", "quarantine": "/held/" + heldID,
		"rules": "/rules?case=" + heldID, "deliveries": "/deliveries", "costs": "/costs", "status": "/status", "audit": "/audit", "missing": "/nowhere",
	}
}

func TestPagesInABrowser(t *testing.T) {
	for name, c := range map[string]struct {
		size browser.Size
		dark bool
	}{"light": {browser.Desk, false}, "dark": {browser.Desk, true}, "phone": {browser.Phone, false}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, c.size, c.dark)
			if got := browser.Eval[bool](w.Window, `matchMedia("(prefers-color-scheme: dark)").matches`); got != c.dark {
				t.Fatalf("the window is dark: %v", got)
			}
			for page, path := range all() {
				w.Visit(path)
				w.LooksRight(page)
				w.Picture(*pictures, name+"-"+page)
			}
		})
	}
}

func TestAKeyboardIsEnough(t *testing.T) {
	w := open(t, browser.Desk, false)
	w.Visit("/")
	w.Press(kb.Tab)
	if first := browser.Eval[string](w.Window, `document.activeElement.className`); first != "skip" {
		t.Errorf("the first tab leads to %q, want the link past the menu", first)
	}
	w.Reach(`e.getAttribute("href") === "/cases/` + heldID + `"`)
	w.Follow("/cases/" + heldID)
	w.Reach(`e.getAttribute("href") === "/held/` + heldID + `" && e.className === "button"`)
	w.Follow("/held/" + heldID)
	w.Reach(`e.name === "reason"`)
	w.Press("the name in the corner")
	for _, field := range []struct{ name, value string }{{"x", "0"}, {"y", "300"}, {"width", "64"}, {"height", "20"}} {
		w.Reach(fmt.Sprintf(`e.name === %q && e.value === ""`, field.name))
		w.Press(field.value)
	}
	w.Reach(`e.value === "redact"`)
	w.Follow("/cases/" + heldID)
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

// A person leafs through a study by its links, by the field's arrow keys and with the wheel;
// each time another image is loaded, beside the overlay.
func TestLeafingThroughAStudy(t *testing.T) {
	for name, size := range map[string]browser.Size{"desk": browser.Desk, "phone": browser.Phone} {
		t.Run(name, func(t *testing.T) {
			w := open(t, size, false)
			page := "/cases/" + deliveredID
			shows := func(n int) string { // the fake's images are 200 + index wide
				return fmt.Sprintf(`(() => { const i = document.querySelector("#slice"); return i.complete && i.naturalWidth === %d && i.alt === "Image %d of 176"; })()`, 199+n, n)
			}
			w.Visit(page)
			w.Await(shows(88))
			w.Await(`document.querySelector("figure img[src$='overlay.png']").naturalWidth > 0`)
			w.Reach(`e.rel === "next"`)
			w.Follow(page + "?image=89&row=0#images")
			w.Await(shows(89))
			w.Reach(`e.name === "image"`)
			w.Press(kb.ArrowUp, kb.ArrowUp, kb.ArrowDown)
			w.Await(shows(90))
			w.Await(`document.querySelector("a[rel=prev]").href.includes("image=89") && location.search.includes("image=90")`)
			browser.Eval[bool](w.Window, `document.querySelector("#slice").dispatchEvent(new WheelEvent("wheel", {deltaY: 100, bubbles: true, cancelable: true}))`)
			w.Await(shows(91))
			w.Visit(page + "?row=1&image=2")
			w.Await(`document.querySelector("#slice").alt === "Image 2 of 3"`)
			w.LooksRight(page)
		})
	}
}

func TestRegionsAreDrawnWithAMouse(t *testing.T) {
	w := open(t, browser.Desk, false)
	w.Visit("/held/" + heldID)
	at := func(x, y float64) (float64, float64) { // where a pixel of the image is on the screen
		p := browser.Eval[[]float64](w.Window, fmt.Sprintf(`(() => { const p = new DOMPoint(%g, %g).matrixTransform(document.querySelector("svg[data-draw]").getScreenCTM()); return [p.x, p.y]; })()`, x, y))
		return p[0], p[1]
	}
	for _, m := range []struct {
		kind input.DispatchMouseEventType
		x, y float64
	}{{input.DispatchMouseEventTypeMousePressed, 200, 100}, {input.DispatchMouseEventTypeMouseMoved, 250, 130}, {input.DispatchMouseEventTypeMouseMoved, 300, 160}, {input.DispatchMouseEventTypeMouseReleased, 300, 160}} {
		x, y := at(m.x, m.y)
		if err := browser.Command(w.Window, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: m.kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}); err != nil {
			t.Fatal(err)
		}
	}
	got := browser.Eval[[]string](w.Window, `["image", "x", "y", "width", "height"].map((n) => document.querySelectorAll("#decide .region")[1].querySelector("[name=" + n + "]").value)`)
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
	w := open(t, browser.Desk, false)
	w.Visit("/")
	w.Await(`document.querySelector("#cases") !== null`)
	if _, err := w.site.Read(t.Context(), deliveredID, "anna", Word{Reason: "outline is wrong"}); err != nil {
		t.Fatal(err)
	}
	w.Await(`[...document.querySelectorAll("#cases tr")].some((r) => r.textContent.includes("Marchetti") && r.textContent.includes("rejected"))`)
	w.Run(chromedp.SendKeys(chromedp.CSS("[data-find]"), "lindqvist"))
	w.Await(`[...document.querySelectorAll("#cases tbody tr")].filter((r) => !r.hidden).length === 1`)
}
