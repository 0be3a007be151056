package dashboard

import (
	"net/http"

	"github.com/medhive/medhive/scheduler/clinic/outbox"
)

// deliveriesListed bounds the page of deliveries.
const deliveriesListed = 200

// deliveriesPage is what goes to destinations.
type deliveriesPage struct {
	Health []outbox.Health
	List   []outbox.Delivery
	More   bool // there are older ones
}

func showDeliveries(v *visit) error {
	list, err := v.deliveries(deliveriesListed + 1)
	if err != nil {
		return err
	}
	st, err := v.site.Status()
	if err != nil {
		return err
	}
	p := deliveriesPage{Health: st.Outbox, List: list[:min(len(list), deliveriesListed)]}
	p.More = len(list) > len(p.List)
	return v.Page(http.StatusOK, "deliveries", "Deliveries", p)
}

func sendRetry(v *visit) error {
	if _, err := v.site.RetryNow(v.R.PostForm.Get("destination")); err != nil {
		return err
	}
	v.Redirect("/deliveries")
	return nil
}

func sendWithdraw(v *visit) error {
	if _, err := v.withdraw(v.R.PostForm.Get("destination")); err != nil {
		return err
	}
	v.Redirect("/deliveries")
	return nil
}

func showStatus(v *visit) error {
	st, err := v.site.Status()
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "status", "Health", st)
}
