package sinktest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The user that an SMTP server here knows.
const (
	SMTPUser     = "logboom"
	SMTPPassword = "smtp-secret-password"
)

// Replies that are none.
const (
	// SMTPCut ends the connection, SMTPHang never answers until the test ends.
	SMTPCut  = "cut"
	SMTPHang = "hang"
)

// Mail is a mail as an SMTP server here took it.
type Mail struct {
	From string
	To   []string
	// Content is what came behind DATA, with CRLF at the ends of lines and dots unstuffed.
	Content []byte
	// TLS and User are of the connection that it came by.
	TLS  bool
	User string
}

// SMTPOptions say what a server can do. The zero value is a server with STARTTLS that wants nobody to log in.
type SMTPOptions struct {
	// Implicit speaks TLS from the first byte, Plain knows no TLS at all.
	Implicit, Plain bool
	// Mechanisms are those of AUTH, as in "PLAIN LOGIN"; empty for none. Then mails are taken only of a user that is known.
	Mechanisms string
}

// SMTP is a mail server: RFC 5321 with STARTTLS (3207), AUTH PLAIN and LOGIN (4954) and dot stuffing. It takes lines as they
// are and answers what they are; nothing is guessed. It is safe for concurrent use.
type SMTP struct {
	// Address is its host and port, CA the PEM of the certificate that it shows, which is for 127.0.0.1 and localhost.
	Address string
	CA      []byte

	options  SMTPOptions
	tls      *tls.Config
	listener net.Listener
	end      chan struct{}
	running  sync.WaitGroup

	mutex    sync.Mutex
	mails    []Mail
	commands []string
	reply    func(command string) string
	open     map[net.Conn]bool
}

// NewSMTP starts a server that ends with the test.
func NewSMTP(t testing.TB, options SMTPOptions) *SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTP{
		Address: listener.Addr().String(), options: options, listener: listener, end: make(chan struct{}),
		open: map[net.Conn]bool{},
	}
	s.tls, s.CA = certificate(t)
	s.running.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

// certificate makes a certificate that signs itself.
func certificate(t testing.TB) (*tls.Config, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sinktest"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12,
	}
	return config, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Reply makes f reply to commands from now on, to the greeting ("") and to the end of a mail ("."); where it returns "", the
// reply is as usual. nil ends it.
func (s *SMTP) Reply(f func(command string) string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.reply = f
}

// Mails returns the mails in the order in which they were taken.
func (s *SMTP) Mails() []Mail {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.mails)
}

// Commands returns the commands so far, without what AUTH sent.
func (s *SMTP) Commands() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.commands)
}

// Connections returns how many connections are open.
func (s *SMTP) Connections() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.open)
}

func (s *SMTP) close() {
	close(s.end)
	_ = s.listener.Close()
	s.mutex.Lock()
	for connection := range s.open {
		_ = connection.Close()
	}
	s.mutex.Unlock()
	s.running.Wait()
}

func (s *SMTP) accept() {
	for {
		connection, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mutex.Lock()
		s.open[connection] = true
		s.mutex.Unlock()
		s.running.Go(func() {
			s.talk(connection)
			_ = connection.Close()
			s.mutex.Lock()
			delete(s.open, connection)
			s.mutex.Unlock()
		})
	}
}

// dialogue is one connection.
type dialogue struct {
	server     *SMTP
	connection net.Conn
	reader     *bufio.Reader
	encrypted  bool
	user       string
	mail       *Mail
}

func (s *SMTP) talk(connection net.Conn) {
	d := &dialogue{server: s, connection: connection, encrypted: s.options.Implicit}
	if s.options.Implicit {
		d.connection = tls.Server(connection, s.tls)
	}
	d.reader = bufio.NewReader(d.connection)
	if !d.say("", "220 mail.test ESMTP") {
		return
	}
	for {
		line, err := d.line()
		if err != nil || !d.answer(line) {
			return
		}
	}
}

func (d *dialogue) line() (string, error) {
	line, err := d.reader.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// say replies to a command, as usual unless told otherwise, and tells whether the usual was said and things go on.
func (d *dialogue) say(command, usual string) bool { return d.told(command, usual) == usual }

// told replies and returns what was replied, "" where the connection is over.
func (d *dialogue) told(command, usual string) string { return d.write(d.reply(command, usual)) }

// reply returns the reply to a command: the usual one unless it is told another.
func (d *dialogue) reply(command, usual string) string {
	d.server.mutex.Lock()
	reply := d.server.reply
	d.server.mutex.Unlock()
	if reply != nil {
		if text := reply(command); text != "" {
			return text
		}
	}
	return usual
}

// write sends a reply and returns it, "" where the connection is over.
func (d *dialogue) write(reply string) string {
	switch reply {
	case SMTPCut:
		return ""
	case SMTPHang:
		<-d.server.end
		return ""
	}
	if _, err := fmt.Fprintf(d.connection, "%s\r\n", reply); err != nil {
		return ""
	}
	return reply
}

// answer carries out a command and tells whether the connection goes on.
func (d *dialogue) answer(line string) bool {
	verb, argument, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	shown := line
	if verb == "AUTH" {
		shown = "AUTH"
	}
	d.server.mutex.Lock()
	d.server.commands = append(d.server.commands, shown)
	d.server.mutex.Unlock()
	switch verb {
	case "EHLO":
		return d.told(line, "250-mail.test\r\n"+d.extensions()+"250 8BITMIME") != ""
	case "STARTTLS":
		return d.startTLS()
	case "AUTH":
		return d.auth(argument)
	case "MAIL":
		return d.from(line)
	case "RCPT":
		return d.to(line)
	case "DATA":
		return d.data()
	case "RSET", "NOOP":
		return d.told(line, "250 2.0.0 Ok") != ""
	case "QUIT":
		d.told(line, "221 2.0.0 Bye")
		return false
	}
	return d.told(line, "502 5.5.2 Error: command not recognized") != ""
}

func (d *dialogue) extensions() string {
	var extensions string
	if !d.server.options.Plain && !d.encrypted {
		extensions += "250-STARTTLS\r\n"
	}
	if d.server.options.Mechanisms != "" && (d.encrypted || d.server.options.Plain) {
		extensions += "250-AUTH " + d.server.options.Mechanisms + "\r\n"
	}
	return extensions + "250-ENHANCEDSTATUSCODES\r\n"
}

func (d *dialogue) startTLS() bool {
	if d.encrypted || d.server.options.Plain {
		return d.told("STARTTLS", "502 5.5.1 Error: command not implemented") != ""
	}
	if !d.say("STARTTLS", "220 2.0.0 Ready to start TLS") {
		return false
	}
	if d.reader.Buffered() > 0 {
		return false // what came before the handshake must not count (RFC 3207, 4.2)
	}
	d.connection = tls.Server(d.connection, d.server.tls)
	d.reader, d.encrypted = bufio.NewReader(d.connection), true
	return true
}

func (d *dialogue) auth(argument string) bool {
	mechanism, initial, _ := strings.Cut(argument, " ")
	var given []string
	switch {
	case !slices.Contains(strings.Fields(d.server.options.Mechanisms), mechanism):
		return d.told("AUTH", "504 5.5.4 Unrecognized authentication type") != ""
	case mechanism == "PLAIN":
		given = strings.Split(decoded(initial), "\x00")
		given = given[min(1, len(given)):]
	case mechanism == "LOGIN":
		for _, challenge := range []string{"Username:", "Password:"} {
			fmt.Fprintf(d.connection, "334 %s\r\n", base64.StdEncoding.EncodeToString([]byte(challenge)))
			line, err := d.line()
			if err != nil {
				return false
			}
			given = append(given, decoded(line))
		}
	}
	if !slices.Equal(given, []string{SMTPUser, SMTPPassword}) {
		return d.told("AUTH", "535 5.7.8 Error: authentication failed: "+initial) != ""
	}
	if d.told("AUTH", "235 2.7.0 Authentication successful") != "235 2.7.0 Authentication successful" {
		return true
	}
	d.user = given[0]
	return true
}

func decoded(text string) string {
	plain, _ := base64.StdEncoding.DecodeString(text) // what is no base64 is no credential either
	return string(plain)
}

func (d *dialogue) from(line string) bool {
	if d.server.options.Mechanisms != "" && d.user == "" {
		return d.told(line, "530 5.7.0 Authentication required") != ""
	}
	address, ok := pathOf(line, "MAIL FROM:")
	if !ok {
		return d.told(line, "501 5.1.7 Bad sender address syntax") != ""
	}
	if reply := d.told(line, "250 2.1.0 Ok"); !strings.HasPrefix(reply, "250") {
		return reply != ""
	}
	d.mail = &Mail{From: address, TLS: d.encrypted, User: d.user}
	return true
}

func (d *dialogue) to(line string) bool {
	address, ok := pathOf(line, "RCPT TO:")
	switch {
	case d.mail == nil:
		return d.told(line, "503 5.5.1 Error: need MAIL command") != ""
	case !ok:
		return d.told(line, "501 5.1.3 Bad recipient address syntax") != ""
	}
	if reply := d.told(line, "250 2.1.5 Ok"); !strings.HasPrefix(reply, "250") {
		return reply != ""
	}
	d.mail.To = append(d.mail.To, address)
	return true
}

// pathOf returns the address between angle brackets behind a prefix.
func pathOf(line, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(line, prefix+"<")
	address, _, closed := strings.Cut(rest, ">")
	return address, ok && closed && strings.Contains(address, "@")
}

func (d *dialogue) data() bool {
	if d.mail == nil || len(d.mail.To) == 0 {
		return d.told("DATA", "503 5.5.1 Error: need RCPT command") != ""
	}
	if reply := d.told("DATA", "354 End data with <CR><LF>.<CR><LF>"); !strings.HasPrefix(reply, "354") {
		return reply != ""
	}
	var content bytes.Buffer
	for {
		line, err := d.reader.ReadBytes('\n')
		if err != nil {
			return false
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			break
		}
		content.Write(bytes.TrimPrefix(line, []byte(".")))
	}
	mail := *d.mail
	mail.Content, d.mail = content.Bytes(), nil
	return d.end(mail)
}

// end takes a mail before it says so, as servers do: when the reply gets lost, the mail is there.
func (d *dialogue) end(mail Mail) bool {
	const usual = "250 2.0.0 Ok: queued"
	reply := d.reply("."+string(mail.Content), usual)
	if reply == usual || reply == SMTPCut {
		d.server.mutex.Lock()
		d.server.mails = append(d.server.mails, mail)
		d.server.mutex.Unlock()
	}
	return d.write(reply) != ""
}
