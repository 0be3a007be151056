package panel

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/binding"
	"github.com/medhive/medhive/agent/web"
)

// Owner is whose machine this is, and how it becomes somebody's.
type Owner struct {
	Node   string    `json:"node"`
	Wallet string    `json:"wallet,omitempty"` // of the owner; empty: nobody said yet
	Device string    `json:"device,omitempty"` // the machine's TPM, and what its vendor says
	Link   string    `json:"link,omitempty"`   // where a wallet signs now; empty: nowhere
	Until  time.Time `json:"until,omitzero"`   // how long the link holds
}

// Ownership is what the page of the owner shows and does.
type Ownership interface {
	// Owner is whose the machine is.
	Owner(ctx context.Context) (Owner, error)
	// Bind opens a page on which a wallet says whose it is; one that is open stays.
	Bind(ctx context.Context) error
	// Unbind takes that page away; a wallet that has signed stays.
	Unbind(ctx context.Context) error
}

type ownerPage struct {
	Owner
	Picture template.HTML // the link as a QR code
}

func (p *Panel) showOwner(v *web.Visit) error {
	owner, err := p.node.Owner(v.R.Context())
	if err != nil {
		return err
	}
	page := ownerPage{Owner: owner}
	if v.Role < Admin {
		page.Link = "" // whoever has the link binds the machine: who only looks doesn't get it
	}
	if page.Link != "" {
		picture, err := binding.SVG(page.Link)
		if err != nil {
			return fmt.Errorf("show the owner's link: %w", err)
		}
		page.Picture = template.HTML(strings.Replace(picture, "<svg ", `<svg aria-label="QR code of the link" `, 1)) // drawn here, of squares alone
	}
	return v.Page(http.StatusOK, "owner", "Owner", page)
}

func (p *Panel) sendOwner(v *web.Visit) error {
	ask := p.node.Bind
	if v.R.PostForm.Get("show") == "no" {
		ask = p.node.Unbind
	}
	if err := ask(v.R.Context()); err != nil {
		return err
	}
	v.Redirect("/owner")
	return nil
}
