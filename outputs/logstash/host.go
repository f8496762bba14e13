package logstash

// decideHost finds the name for host, if the settings want it and the event, one of a Beat before version 7, has it.
func (x *edit) decideHost() {
	rules := &x.encoder.rules
	if !rules.addHostname || !rules.legacyNames || x.present(nameHost) {
		return
	}
	beat := x.value(nameBeat)
	if !isObject(beat) {
		return
	}
	if found, has := find(beat, "hostname"); has && beat[found.value] != 'n' {
		x.hostname = beat[found.value:found.end]
		x.replaced[nameHost] = true
	}
}

func (x *edit) appendHost(dst []byte) []byte {
	if x.hostname == nil {
		return dst
	}
	return append(append(comma(dst), `"host":`...), x.hostname...)
}
