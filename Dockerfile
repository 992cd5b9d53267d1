# claude-proxy: one static binary in an image with nothing else, run as nobody, with a read-only root.
#
#   docker build -t claude-proxy .
#   docker run --read-only -p 127.0.0.1:3000:3000 -e PROXY_ACCESS_KEY -v claude-proxy:/config claude-proxy
#
# /config holds plugins.yaml, .env, plugins/*.wasm and what the proxy keeps. Mount the folder and not the single file:
# configuration is saved by renaming, which a mounted file does not allow.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION .ci/image /rootfs

FROM scratch
COPY --from=build /rootfs /
LABEL org.opencontainers.image.title="claude-proxy" \
      org.opencontainers.image.description="Speaks the Claude Messages API to clients and any provider's API to upstreams" \
      org.opencontainers.image.licenses="MIT"
USER 65532:65532
WORKDIR /config
VOLUME /config
# In a container every peer comes from outside, so the proxy listens on all addresses there and therefore needs a client key.
ENV HOST=0.0.0.0 PORT=3000 HOME=/config
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/usr/bin/claude-proxy", "healthcheck"]
ENTRYPOINT ["/usr/bin/claude-proxy"]
