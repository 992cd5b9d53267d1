package adaptertest

import (
	"math/rand/v2"

	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// frame is an event of the stream, cut out and copied.
type frame struct {
	name string
	data []byte
}

// cutFrames cuts a stream into the events that an adapter sees.
func cutFrames(kind answerKind, data []byte, slices *rand.Rand) (list []frame, err error) {
	p := sse.NewParser(sse.Limits{})
	if kind == linesAnswer {
		p = sse.NewLines(sse.Limits{})
	}
	take := func(ev *sse.Event) {
		if ev.HasData {
			list = append(list, frame{ev.Name, append([]byte{}, ev.Data...)})
		}
	}
	var ev sse.Event
	for len(data) > 0 {
		n := len(data)
		if slices != nil {
			n = 1 + slices.IntN(min(n, 64))
		}
		p.Feed(data[:n])
		data = data[n:]
		for {
			ok, err := p.Next(&ev)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			take(&ev)
		}
	}
	if last, ok := p.Close(); ok {
		take(&last)
	}
	return list, nil
}
