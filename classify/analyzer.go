package classify

import (
	"cmp"
	"slices"

	"spanaudit/flow"
)

// Sink takes what an Analyzer finds out. Its methods are called from the
// goroutine that drives the flow table.
type Sink interface {
	// Learned: a message of f taught names or leases. l is reused after the
	// call; the slices in it are not.
	Learned(f *flow.Flow, at flow.Frame, l Learned)
	// Known: r's flow has set up media, more than at the last call. It goes on;
	// r is a snapshot of it.
	Known(r *Record, at flow.Frame)
	// Session: t, of f, is a handshake whose session others may resume.
	Session(f *flow.Flow, at flow.Frame, t *TLS)
	// Early: r is a snapshot of a flow that goes on, which says more than the
	// last; only where Analyzer.Early is called. The sink may give it back, too.
	Early(r *Record)
	// Ended: the flow is over, and r is all that is known of it. The sink may
	// give r back by Analyzer.Reuse.
	Ended(r *Record)
}

// Analyzer finds out what each flow of one flow.Table speaks. It is the
// table's flow.Handler and, like it, not safe for concurrent use.
type Analyzer struct {
	sink      Sink
	streams   []streamClassifier
	datagrams []datagramClassifier
	learned   Learned
	spare     []*conversation
	snapshots []*Record // spare ones

	memory memory

	panics uint64
}

// NewAnalyzer returns an Analyzer that reports to sink.
func NewAnalyzer(sink Sink) *Analyzer {
	return &Analyzer{sink: sink, streams: streams(), datagrams: datagrams()}
}

// Panics counts the messages on which a classifier failed. Each cost its flow
// the classification and nothing else.
func (a *Analyzer) Panics() uint64 { return a.panics }

// maxUnknownDatagrams is how many datagrams of a UDP flow are looked at before
// it stays unknown.
const maxUnknownDatagrams = 64

// conversation is what the Analyzer keeps of a flow, in flow.Flow.App.
type conversation struct {
	Record // handed on when the flow is over

	ruled   uint64 // two bits a stream classifier: it answered NoMatch to the halves as they are, and swapped
	looked  int32  // bytes of both halves at the last look
	media   int32  // weight of the set-ups that Known was last called with
	spoken  uint8  // 1 + index of the classifier that recognised the flow; 0 while none has
	skipped uint8  // holes whose bytes before them were looked at in vain
	tried   uint8  // datagrams looked at in vain
	done    bool
	owed    bool   // the turn passed to the other side, and no look followed
	speaker uint16 // port of the side that sent last
}

func (a *Analyzer) conversation(f *flow.Flow) *conversation {
	if c, ok := f.App.(*conversation); ok {
		return c
	}
	c := takeSpare(&a.spare)
	c.Flow, c.Facts.Protocol = f, Unknown
	f.App = c
	return c
}

// takeSpare returns the last of those that are spare or, where none is, a new one.
func takeSpare[T any](spare *[]*T) *T {
	n := len(*spare)
	if n == 0 {
		return new(T)
	}
	v := (*spare)[n-1]
	*spare = (*spare)[:n-1]
	return v
}

// Reuse takes back a record that Ended or Early handed on and nobody looks at any
// more, with all that was its own, and returns its flow for Table.Reuse; nil if that
// goes on.
func (a *Analyzer) Reuse(r *Record) *flow.Flow {
	f := r.Flow
	c, ok := f.App.(*conversation)
	if !ok {
		*f = flow.Flow{}
		*r = Record{Flow: f, Evidence: r.Evidence[:0]}
		if len(a.snapshots) < maxSpare {
			a.snapshots = append(a.snapshots, r)
		}
		return nil
	}
	f.App = nil
	*c = conversation{Record: Record{Evidence: c.Evidence[:0]}}
	if len(a.spare) < maxSpare {
		a.spare = append(a.spare, c)
	}
	return f
}

// maxSpare bounds the conversations, and the snapshots, kept for new ones.
const maxSpare = 4096

// Segment looks at a TCP flow whose ordered bytes have grown, if what it would
// see is likely to say more than the last look.
func (a *Analyzer) Segment(f *flow.Flow, from *flow.Half) {
	c := a.conversation(f)
	if c.done || !c.due(f, from) {
		return
	}
	a.classify(f, c, newest(f), false)
	if t := c.Facts.TLS; !c.done && t != nil && t.ServerHello && t.Version.TLS() <= TLS12 {
		// The key exchange stands behind the certificates, however many.
		f.Server.Deepen(certificatesDepth)
	}
}

// newest returns the frame that brought the last of the bytes in order.
func newest(f *flow.Flow) flow.Frame {
	client, server := f.Client.FrameAt(len(f.Client.Head())), f.Server.FrameAt(len(f.Server.Head()))
	if server.Time > client.Time {
		return server
	}
	return client
}

// due reports whether a look is worth while. Every look begins at the first
// byte, and a message mostly tells when it has been answered: so a look waits
// for the other side to speak, if it was seen at all, for the connection to
// close, or for a long turn to go on; and of TLS for one side to have sent more
// than handshake messages in clear.
func (c *conversation) due(f *flow.Flow, from *flow.Half) bool {
	to := &f.Client
	if to == from {
		to = &f.Server
	}
	grown := int32(len(f.Client.Head()) + len(f.Server.Head()))
	fresh := grown - c.looked
	port := from.Addr.Port()
	c.owed = c.owed || c.speaker != 0 && (c.speaker != port || port == to.Addr.Port())
	c.speaker = port
	awaited := c.Facts.DNS != nil || c.Facts.RTSP != nil // by other flows, segment by segment
	last := to.Packets == 0 || from.FIN || from.RST      // nobody may answer
	switch {
	case fresh == 0:
		return false
	case f.Exhausted() || f.Starved:
	case !last && !awaited && (!c.owed || handshaking(f.Client.Head(), f.Server.Head())):
		if fresh < max(longTurn, grown/64) {
			return false
		}
	case grown > alwaysLooked && fresh < grown/64:
		return false
	}
	c.looked, c.owed = grown, false
	return true
}

const (
	// alwaysLooked is how many bytes of a flow are looked at anew with each
	// turn. Beyond it the flow must have grown by a 64th.
	alwaysLooked = 8 << 10

	// longTurn is how many bytes one side sends before they are looked at
	// although it goes on.
	longTurn = 8 << 10

	// certificatesDepth bounds what a TLS server may send before its key
	// exchange.
	certificatesDepth = 512 << 10
)

// Datagram looks at one datagram of a UDP flow.
func (a *Analyzer) Datagram(f *flow.Flow, from *flow.Half, p *flow.Packet) {
	c := a.conversation(f)
	if c.done {
		return
	}
	defer a.survive(f, c)
	d := Datagram{
		Time: p.Frame.Time, Src: p.Src, Dst: p.Dst, FromServer: from == &f.Server,
		Payload: p.Payload, Missing: p.Missing,
	}
	a.learned = Learned{memory: &a.memory}
	answer, swap := a.datagram(c, d)
	for _, m := range c.Facts.Marks[len(c.Evidence):] {
		c.Evidence = append(c.Evidence, Evidence{m.What, p.Frame})
	}
	if swap || answer == Matched && c.Facts.tellRoles() {
		switch _, turn := relayed(d); {
		case turn: // who is client behind a relay says nothing of who asked for one
		case swap:
			f.Swap(flow.Message)
		default:
			f.Confirm(flow.Message)
		}
	}
	if len(a.learned.Names)+len(a.learned.Leases) > 0 {
		a.sink.Learned(f, p.Frame, a.learned)
	}
	a.tellMedia(c, p.Frame)
	if c.Facts.DNS.settled(f) {
		f.Settle()
	}
}

func (a *Analyzer) datagram(c *conversation, d Datagram) (Answer, bool) {
	answer, swap, spoken := askDatagram(a.datagrams, d, &c.Facts, &a.learned, int(c.spoken)-1)
	c.spoken = uint8(1 + spoken)
	switch {
	case answer != NoMatch:
	case c.spoken == 0:
		c.tried++
		c.done = c.tried >= maxUnknownDatagrams
	case c.Facts.Protocol != ProtoSTUN:
		c.Facts.Malformed = true
	}
	return answer, swap
}

// End classifies for the last time and hands the flow's record on.
func (a *Analyzer) End(f *flow.Flow) {
	c := a.conversation(f)
	goesOn := f.Reason == flow.ActiveTimeout
	if f.Protocol == flow.TCP && !c.done && !f.Starved {
		a.classify(f, c, f.First(), !goesOn)
	}
	r := &c.Record
	r.New = c.says(f) != f.Told
	if goesOn {
		r = a.snapshot(c, c.Facts.clone())
	} else {
		r.finish()
	}
	a.sink.Ended(r)
}

// classify runs the stream classifiers over what is in order now.
func (a *Analyzer) classify(f *flow.Flow, c *conversation, at flow.Frame, final bool) {
	defer a.survive(f, c)
	a.learned = Learned{memory: &a.memory}
	answer := a.read(f, c, final)
	if len(a.learned.Names) > 0 {
		a.sink.Learned(f, at, a.learned)
	}
	if c.spoken > 0 {
		if c.Facts.tellRoles() {
			f.Confirm(flow.Message)
		}
		c.locate(f)
		if !final {
			a.tell(f, c, at, answer)
		}
	}
	if answer != NeedMore || final {
		c.done = true
		f.Release()
		return
	}
	c.drop(&f.Client, a.learned.spent[0])
	c.drop(&f.Server, a.learned.spent[1])
}

// minDrop is how many bytes are dropped at least, since those behind them move.
const minDrop = 4 << 10

// drop lets go of bytes that the classifier of the flow is done with.
func (c *conversation) drop(h *flow.Half, s span) {
	from, _ := c.view(h)
	if s.size() >= minDrop && h.Drop(from+s.from, from+s.to) {
		c.looked -= int32(s.size())
	}
}

// tell says what other flows may depend on before this one is over.
func (a *Analyzer) tell(f *flow.Flow, c *conversation, at flow.Frame, answer Answer) {
	a.tellMedia(c, at)
	if t := c.Facts.TLS; answer == Matched && t != nil {
		c.Facts.TLS = a.memory.settle(t)
		if len(t.SessionKeys) > 0 {
			a.sink.Session(f, at, t)
		} else {
			a.memory.giveBack(t)
		}
	}
}

// tellMedia tells of media that other flows will carry.
func (a *Analyzer) tellMedia(c *conversation, at flow.Frame) {
	if w := int32(c.Facts.RTSP.weight()); w > c.media {
		c.media = w
		a.sink.Known(a.snapshot(c, c.Facts), at) // what is said later replaces its RTSP and does not change it
	}
}

// read asks the classifier that knows the flow or, while none does, all of
// them: first about the bytes before a hole, then about those between it and
// the next.
func (a *Analyzer) read(f *flow.Flow, c *conversation, final bool) Answer {
	if c.spoken > 0 {
		facts, answer := a.streams[c.spoken-1](c.stream(f, final), &a.learned)
		if answer == NoMatch {
			c.Facts.Malformed = true
			return Matched
		}
		a.memory.giveBack(c.Facts.TLS)
		c.Facts = facts
		return answer
	}
	answer := a.recognise(f, c, final)
	for c.spoken == 0 && (goesOn(&f.Client, int(c.skipped)) || goesOn(&f.Server, int(c.skipped))) {
		c.skipped, c.ruled = c.skipped+1, 0
		answer = a.recognise(f, c, final)
	}
	return answer
}

// recognise asks each classifier that has not ruled the flow out, in both
// directions while nothing says who the client is.
func (a *Analyzer) recognise(f *flow.Flow, c *conversation, final bool) Answer {
	s := c.stream(f, final)
	undecided := NoMatch
	for i := range a.streams {
		for turn, s := range []Stream{s, s.swap()} {
			bit := uint64(1) << (2*i + turn)
			if c.ruled&bit != 0 || turn == 1 && s.RolesKnown {
				continue
			}
			facts, answer := a.streams[i](s, &a.learned)
			if answer == NoMatch {
				c.ruled |= bit
				continue
			}
			if facts.Protocol == "" {
				undecided = NeedMore
				continue
			}
			if turn == 1 {
				f.Swap(flow.Message)
			}
			c.spoken, c.Facts = 1+uint8(i), facts
			return answer
		}
	}
	return undecided
}

// survive turns a classifier's panic into one flow that stays as it was known.
func (a *Analyzer) survive(f *flow.Flow, c *conversation) {
	if recover() != nil {
		a.panics++
		c.done = true
		c.Facts.Malformed = true
		f.Release()
	}
}

// stream returns what the classifiers may see of f.
func (c *conversation) stream(f *flow.Flow, final bool) Stream {
	s := Stream{Final: final || f.Exhausted(), RolesKnown: f.Ground >= flow.Message}
	from, to := c.view(&f.Client)
	s.Client, s.ClientJoined = f.Client.Head()[from:to], f.Client.Joined() || c.afterGap(&f.Client)
	from, to = c.view(&f.Server)
	s.Server, s.ServerJoined = f.Server.Head()[from:to], f.Server.Joined() || c.afterGap(&f.Server)
	return s
}

// view returns which part of a half's head the classifiers may see: a part
// without a hole, the first one or, as long as nothing was recognised, one
// behind it; and of RTSP, whose messages can be found again after a loss, all
// that follows too. A half whose very first byte is missing is joined late. The
// header of a proxy is left out.
func (c *conversation) view(h *flow.Half) (from, to int) {
	gaps, end := holes(h), len(h.Head())
	i := min(int(c.skipped), len(gaps))
	if to = end; i < len(gaps) {
		to = gaps[i]
	}
	if i > 0 {
		from = gaps[i-1]
	} else {
		from = proxyHeader(h.Head()[:to])
	}
	if c.Facts.Protocol == ProtoRTSP {
		to = end
	}
	return from, to
}

// holes returns the offsets at which one part of the head ends and another
// begins.
func holes(h *flow.Half) []int {
	gaps := h.Gaps()
	if len(gaps) > 0 && gaps[0] == 0 {
		return gaps[1:]
	}
	return gaps
}

// afterGap reports whether the view of h holds bytes from behind a hole.
func (c *conversation) afterGap(h *flow.Half) bool {
	gaps := h.Gaps()
	return len(gaps) > 0 && (gaps[0] == 0 || c.skipped > 0 || c.Facts.Protocol == ProtoRTSP)
}

// goesOn reports whether h has bytes behind its first n holes and the next.
func goesOn(h *flow.Half, n int) bool {
	gaps := holes(h)
	return n < len(gaps) && gaps[n] < len(h.Head())
}

func (s Stream) swap() Stream {
	s.Client, s.Server = s.Server, s.Client
	s.ClientJoined, s.ServerJoined = s.ServerJoined, s.ClientJoined
	return s
}

// locate names the frames of the marks, in the order of the frames.
func (c *conversation) locate(f *flow.Flow) {
	if n := len(c.Facts.Marks); n == 0 || n == len(c.Evidence) {
		return
	}
	c.Evidence = slices.Grow(c.Evidence[:0], len(c.Facts.Marks))
	for _, m := range c.Facts.Marks {
		half := &f.Client
		if m.Server {
			half = &f.Server
		}
		from, _ := c.view(half)
		c.Evidence = append(c.Evidence, Evidence{m.What, half.FrameAt(from + m.Offset)})
	}
	slices.SortStableFunc(c.Evidence, func(a, b Evidence) int { return cmp.Compare(a.Frame.Time, b.Frame.Time) })
	c.Facts.Marks = nil // they may be in memory of the classifier's
}

// snapshot returns a record of the flow as it stands, which does not change when
// the flow goes on.
func (a *Analyzer) snapshot(c *conversation, facts Facts) *Record {
	r := takeSpare(&a.snapshots)
	if r.Flow == nil {
		r.Flow = &flow.Flow{}
	}
	*r.Flow = c.Flow.Snapshot()
	r.Facts, r.Evidence = facts, append(r.Evidence, c.Evidence...)
	r.finish()
	return r
}

// finish completes a record that is to be handed on.
func (r *Record) finish() {
	r.Facts.Marks, r.Facts.dtls, r.Facts.quic, r.Facts.rtsp = nil, nil, nil, nil
	r.wrap()
}
