package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// model is a ring as one would write it without thinking of its cost.
type model struct {
	settled, held []float64
	window, room  int
}

func (m *model) hold(v float64) {
	if len(m.settled)+len(m.held) == m.window+m.room {
		if len(m.settled) > 0 {
			m.settled = m.settled[1:]
		} else {
			m.held = m.held[1:]
		}
	}
	m.held = append(m.held, v)
}

func (m *model) settle() {
	m.settled = append(m.settled, m.held...)
	m.held = nil
	m.settled = m.settled[max(0, len(m.settled)-m.window):]
}

// Random holds, pushes, settlings and new sizes leave the ring like its model.
func TestRingAgreesWithItsModel(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		window, room := 1+r.IntN(20), 1+r.IntN(8)
		ring, m := newRing(window, room, 3), &model{window: window, room: room}
		for range 400 {
			v := float64(r.IntN(1000)) / 8 // sums exactly
			switch r.IntN(20) {
			case 0:
				window, room = 1+r.IntN(20), 1+r.IntN(8)
				ring = ring.resized(window, room)
				m.window, m.room = window, room
				m.settle()
			case 1:
				ring.settle()
				m.settle()
			case 2, 3, 4, 5, 6:
				ring.hold(v)
				m.hold(v)
			default:
				ring.push(v)
				m.hold(v)
				m.settle()
			}
			all := append(append([]float64{}, m.settled...), m.held...)
			require.Equal(t, all, ring.Append([]float64{}))
			require.Equal(t, len(m.settled), ring.Len())
			sum := 0.0
			for _, v := range m.settled {
				sum += v
			}
			if len(m.settled) > 0 {
				require.Equal(t, sum/float64(len(m.settled)), ring.Mean())
			}
		}
	}
}
