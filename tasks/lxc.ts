/** Module `lxc`: a container as a chain of tasks, each with its own look at what is there. */
import { type FeatureScript, featureScripts, scriptFile } from '../lib/config/feature-scripts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { bootOrders } from '../lib/config/guests/boot-order.ts'
import { type DeclaredLxc, hasOnlyVolumes } from '../lib/config/guests/lxc.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import { volumesTask } from '../lib/config/lxc-volumes.ts'
import { declaredDriver } from '../lib/config/nvidia.ts'
import { groundOfPath } from '../lib/config/path-ground.ts'
import { type DeclaredZfs, declaredZfs } from '../lib/config/zfs.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Feature } from '../lib/resources/guest/feature.ts'
import { Inside } from '../lib/resources/guest/inside.ts'
import { type DoomedGuest, GuestStopped, GuestThere } from '../lib/resources/guest/orders.ts'
import { ContainerAbsent } from '../lib/resources/lxc/absent.ts'
import { Application, applicationName } from '../lib/resources/lxc/application.ts'
import { BindMounts } from '../lib/resources/lxc/bind-mounts.ts'
import { Container } from '../lib/resources/lxc/container.ts'
import { LxcFinalForm } from '../lib/resources/lxc/final-form.ts'
import { Gpus } from '../lib/resources/lxc/gpus.ts'
import { Health } from '../lib/resources/lxc/health.ts'
import { HostFolder } from '../lib/resources/lxc/host-folder.ts'
import { containerOptions } from '../lib/resources/lxc/options.ts'
import { LxcRestarted } from '../lib/resources/lxc/orders.ts'
import { LxcPower } from '../lib/resources/lxc/power.ts'
import { Protection } from '../lib/resources/lxc/protection.ts'
import { RawLines } from '../lib/resources/lxc/raw.ts'
import { stranger } from '../lib/resources/lxc/refuse.ts'
import { LxcRestart } from '../lib/resources/lxc/restart.ts'
import { RootFs } from '../lib/resources/lxc/rootfs.ts'
import { SubIds } from '../lib/resources/lxc/sub-ids.ts'
import { LxcTemplate } from '../lib/resources/lxc/template.ts'
import { chainTasks, fingerprint, firewallLinks, formOf, type Link, undeclared } from './chain.ts'
import { doomedGuests, powerTask, removal } from './orders.ts'

interface World {
  readonly containers: readonly DeclaredLxc[]
  readonly config: PhxConfig
  readonly zfs: DeclaredZfs
  readonly scripts: ReadonlyMap<string, FeatureScript>
  /** Places in the order of starting, by target. */
  readonly bootOrders: ReadonlyMap<string, number>
  /** Whether there is a task for the driver of the host's GPUs. */
  readonly hasDriver: boolean
  /** Tasks that left a stamp. */
  readonly stamped: ReadonlySet<string>
}

const worldOf = (config: PhxConfig, stamped: readonly string[]): World => {
  const { vms, containers } = declaredGuests(config)
  return {
    config,
    containers,
    zfs: declaredZfs(config),
    scripts: featureScripts(config),
    bootOrders: bootOrders([...vms, ...containers]),
    hasDriver: declaredDriver(config) !== null,
    stamped: new Set(stamped),
  }
}

/** Nothing of a template has to run, unless something is set up in it. */
const isStarted = ({ isTemplate, features, applicationScript, healthCheck }: DeclaredLxc): boolean =>
  !isTemplate || features.length > 0 || applicationScript !== null || healthCheck !== null

function chainOf(lxc: DeclaredLxc, world: World): Link[] {
  const { id, origin, volumes } = lxc
  const afterVolumes = volumes.length > 0 ? [volumesTask(id)] : []
  const mounts = mountsLink(lxc, world, afterVolumes)
  const links: Link[] = [
    {
      name: 'create',
      title: origin?.kind === 'clone' ? `clone of ${origin.ctid}` : 'container',
      needs: [...storageNeeds(lxc, world), ...sourceNeeds(lxc)],
      inputs: {
        origin: origin === null ? null : { ...origin },
        storage: lxc.storage,
        unprivileged: lxc.isUnprivileged,
      },
      resources: [new Container(lxc, world.bootOrders.get(lxc.target) ?? null)],
    },
    configLink(lxc, world),
    ...firewallLinks(lxc, origin?.kind === 'clone' ? origin.ctid : null, world.containers, world.config, world.stamped),
    mounts,
    {
      name: 'start',
      title: isStarted(lxc) ? 'started' : 'protected',
      isOfTheForm: false,
      // A guest is a group: what it ends with is meant.
      needs: [...(mounts.resources.length > 0 ? [] : afterVolumes), ...lxc.needs],
      inputs: {},
      resources: [
        ...(lxc.isProtected ? [new Protection(lxc)] : []),
        ...(isStarted(lxc) ? [new LxcRestart(lxc), new LxcPower(lxc)] : []),
      ],
    },
    ...scriptLinks(lxc, world),
  ]
  const ofVolumes = volumes.map((volume): Value => ({ ...volume }))
  const all = fingerprint([formOf(links), ofVolumes])
  return [...links, healthLink(lxc, all), lastLink(lxc, all)]
}

function configLink(lxc: DeclaredLxc, { bootOrders: places, hasDriver }: World): Link {
  const { name, cores, memoryMb, swapMb, rootGb, cards, nameservers, pctOptions, rawLines, idMaps, gpus } = lxc
  const resources = [
    // Before pct writes the file: it is written only if it is still the one that was looked at.
    new RawLines(lxc),
    containerOptions(lxc, places.get(lxc.target) ?? null),
    ...(rootGb === null ? [] : [new RootFs(lxc, rootGb)]),
    ...(['uid', 'gid'] as const).flatMap((type) =>
      idMaps.some((map) => map.type === type) ? [new SubIds(lxc, type)] : [],
    ),
    new Gpus(lxc),
  ]
  const inputs = {
    ...{ name, cores, memoryMb, swapMb, rootGb, nameservers, gpus },
    ...{ cards: cards.map((card) => ({ ...card })), pctOptions: pctOptions.map((one) => ({ ...one })) },
    ...{ rawLines: rawLines.map((line) => ({ ...line })), idMaps: idMaps.map((map) => ({ ...map })) },
    ...(lxc.firewall?.isEnabled ? { firewall: true } : {}),
  }
  return {
    name: 'config',
    title: 'configuration',
    needs: gpus.length > 0 && hasDriver ? ['nvidia'] : [],
    inputs,
    resources,
  }
}

/** Also once nothing is declared any more, as long as phx has a record of what was. */
function mountsLink(lxc: DeclaredLxc, { zfs, stamped }: World, needs: readonly string[]): Link {
  const { mounts } = lxc
  const grounds = mounts.map(({ hostPath }) => groundOfPath(hostPath, zfs))
  const pools = new Set(grounds.flatMap((ground) => ground?.pool ?? []))
  const isOpen = mounts.length > 0 || stamped.has(`${lxc.target}:mounts`)
  return {
    name: 'mounts',
    title: 'folders of the host',
    needs: [...needs, ...[...pools].map((pool) => `zfs:${pool}`)],
    inputs: { mounts: mounts.map((mount) => ({ ...mount })) },
    resources: isOpen
      ? [...mounts.map((mount, index) => new HostFolder(lxc, mount, grounds[index] ?? null)), new BindMounts(lxc)]
      : [],
  }
}

/** Features in the order in which they are declared, and then the application. */
function scriptLinks(lxc: DeclaredLxc, { scripts }: World): Link[] {
  const declared = lxc.features.flatMap((name) => scripts.get(name) ?? [])
  const application = lxc.applicationScript === null ? null : scriptFile(applicationName, lxc.applicationScript)
  const among = [...declared.map(({ name }) => name), ...(application === null ? [] : [applicationName])]
  return [
    {
      name: 'features',
      title: 'features',
      needs: [],
      inputs: Object.fromEntries(declared.map(({ name, sha256 }) => [name, sha256])),
      resources: declared.map((script) => {
        const feature = { script, timeoutSeconds: lxc.featureTimeoutSeconds, onShare: null, among }
        return new Inside(lxc, new Feature(feature), `run feature ${script.name}`)
      }),
    },
    {
      name: 'application',
      title: 'application',
      needs: [],
      inputs: { script: application === null || 'why' in application ? null : application.sha256 },
      resources: application === null ? [] : [new Application(lxc, application, among)],
    },
  ]
}

/** A check that is new is itself a reason to check. */
function healthLink(lxc: DeclaredLxc, all: string): Link {
  const { healthCheck: check } = lxc
  const inputs = { check: check === null ? null : { ...check } }
  return {
    name: 'health',
    isAfterAll: true,
    title: 'health',
    needs: [],
    inputs,
    resources:
      check === null ? [] : [new Inside(lxc, new Health(check, fingerprint([all, inputs])), 'check its health')],
  }
}

function lastLink(lxc: DeclaredLxc, all: string): Link {
  if (lxc.isTemplate)
    return {
      name: 'template',
      title: 'template',
      needs: [],
      inputs: {},
      resources: [new LxcTemplate(lxc, isStarted(lxc))],
    }
  const { snapshots } = lxc
  const inputs = { of: all, keep: snapshots.keep }
  const link = { name: 'final-form', title: 'final-form snapshot', isAfterAll: true, needs: [], inputs } as const
  return { ...link, resources: snapshots.finalForm ? [new LxcFinalForm(lxc, all)] : [] }
}

const poolOf = (storage: string | null, { storages }: DeclaredZfs): string[] =>
  storages.flatMap((one) => (one.id === storage ? (one.dataset.split('/')[0] ?? []) : []))

/** The pools that its root file system and its template lie on. */
function storageNeeds({ storage, origin }: DeclaredLxc, { zfs }: World): string[] {
  const template = origin?.kind === 'template' ? origin.template : ''
  const ground = template.startsWith('/') ? groundOfPath(template, zfs) : null
  const pools = [...poolOf(storage, zfs), ...poolOf(template.split(':')[0] ?? '', zfs)].map((pool) => `storage:${pool}`)
  return [...new Set(pools), ...(ground === null ? [] : [`zfs:${ground.pool}`])]
}

const sourceNeeds = ({ origin, needs }: DeclaredLxc): string[] =>
  origin?.kind === 'clone' ? needs.filter((target) => target === `lxc:${origin.ctid}`) : []

const tasksOf = (lxc: DeclaredLxc, world: World): Task[] =>
  chainTasks(
    lxc,
    `container ${lxc.id} (${lxc.name})`,
    chainOf(lxc, world),
    lxc.volumes.length > 0 ? [volumesTask(lxc.id)] : [],
  )

export const lxc: TaskModule<PhxConfig> = {
  name: 'lxc',
  expand(config, stamped) {
    const world = worldOf(config, stamped)
    const { containers } = declaredGuests(config)
    const chains = containers.flatMap((one) => (hasOnlyVolumes(one) ? [] : tasksOf(one, world)))
    const named = containers.flatMap(({ id, origin }) => (origin?.kind === 'clone' ? [id, origin.ctid] : [id]))
    return [...chains, ...undeclared('lxc', 'containers that are not declared', named, stamped)]
  },
  orders(verb, config, stamped) {
    if (verb === 'destroy')
      return doomedGuests('lxc', config, stamped).map((doomed) => removalOf(doomed, config, stamped))
    return declaredGuests(config)
      .containers.filter(({ isTemplate }) => !isTemplate)
      .map((one) => {
        const resource = { start: new LxcPower(one), stop: new GuestStopped(one), restart: new LxcRestarted(one) }[verb]
        const there = new GuestThere(one, (conf) => stranger(one, conf))
        return powerTask(verb, one, config, {
          title: `container ${one.id} (${one.name})`,
          resources: [there, resource],
        })
      })
  },
}

function removalOf(doomed: DoomedGuest, config: PhxConfig, stamped: readonly string[]): Task {
  const { id } = doomed
  const volumes = declaredGuests(config).containers.find((one) => one.id === id)?.volumes ?? []
  return removal('lxc', doomed, stamped, {
    title: `container ${id} and its volumes`,
    resources: [new ContainerAbsent({ ...doomed, persistent: volumes.filter(({ isPersistent }) => isPersistent) })],
    forgets: volumesTask(id),
  })
}
