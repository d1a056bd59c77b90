package rules

// memory remembers what it was told last: of so many things as its limit is at
// least half, those that were told or told again last. A watch goes on for months,
// and what hosts were told in its first days must not keep it from learning.
type memory[K comparable, V any] struct {
	limit      int
	young, old map[K]V
}

func newMemory[K comparable, V any](limit int) *memory[K, V] {
	return &memory[K, V]{limit: limit, young: map[K]V{}}
}

func (m *memory[K, V]) get(k K) (V, bool) {
	v, ok := m.young[k]
	if !ok {
		v, ok = m.old[k]
	}
	return v, ok
}

// set remembers v for k, and returns how many others are forgotten for it.
func (m *memory[K, V]) set(k K, v V) (forgotten uint64) {
	if _, ok := m.young[k]; !ok && len(m.young) >= m.limit/2 {
		for other := range m.old {
			if _, again := m.young[other]; !again {
				forgotten++
			}
		}
		m.young, m.old = map[K]V{}, m.young
	}
	m.young[k] = v
	return forgotten
}

func (m *memory[K, V]) empty() bool { return len(m.young)+len(m.old) == 0 }
