package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/config"
)

func TestADashboardForOthersWantsALock(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	locked := `dashboard-users = "users"` + "\n" + `dashboard-cert = "cert.pem"` + "\n" + `dashboard-key = "` + key + `"`
	for text, says := range map[string]string{
		``:                           "",
		`dashboard = ""`:             "",
		`dashboard = "localhost:80"`: "",
		`dashboard = "[::1]:9402"`:   "",
		`dashboard = "127.0.0.2:0"`:  "",
		"dashboard = \"0.0.0.0:9402\"\n" + locked:                "",
		`dashboard = "0.0.0.0:9402"`:                             "medhive node user add",
		`dashboard = ":9402"`:                                    "medhive node user add",
		`dashboard = "node.example:9402"`:                        "medhive node user add",
		"dashboard = \"[::]:9402\"\ndashboard-users = \"users\"": "need TLS",
		`dashboard-cert = "cert.pem"`:                            "belong together",
		`dashboard = "9402"`:                                     "no address",
	} {
		_, table := config.NewNode()
		err := table.Load(config.Source{File: file(t, text)})
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: says %v, want %q", text, err, says)
		}
	}
}
