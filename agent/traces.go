package agent

import (
	"context"
	"log/slog"
	"time"

	"github.com/medhive/medhive/agent/trace"
)

// tracesPatience is how long a role that ends waits for a collector of traces.
const tracesPatience = 3 * time.Second

// endTraces hands over the last spans. A collector that is away is no fault of the role.
func endTraces(t *trace.Tracer, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), tracesPatience)
	defer cancel()
	if err := t.Close(ctx); err != nil {
		log.Warn("the last traces are lost", "error", err)
	}
}
