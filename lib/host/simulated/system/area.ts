/** The system itself: packages, units, kernel parameters, name, time, locale. */
import type { Area } from '../area.ts'
import { makeFolders, parentOf, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { aptCache, aptGet, aptMark } from './apt.ts'
import { baseFiles, basePackages, baseUnits } from './base.ts'
import { allPackages } from './catalogue.ts'
import { dpkg, dpkgQuery } from './dpkg.ts'
import { getent, hostnamectl, locale, localeGen, timedatectl } from './identity.ts'
import { setUp } from './install.ts'
import { bootKernel, firstKernel, kernelFile, proxmoxBootTool, uname, updateInitramfs } from './kernel.ts'
import { fuser, holdLock, procLocks, releaseLock } from './locks.ts'
import { setParameter, sysctl } from './parameters.ts'
import { curl, env, sh } from './shell.ts'
import { systemOf } from './state.ts'
import { systemctl } from './systemctl.ts'
import { advance, systemdRun, unload } from './transient.ts'
import { startAtBoot } from './units.ts'

function seed(state: SimState): void {
  for (const [path, content] of Object.entries(baseFiles)) {
    makeFolders(state, path.endsWith('/') ? path.slice(0, -1) : parentOf(path))
    if (!path.endsWith('/')) writeText(state, path, content)
  }
  state.symlinks = {
    ...state.symlinks,
    '/etc/localtime': '/usr/share/zoneinfo/Etc/UTC',
    '/etc/default/locale': '/etc/locale.conf',
  }
  systemOf(state).kernel = firstKernel
}

function publish(state: SimState, [name, version]: readonly string[]): string | null {
  if (name === undefined || version === undefined) return 'publish PACKAGE VERSION'
  const system = systemOf(state)
  system.published = { ...system.published, [name]: version }
  return null
}

/** The configuration of a package was cut short: its postinst failed or the machine stopped. */
function halfConfigure(state: SimState, [name = '']: readonly string[]): string | null {
  const known = state.packages?.[name]
  if (!known) return `${name} is not installed`
  known.status = 'half-configured'
  return null
}

export const system: Area = {
  tools: {
    'apt-cache': aptCache,
    'apt-get': aptGet,
    'apt-mark': aptMark,
    bash: sh,
    curl,
    dpkg,
    'dpkg-query': dpkgQuery,
    env,
    fuser,
    getent,
    hostnamectl,
    locale,
    'locale-gen': localeGen,
    'proxmox-boot-tool': proxmoxBootTool,
    sh,
    sysctl,
    systemctl,
    'systemd-run': systemdRun,
    timedatectl,
    uname,
    'update-initramfs': updateInitramfs,
  },
  packages: basePackages,
  units: baseUnits,
  virtualFile: (state, path) => (path === '/proc/locks' ? procLocks(state) : kernelFile(state, path)),
  writeVirtual: setParameter,
  seed,
  boot(state) {
    for (const job of state.jobs ?? []) unload(state, job)
    bootKernel(state)
    delete systemOf(state).lastPid
    // pmxcfs makes the folder of its node when it starts.
    if (state.files['/etc/pve/nodes'] !== undefined)
      for (const kind of ['lxc', 'qemu-server']) makeFolders(state, `/etc/pve/nodes/${state.hostname}/${kind}`)
  },
  tick: advance,
  events: {
    'hold-lock': holdLock,
    'release-lock': releaseLock,
    publish,
    'half-configure': halfConfigure,
    serve(state, [url = ''], stdin) {
      systemOf(state).served = { ...state.system?.served, [url]: stdin }
      return null
    },
  },
}

/** Comes after the others: sets up the packages of a fresh host when all files are there, and starts units when all else has booted. */
export const init: Area = {
  seed(state) {
    for (const [name, { preinstalled }] of allPackages()) if (preinstalled) setUp(state, name)
  },
  boot: startAtBoot,
}
