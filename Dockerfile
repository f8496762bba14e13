# logboom in an image that holds one static binary, the authorities of public certificates, and a configuration to begin with.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X github.com/logboom/logboom/internal/app.version=${VERSION}" \
      -o /out/logboom ./cmd/logboom \
 && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/logboom /logboom
COPY --from=build --chown=65532:65532 /out/data /var/lib/logboom
COPY examples/docker/logboom.yml /etc/logboom/logboom.yml
# A logboom.yml in the working directory is the configuration of every command: mount your own over this one.
WORKDIR /etc/logboom
USER 65532:65532
VOLUME ["/var/lib/logboom"]
# Lumberjack; health and metrics.
EXPOSE 5044 9600
# SIGTERM, the default, makes it finish what it received. That can take 25 s: give `docker stop` 30.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/logboom", "health"]
ENTRYPOINT ["/logboom"]
CMD ["run"]
