/** Module `initial-setup`: the host itself, from its repositories to its kernel. One task. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredSystem, declaredSystem, declaresSystem } from '../lib/config/initial-setup.ts'
import type { Resource, Step, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { OwnedFile } from '../lib/resources/file/owned-file.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { ArcLimit } from '../lib/resources/system/arc.ts'
import { HostName } from '../lib/resources/system/hostname.ts'
import { HostsEntry } from '../lib/resources/system/hosts.ts'
import { Interfaces } from '../lib/resources/system/interfaces.ts'
import { Kernel } from '../lib/resources/system/kernel.ts'
import { Locale } from '../lib/resources/system/locale.ts'
import { Repositories } from '../lib/resources/system/repositories.ts'
import { ResolvConf } from '../lib/resources/system/resolv-conf.ts'
import { SysctlNow, sysctlFile, sysctlLines } from '../lib/resources/system/sysctl.ts'
import { TimeZone } from '../lib/resources/system/timezone.ts'
import { Upgrade } from '../lib/resources/system/upgrade.ts'
import { Unit } from '../lib/resources/unit/unit.ts'

const name = 'initial-setup'

const isBuiltIn = (locale: string | undefined): boolean => /^(C|POSIX|C\.UTF-8)$/.test(locale ?? 'C')

/** Those that are declared, and those that what is declared needs. */
const packagesOf = ({ packages, locale, ntpServers }: DeclaredSystem): string[] => [
  ...packages,
  ...(isBuiltIn(locale) ? [] : ['locales']),
  ...(ntpServers === undefined ? [] : ['chrony']),
]

const forceIpv4 = (on: boolean): Resource =>
  new OwnedFile({
    path: '/etc/apt/apt.conf.d/99phx-force-ipv4',
    lines: on ? ['Acquire::ForceIPv4 "true";'] : null,
    section: 'host.force_ipv4',
    mode: 0o644,
    comment: '//',
  })

/** Does nothing where chrony does not run; its unit comes after. */
const readSourcesAnew: Step = { kind: 'command', argv: ['systemctl', 'try-restart', 'chrony.service'] }

const timeServers = (servers: readonly string[]): Resource =>
  new OwnedFile({
    path: '/etc/chrony/sources.d/phx.sources',
    lines: servers.length === 0 ? null : servers.map((server) => `server ${server} iburst`),
    section: 'host.ntp_servers',
    mode: 0o644,
    after: [readSourcesAnew],
  })

const settings = (sysctl: DeclaredSystem['sysctl']): Resource =>
  new OwnedFile({
    path: sysctlFile,
    lines: Object.keys(sysctl).length === 0 ? null : sysctlLines(sysctl),
    section: 'host.sysctl',
    mode: 0o644,
  })

function resourcesOf(system: DeclaredSystem): Resource[] {
  const { hostname, domain, interfaces, timezone, locale, dns, ntpServers, sysctl, arcMax } = system
  const address = interfaces[0]?.address.replace(/\/.*/, '')
  const packages = packagesOf(system)
  return [
    forceIpv4(system.forceIpv4),
    new Repositories(system.repositories),
    ...(packages.length > 0 ? [new Packages(name, packages)] : []),
    new Upgrade(system.upgrade),
    // Before the name is put at the new address in /etc/hosts.
    ...(interfaces.length === 0 ? [] : [new Interfaces(interfaces)]),
    ...(hostname === undefined ? [] : [new HostName(hostname)]),
    ...(hostname === undefined && address === undefined ? [] : [new HostsEntry({ name: hostname, domain, address })]),
    ...(timezone === undefined ? [] : [new TimeZone(timezone)]),
    timeServers(ntpServers ?? []),
    ...(ntpServers === undefined ? [] : [new Unit({ name: 'chrony.service', on: true })]),
    ...(locale === undefined ? [] : [new Locale(locale)]),
    ...(dns === undefined ? [] : [new ResolvConf(dns)]),
    new ArcLimit(arcMax),
    settings(sysctl),
    ...(Object.keys(sysctl).length === 0 ? [] : [new SysctlNow(sysctl)]),
    new Kernel(),
  ]
}

/** What is not declared is no input: nothing that could be taken away. */
const stated = (values: Readonly<Record<string, Value | undefined>>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, Value][] => (value === undefined ? [] : [[name, value]])),
  )

function inputsOf({ repositories, interfaces, dns, packages, ...rest }: DeclaredSystem): Record<string, Value> {
  const { proxmox, ceph, extra } = repositories
  return stated({
    ...rest,
    proxmox,
    ceph,
    'extra repositories': extra.map((one) => stated({ ...one })),
    packages: [...packages].sort(),
    interfaces: interfaces.map((one) => stated({ ...one })),
    dns: dns && stated({ ...dns }),
  })
}

const taskOf = (system: DeclaredSystem): Task => ({
  id: name,
  title: 'the host itself: repositories, packages, name, time, kernel',
  version: 1,
  groups: ['setup'],
  needs: [],
  inputs: inputsOf(system),
  resources: resourcesOf(system),
})

export const initialSetup: TaskModule<PhxConfig> = {
  name,
  expand(config, orphans) {
    // With nothing declared phx's own files go.
    const isWanted = declaresSystem(config) || orphans.includes(name)
    return isWanted ? [taskOf(declaredSystem(config))] : []
  },
}
