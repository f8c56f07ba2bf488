#!/bin/bash
# Docker with its compose plugin from the distribution's own archive (Debian 13, Ubuntu 24.04), started at boot.
# phx-check: test -x /usr/bin/docker
# phx-check: systemctl is-active docker.service
# phx-check: systemctl is-enabled docker.service
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# Another apt of the first boot is waited for.
apt_get() { apt-get -y -o DPkg::Lock::Timeout=300 "$@"; }
has() { apt-cache show "$1" >/dev/null 2>&1; }

apt_get update
packages=(docker.io)
# Debian has the client in a package of its own, and calls compose otherwise than Ubuntu does.
if has docker-cli; then packages+=(docker-cli); fi
if has docker-compose-v2; then packages+=(docker-compose-v2); else packages+=(docker-compose); fi
apt_get install --no-install-recommends "${packages[@]}"
systemctl enable --now docker.service
docker version --format 'Docker {{.Server.Version}}'
