package shipper

// slowStartWindow is how many events the first window has with Options.SlowStart, as in Filebeat.
const slowStartWindow = 10

// windowSize decides how many events a window may have.
type windowSize struct {
	now, most int
	slowStart bool
}

// newWindowSize returns the size for the first window.
func newWindowSize(most int, slowStart bool) windowSize {
	if slowStart {
		return windowSize{now: min(slowStartWindow, most), most: most, slowStart: true}
	}
	return windowSize{now: most, most: most}
}

// delivered learns that a window of so many events was acknowledged.
func (s *windowSize) delivered(events int) {
	if s.slowStart && events >= s.now {
		s.now = min(s.now+(s.now+1)/2, s.most)
	}
}

// lost learns that the connection was lost with a window under way.
func (s *windowSize) lost() {
	if s.slowStart {
		s.now = max(s.now/2, 1)
	}
}
