package pipeline

import (
	"bytes"
	"encoding/binary"
)

// A commit is one record of the journal. One that is too long for that, because very many alerts begin at once, or a window is as
// large as it may be, stands in several records in a row, each a piece of it:
//
//	version, section 9: uvarint number of the piece from 0 on, uvarint how many there are, its bytes
//
// It counts when all pieces are there. A kill, or a failed write, may leave the first ones alone: then something else follows them, or
// the first piece again, and they are passed over.

// longestPiece is how many bytes of a commit one record takes, far below what the journal does.
const longestPiece = 32 << 20

// appendBytes appends the bytes of a commit, and returns the sequence of the last record that they are in.
func (p *Pipeline) appendBytes(commit []byte) (sequence uint64, err error) {
	if len(commit) <= p.longestPiece {
		return p.journal.Append(commit)
	}
	// What is durable of it meanwhile is nothing for outputs. After a failure that is so until the repair has closed it.
	p.limit.Store(p.journal.Last() + 1)
	count := (len(commit) + p.longestPiece - 1) / p.longestPiece
	for number := range count {
		piece := commit[number*p.longestPiece : min((number+1)*p.longestPiece, len(commit))]
		if sequence, err = p.journal.Append(appendPiece(nil, uint64(number), uint64(count), piece)); err != nil {
			return 0, err
		}
	}
	// Before nothing stands in the way of outputs any more, all of it must be durable: another commit's fsync may have been between two
	// pieces.
	if _, err = p.journal.Sync(); err != nil {
		return 0, err
	}
	p.limit.Store(0)
	return sequence, nil
}

// closePieces appends a record that says nothing, where the journal ends in pieces without their last one: whoever reads it would
// wait for that one.
func (p *Pipeline) closePieces(open bool) error {
	if open {
		if _, err := p.journal.Append([]byte{recordVersion}); err != nil {
			return err
		}
		if _, err := p.journal.Sync(); err != nil {
			return err
		}
	}
	p.limit.Store(0)
	return nil
}

func appendPiece(to []byte, number, count uint64, piece []byte) []byte {
	head := binary.AppendUvarint(binary.AppendUvarint(nil, number), count)
	return appendSection(append(to, recordVersion), sectionPiece, append(head, piece...))
}

// assembly puts the pieces of commits together. The zero value is ready.
type assembly struct {
	commit bytes.Buffer
	// next is the number of the piece that is expected, count how many there are.
	next, count uint64
	// before is how many pieces came before the last record of the commit that add returned last.
	before uint64
}

// add takes the next record, and returns the commit that it is, or is the last piece of. complete is false where others must follow,
// and for a piece that nothing can be made of. The commit is valid until the next call.
func (a *assembly) add(payload []byte) (commit []byte, complete bool) {
	number, count, piece, is := pieceOf(payload)
	if !is {
		*a = assembly{}
		return payload, true
	}
	if number == 0 {
		*a = assembly{count: count}
	}
	if number != a.next || count != a.count {
		*a = assembly{}
		return nil, false
	}
	a.commit.Write(piece)
	if a.next++; a.next < a.count {
		return nil, false
	}
	commit = a.commit.Bytes()
	*a = assembly{before: number}
	return commit, true
}

// open says whether pieces wait for others.
func (a *assembly) open() bool { return a.count > 0 }

// pieceOf takes a record apart that is a piece.
func pieceOf(payload []byte) (number, count uint64, piece []byte, is bool) {
	if len(payload) < 2 || payload[0] != recordVersion || payload[1] != sectionPiece {
		return 0, 0, nil, false
	}
	d := sectionReader{bytes: payload[2:]}
	d = sectionReader{bytes: d.take(d.uvarint()), failed: d.failed || len(d.bytes) > 0}
	number, count = d.uvarint(), d.uvarint()
	return number, count, d.bytes, !d.failed && count > 1 && number < count
}
