package dashboard

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// pageSize is how many cases a page of the worklist has; maxPage bounds how far one leafs.
const pageSize, maxPage = 50, 100

// tab is one choice of what the worklist shows.
type tab struct {
	Key, Name string
	states    []worklist.State
	Count     int
	On        bool
}

func tabs() []tab {
	return []tab{
		{Key: "", Name: "All"},
		{Key: "open", Name: "Under way", states: []worklist.State{worklist.Received, worklist.Routed, worklist.Submitted, worklist.Analysed, worklist.Delivering}},
		{Key: "held", Name: "To be looked at", states: []worklist.State{worklist.Held}},
		{Key: "done", Name: "Delivered", states: []worklist.State{worklist.Delivered, worklist.Accepted, worklist.Rejected}},
		{Key: "failed", Name: "Not analysed", states: []worklist.State{worklist.NotAnalysed, worklist.Refused}},
	}
}

// worklistPage is one page of the worklist.
type worklistPage struct {
	Tabs     []tab
	Entries  []Entry
	Arriving []Arriving
	Page     int
	More     bool
	Show     string
}

// Leaf is the address of another page of the same choice.
func (p worklistPage) Leaf(by int) string {
	q := url.Values{"page": {strconv.Itoa(p.Page + by)}}
	if p.Show != "" {
		q.Set("show", p.Show)
	}
	return "/?" + q.Encode()
}

func showWorklist(v *visit) error {
	q := v.R.URL.Query()
	p := worklistPage{Tabs: tabs(), Page: 1, Show: q.Get("show")}
	if text := q.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return refuse("page %.20q: want 1 to %d", text, maxPage)
		}
		p.Page = n
	}
	at := slices.IndexFunc(p.Tabs, func(t tab) bool { return t.Key == p.Show })
	if at < 0 {
		return web.ErrNoPage
	}
	p.Tabs[at].On = true
	st, err := v.site.Status()
	if err != nil {
		return err
	}
	p.Arriving = st.Arriving
	for n := range p.Tabs {
		for state, count := range st.Cases {
			if len(p.Tabs[n].states) == 0 || slices.Contains(p.Tabs[n].states, state) {
				p.Tabs[n].Count += count
			}
		}
	}
	list, err := v.site.Worklist(worklist.Filter{States: p.Tabs[at].states, Limit: p.Page*pageSize + 1})
	if err != nil {
		return err
	}
	from := min((p.Page-1)*pageSize, len(list))
	until := min(from+pageSize, len(list))
	p.Entries, p.More = list[from:until], until < len(list)
	if err := v.lookedAtList(p.Entries); err != nil {
		return err
	}
	return v.Page(200, "worklist", "Worklist", p)
}

// lookedAtList records that the visitor saw who stands in a list. A list that renews itself
// is recorded again only when somebody stands there whom the visitor has not seen a moment
// ago.
func (v *visit) lookedAtList(list []Entry) error {
	ids := make([]string, len(list))
	for n, e := range list {
		ids[n] = e.ID
	}
	fresh := v.seen.fresh(v.Who, ids...)
	if len(fresh) == 0 {
		return nil
	}
	if err := v.site.Viewed(v.Who, "", len(fresh), "the worklist"); err != nil {
		return err
	}
	v.seen.note(v.Who, fresh...)
	return nil
}

// lookedAt records that the visitor saw one case's page or pictures, once in a while.
func (v *visit) lookedAt(id, what string) error {
	thing := what + " " + id
	if len(v.seen.fresh(v.Who, thing)) == 0 {
		return nil
	}
	if err := v.site.Viewed(v.Who, id, 1, what); err != nil {
		return err
	}
	v.seen.note(v.Who, thing)
	return nil
}
