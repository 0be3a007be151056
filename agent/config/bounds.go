package config

import (
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// folderName is a name that makes one folder, and not above its parent.
func folderName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) || name != filepath.Clean(name) {
		return fmt.Errorf("%.60q makes no folder: want a plain name, such as node", name)
	}
	return nil
}

// hostPort is an address to listen on, or nothing.
func hostPort(text string) error {
	if text == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%.100q is no address: want host:port, such as 127.0.0.1:9502", text)
	}
	return nil
}

// webAddress is an http or https address, or none. It is not quoted: it may hold a password.
func webAddress(text string) error {
	if text == "" {
		return nil
	}
	if at, err := url.Parse(text); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return errors.New("this is no address: want one such as http://127.0.0.1:4318")
	}
	return nil
}

// maxDecimal is longer than any sum of 18 decimals that is.
const maxDecimal = 80

// decimal is an amount of 0 or more, or nothing.
func decimal(text string) error {
	if text == "" {
		return nil
	}
	n, ok := new(big.Rat), false
	if len(text) <= maxDecimal && !strings.ContainsAny(text, "eE/xX_pP") {
		n, ok = n.SetString(text)
	}
	if !ok || n.Sign() < 0 {
		return errors.New("want an amount of 0 or more, such as 0.5")
	}
	return nil
}
