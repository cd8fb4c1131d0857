# One image for all roles; the role is the command: `start` (all in one), `worker`, `cron` or `serve`.
# It runs as uid 1000 and writes to /data only, so the root file system may be read-only. Give a container as long to
# stop as it may need to finish what is under way (stop_grace_period, terminationGracePeriodSeconds): 40 seconds, `start` 60.
ARG NODE_VERSION=22

FROM node:${NODE_VERSION}-bookworm AS build
# Where no compiled better-sqlite3 can be fetched it is built here, with the headers that this image has.
ENV npm_config_nodedir=/usr/local
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-bookworm-slim
WORKDIR /app
COPY package.json ./
COPY drizzle ./drizzle
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir -m 700 /data && chown 1000:1000 /data
# METRICS_PORT is where `worker` and `cron` answer for their health; `start` and `serve` do on HTTP_PORT.
ENV DATA_DIR=/data HTTP_HOST=0.0.0.0 HTTP_PORT=3000 METRICS_PORT=9464
USER 1000:1000
VOLUME /data
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "--input-type=module", "--eval", "const look = async (port) => { const { ok, status } = await fetch(`http://127.0.0.1:${port}/healthz`); if (!ok) throw new Error(`healthz says ${status}`) }; const { HTTP_PORT, METRICS_PORT } = process.env; await Promise.any([HTTP_PORT, METRICS_PORT].map(look))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["start"]
