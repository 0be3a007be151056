package hwprobe

import (
	"strings"
	"testing"
)

func TestDiscreet(t *testing.T) {
	for text, want := range map[string]string{
		"fp16: no graph runs on webgpu":                          "fp16: no graph runs on webgpu",
		"30 TOPS/W and CPU/GPU are no paths":                     "30 TOPS/W and CPU/GPU are no paths",
		"fork/exec /home/anna/bin/medhive: permission denied":    "fork/exec …: permission denied",
		"load \"/home/Anna B Smith/lib x.so\": no such file":     "load \"… x.so\": no such file",
		"load /a/b.so and /home/Anna Smith/c.so: cannot open it": "load …: cannot open it",
		"open C:\\Users\\anna\\ort.dll: missing":                 "open …: missing",
		"ask http://192.168.1.20/rpc now":                        "ask http:… now",
		"see ~/anna.json, or ../anna/x":                          "see …",
		"path=/home/anna/x":                                      "path=…",
	} {
		if got := discreet(text); got != want {
			t.Errorf("%q becomes %q; want %q", text, got, want)
		}
	}
	if got := discreet(strings.Repeat("ü", maxWords)); len(got) > maxWords || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}
