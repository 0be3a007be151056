package power

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPlugs      = 8        // power supplies of one machine
	maxPlugBytes  = 64 << 10 // a plug's whole status is a few KiB
	maxPlugHeader = 16 << 10
	maxPlugWatts  = 25_000 // three phases of 35 A, far above any plug
)

// family is what software a plug runs.
type family int

const (
	unknownFamily family = iota
	gen1                 // Shelly's first generation: /status
	gen2                 // its second and later ones: /rpc
	tasmota
)

func (f family) String() string {
	return [...]string{"plug", "Shelly plug (first generation)", "Shelly plug", "Tasmota plug"}[f]
}

// plug is a smart plug in the local network, asked by HTTP.
type plug struct {
	base    url.URL // without user, path and query
	user    *url.Userinfo
	channel int // -1: its only one
	client  *http.Client
	family  family
}

// newPlug reads a plug's URL: http://host, with user:password@ and ?channel=N where
// needed. The error never repeats it, since it may hold a password.
func newPlug(text string, transport http.RoundTripper) (*plug, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errors.New("its address is not of the form http://192.168.1.20")
	}
	p := &plug{base: url.URL{Scheme: u.Scheme, Host: u.Host}, user: u.User, channel: -1}
	for key, values := range u.Query() {
		n, err := strconv.ParseUint(values[0], 10, 8)
		if key != "channel" || len(values) != 1 || err != nil {
			return nil, errors.New("its address has a query other than ?channel=0")
		}
		p.channel = int(n)
	}
	p.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p, nil
}

// plugTransport connects to plugs directly: they are in the local network, where no
// proxy leads.
func plugTransport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1, IdleConnTimeout: linger, MaxResponseHeaderBytes: maxPlugHeader, DisableCompression: true,
	}
}

// read asks the plug for its power. The first time it finds out what software it runs.
func (p *plug) read(ctx context.Context) (sample, error) {
	if p.family == unknownFamily {
		if err := p.recognise(ctx); err != nil {
			return sample{}, err
		}
	}
	asked := time.Now()
	var body []byte
	var err error
	switch p.family {
	case gen1:
		body, err = p.get(ctx, "/status", nil)
	case gen2:
		body, err = p.get(ctx, "/rpc/Shelly.GetStatus", nil)
	default:
		body, err = p.get(ctx, "/cm", p.tasmotaQuery())
	}
	if err != nil {
		return sample{}, err
	}
	parse := map[family]func([]byte, int) (float64, error){gen1: parseShelly1, gen2: parseShelly2, tasmota: parseTasmota}[p.family]
	watts, err := parse(body, p.channel)
	if err != nil {
		return sample{}, err
	}
	answered := time.Now()
	return sample{at: asked.Add(answered.Sub(asked) / 2), watts: watts}, nil
}

// tasmotaQuery asks for the sensors; it carries the password where there is one, as
// Tasmota wants it.
func (p *plug) tasmotaQuery() url.Values {
	q := url.Values{"cmnd": {"Status 8"}}
	if p.user != nil {
		q.Set("user", p.user.Username())
		password, _ := p.user.Password()
		q.Set("password", password)
	}
	return q
}

// recognise finds out what software the plug runs.
func (p *plug) recognise(ctx context.Context) error {
	body, err := p.get(ctx, "/shelly", nil)
	var status statusError
	if err != nil && !errors.As(err, &status) {
		return err
	}
	if p.family = shellyFamily(body); err == nil && p.family != unknownFamily {
		return nil
	}
	body, err = p.get(ctx, "/cm", p.tasmotaQuery())
	if err != nil && !errors.As(err, &status) {
		return err
	}
	if _, parseErr := parseTasmota(body, p.channel); err == nil && !errors.Is(parseErr, errNoPlug) {
		p.family = tasmota
		return nil
	}
	return errNoPlug
}

var (
	errNoPlug   = errors.New("what answers there is neither a Shelly nor a Tasmota plug")
	errNoMeter  = errors.New("it measures no power")
	errChannels = errors.New("it has several outlets; add ?channel=0 or the like to its address")
	errSilent   = fmt.Errorf("it gave no answer within %.0f s", readTimeout.Seconds())
	errOff      = errors.New("its outlet is off")
)

// statusError is an HTTP status other than 200.
type statusError int

func (s statusError) Error() string {
	if s == http.StatusUnauthorized {
		return "it wants a password; Shelly's later plugs must be readable without one"
	}
	return fmt.Sprintf("it answers with HTTP status %d", int(s))
}

// get fetches a path. No error holds the address or the query.
func (p *plug) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	u := p.base
	u.Path, u.RawQuery = path, query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("its address can't be asked")
	}
	if p.user != nil && query == nil {
		password, _ := p.user.Password()
		request.SetBasicAuth(p.user.Username(), password)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, unreachable(ctx)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, statusError(response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPlugBytes+1))
	switch {
	case err != nil:
		return nil, unreachable(ctx)
	case len(body) > maxPlugBytes:
		return nil, errNoPlug
	}
	return body, nil
}

// unreachable words a failed request.
func unreachable(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errSilent
	}
	return errors.New("it can't be reached")
}

// shellyFamily reads what every Shelly says of itself at /shelly. The first generation
// has a type, the later ones their number.
func shellyFamily(body []byte) family {
	var about struct {
		Gen  int    `json:"gen"`
		Type string `json:"type"`
	}
	switch err := json.Unmarshal(body, &about); {
	case err != nil:
		return unknownFamily
	case about.Gen >= 2:
		return gen2
	case about.Type != "":
		return gen1
	default:
		return unknownFamily
	}
}

// parseShelly1 reads /status of the first generation: meters, or on energy meters
// emeters, with the power of each channel in W.
func parseShelly1(body []byte, channel int) (float64, error) {
	type meter struct {
		Power *float64 `json:"power"`
		Valid *bool    `json:"is_valid"`
	}
	var status struct {
		Meters  []meter `json:"meters"`
		EMeters []meter `json:"emeters"`
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return 0, errNoPlug
	}
	list := status.Meters
	if len(list) == 0 {
		list = status.EMeters
	}
	m, err := pick(list, channel)
	switch {
	case err != nil:
		return 0, err
	case m.Power == nil || m.Valid != nil && !*m.Valid:
		return 0, errNoMeter
	}
	return plausible(*m.Power)
}

// parseShelly2 reads Shelly.GetStatus of later generations: components switch:N and
// pm1:N have apower, em1:N has act_power, in W. A relay without a meter has neither.
func parseShelly2(body []byte, channel int) (float64, error) {
	var components map[string]json.RawMessage
	if err := json.Unmarshal(body, &components); err != nil {
		return 0, errNoPlug
	}
	type meter struct {
		Power    *float64 `json:"apower"`
		ActPower *float64 `json:"act_power"`
		Output   *bool    `json:"output"`
		number   int
	}
	var list []meter
	for name, raw := range components {
		kind, number, _ := strings.Cut(name, ":")
		n, err := strconv.ParseUint(number, 10, 8)
		var m meter
		if err != nil || !slices.Contains([]string{"switch", "pm1", "em1"}, kind) || json.Unmarshal(raw, &m) != nil {
			continue
		}
		if m.Power == nil {
			m.Power = m.ActPower
		}
		if m.number = int(n); m.Power != nil {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return 0, errNoMeter
	}
	if channel >= 0 { // a number of Shelly's, which need not have all below it
		list = slices.DeleteFunc(list, func(m meter) bool { return m.number != channel })
		channel = 0
	}
	m, err := pick(list, channel)
	switch {
	case err != nil:
		return 0, err
	case m.Output != nil && !*m.Output:
		return 0, errOff
	}
	return plausible(*m.Power)
}

// parseTasmota reads the answer to Status 8: StatusSNS.ENERGY.Power in W, a list where
// there are several outlets.
func parseTasmota(body []byte, channel int) (float64, error) {
	var status struct {
		Warning *string `json:"WARNING"`
		Sensors *struct {
			Energy *struct {
				Power json.RawMessage `json:"Power"`
			} `json:"ENERGY"`
		} `json:"StatusSNS"`
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return 0, errNoPlug
	}
	switch {
	case status.Warning != nil:
		return 0, errors.New("it wants a password: write http://user:password@ before its address")
	case status.Sensors == nil:
		return 0, errNoPlug
	case status.Sensors.Energy == nil:
		return 0, errNoMeter
	}
	var one *float64 // a pointer, since null is no figure
	var list []*float64
	if err := json.Unmarshal(status.Sensors.Energy.Power, &one); err == nil {
		list = []*float64{one}
	} else if err := json.Unmarshal(status.Sensors.Energy.Power, &list); err != nil {
		return 0, errNoMeter
	}
	one, err := pick(list, channel)
	switch {
	case err != nil:
		return 0, err
	case one == nil:
		return 0, errNoMeter
	}
	return plausible(*one)
}

// pick is the channel that is asked for, or the only one.
func pick[T any](list []T, channel int) (one T, err error) {
	switch {
	case len(list) == 0:
		return one, errNoMeter
	case channel >= len(list):
		return one, errors.New("it has no outlet of that number")
	case channel >= 0:
		return list[channel], nil
	case len(list) > 1:
		return one, errChannels
	default:
		return list[0], nil
	}
}

// plausible refuses what no machine takes.
func plausible(watts float64) (float64, error) {
	switch {
	case math.IsNaN(watts) || watts > maxPlugWatts:
		return 0, errors.New("it tells more than a plug can carry")
	case watts < 0:
		return 0, errors.New("it tells that power flows back")
	default:
		return watts, nil
	}
}
