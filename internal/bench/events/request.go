package events

import "strconv"

// What requests are made of.
var (
	methods = [...]string{"GET", "GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD"}
	paths   = [...]string{
		"/api/v1/orders?page=", "/api/v1/orders/", "/api/v1/users/", "/search?q=log+shipping&start=", "/static/js/app.9f2b.js?v=",
		"/caf%C3%A9/", "/login?next=%2Faccount%2F", "/images/products/", "/api/v2/metrics?since=", "/cart/",
	}
	referrers = [...]string{
		"-", "-", "-", "https://www.google.com/", "https://www.example.com/search?q=log+shipping",
		"https://news.example.org/item?id=3327597", "https://shop.example.com/cart",
	}
	browsers = [...]string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
		"Go-http-client/2.0", "python-requests/2.32.3", "curl/8.5.0",
	}
	successes = [...]int{200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 206, 301, 302, 304, 304, 403, 404}
	failures  = [...]int{500, 502, 503, 503, 504}
	frames    = [...]string{
		`\n\tat com.example.orders.OrderController.get(OrderController.java:`,
		`\n\tat com.example.orders.OrderRepository.findById(OrderRepository.java:`,
		`\n\tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:`,
		`\n\tat org.apache.catalina.core.ApplicationFilterChain.internalDoFilter(ApplicationFilterChain.java:`,
		`\n\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:`,
		`\n\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:`,
		`\n\tat org.postgresql.jdbc.PgPreparedStatement.executeQuery(PgPreparedStatement.java:`,
		`\nCaused by: java.sql.SQLTransientConnectionException: order-pool - Connection is not available, timed out after `,
	}
)

// filling is longer than any line of a stack trace.
const filling = ` upstream=10.12.7.43:8080 cache=MISS tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 zone=eu-central-1b pool=default ` +
	`server=www.example.com gzip=-`

// draw decides what the next event says.
func (g *Generator) draw() {
	chance := g.random.Uint64()
	take := func(among int) int {
		taken := int(chance % uint64(among))
		chance /= uint64(among)
		return taken
	}
	r := &g.now
	r.method, r.path = methods[take(len(methods))], paths[take(len(paths))]
	r.referrer, r.browser = referrers[take(len(referrers))], browsers[take(len(browsers))]
	r.bytes, r.status = take(90_000), successes[take(len(successes))]
	if float64(g.random.Uint64()>>11)*0x1p-53 < g.options.Failures {
		r.status = failures[r.bytes%len(failures)]
	}
	chance = g.random.Uint64()
	r.number = take(10_000_000)
	r.host = appendHost(r.host[:0], g.options.FirstHost+take(g.options.Hosts))
	r.address = appendAddress(r.address[:0], g.count%int64(g.options.Keys)*g.stride%int64(g.options.Keys))
	r.line = g.offset
	g.count++
}

// appendHost appends the name of a host.
func appendHost(dst []byte, number int) []byte {
	dst = append(dst, "web-"...)
	for digit := 10000; digit > 0; digit /= 10 {
		dst = append(dst, '0'+byte(number/digit%10))
	}
	return dst
}

// appendAddress appends the address of a client, another one for each number below 2^32.
func appendAddress(dst []byte, key int64) []byte {
	scattered := uint32(key) * 2654435761 // odd, so no two keys meet
	for shift := 24; shift >= 0; shift -= 8 {
		dst = strconv.AppendUint(dst, uint64(scattered>>shift&0xff), 10)
		if shift > 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}

// appendPath appends what was asked for.
func (g *Generator) appendPath(dst []byte) []byte {
	return strconv.AppendInt(append(dst, g.now.path...), int64(g.now.number), 10)
}

// appendLine appends nginx's line as a part of a JSON string, and takes note of where the next one begins.
func (g *Generator) appendLine(dst []byte) []byte {
	r, begin := &g.now, len(dst)
	if g.members[0].kind == metadata {
		dst = append(append(dst, r.address...), ` - - [`...)
		dst = append(append(dst, g.clock...), `] \"`...)
	}
	dst = append(append(dst, r.method...), ' ')
	dst = g.appendPath(dst)
	if g.members[0].kind == metadata {
		dst = append(dst, ` HTTP/2.0\" `...)
		dst = append(strconv.AppendInt(dst, int64(r.status), 10), ' ')
		dst = append(strconv.AppendInt(dst, int64(r.bytes), 10), ` \"`...)
		dst = append(append(dst, r.referrer...), `\" \"`...)
		dst = append(append(dst, r.browser...), `\"`...)
	}
	dst = g.appendPadding(dst)
	g.offset += int64(len(dst) - begin)
	return dst
}

// appendPadding appends what makes the event as large as it shall be: a stack trace, and where there is no room for a line of
// it, what is always the same.
func (g *Generator) appendPadding(dst []byte) []byte {
	const longest = 128
	end := len(dst) + g.padding
	for len(dst)+longest < end {
		chance := g.random.Uint64()
		dst = append(dst, frames[chance%uint64(len(frames))]...)
		dst = append(strconv.AppendUint(dst, chance>>32%2000, 10), ')')
	}
	return append(dst, filling[:max(0, end-len(dst))]...)
}
