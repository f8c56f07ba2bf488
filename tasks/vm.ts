/** Module `vm`: a virtual machine as a chain of tasks, each with its own look at what is there. */
import { createHash } from 'node:crypto'
import { featureScripts } from '../lib/config/feature-scripts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { bootOrders } from '../lib/config/guests/boot-order.ts'
import type { DeclaredVm } from '../lib/config/guests/vm.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import { declaredNfs } from '../lib/config/nfs.ts'
import { type DeclaredFeatures, declaredFeatures, featuresTask } from '../lib/config/vm-features.ts'
import { declaredZfs } from '../lib/config/zfs.ts'
import type { Order, Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Password } from '../lib/resources/account/password.ts'
import { Feature } from '../lib/resources/guest/feature.ts'
import { Image } from '../lib/resources/guest/image.ts'
import { Injection } from '../lib/resources/guest/injection.ts'
import { Inside } from '../lib/resources/guest/inside.ts'
import { NfsShares } from '../lib/resources/guest/mounts.ts'
import { FinalForm } from '../lib/resources/guest/snapshot.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { VmAbsent } from '../lib/resources/vm/absent.ts'
import { CloudInit } from '../lib/resources/vm/cloud-init.ts'
import { VmDisk } from '../lib/resources/vm/disk.ts'
import { Machine } from '../lib/resources/vm/machine.ts'
import { vmOptions } from '../lib/resources/vm/options.ts'
import { VmRestarted, VmStopped, VmThere } from '../lib/resources/vm/orders.ts'
import { VmPower } from '../lib/resources/vm/power.ts'
import { VmRestart } from '../lib/resources/vm/restart.ts'
import { VmTemplate } from '../lib/resources/vm/template.ts'

/** A link of the chain; one without resources is left out. */
interface Link {
  readonly name: string
  readonly title: string
  readonly needs: readonly string[]
  readonly inputs: { readonly [name: string]: Value }
  readonly resources: readonly Resource[]
}

interface World {
  readonly config: PhxConfig
  /** By target, the last link of a guest's chain: what needs the guest needs this. */
  readonly ends: ReadonlyMap<string, string>
  /** Whether there is a task for the exports of this host. */
  readonly isExporting: boolean
  /** By machine, what the step vm-features makes for it. */
  readonly features: ReadonlyMap<string, DeclaredFeatures>
  /** Places in the order of starting, by target. */
  readonly bootOrders: ReadonlyMap<string, number>
  /** Pools by the id of a declared storage. */
  readonly pools: ReadonlyMap<string, string>
}

function chainOf(vm: DeclaredVm, world: World): Link[] {
  const { id, origin, user, network, shares, injections, snapshots } = vm
  const features = world.features.get(id)
  const wanted = { cores: vm.cores, memory_mb: vm.memoryMb, disk_size_gb: vm.diskGb, bridge: vm.bridge }
  const password = user?.password ?? null
  const around = {
    bootOrder: world.bootOrders.get(vm.target) ?? null,
    vendorSnippet: features?.snippet?.volume ?? null,
  }
  const inside = (resource: Resource, promise: string): Resource => new Inside(vm, resource, promise)
  const links: Link[] = [
    {
      name: 'image',
      title: 'image',
      needs: [],
      inputs: { image: origin === null || origin.kind === 'clone' ? null : { ...origin } },
      resources: origin === null || origin.kind === 'clone' ? [] : [new Image(origin, id)],
    },
    {
      name: 'create',
      title: origin?.kind === 'clone' ? `clone of ${origin.vmid}` : 'machine',
      needs: [...storageNeeds(vm, world), ...sourceNeeds(vm, world)],
      inputs: { origin: origin === null ? null : { ...origin }, storage: vm.storage },
      resources: [new Machine(vm, around)],
    },
    {
      name: 'config',
      title: 'configuration',
      needs: features ? [featuresTask(Number(id))] : [],
      inputs: {
        name: vm.name,
        ...wanted,
        network: { ...network },
        user: user?.name ?? null,
        keys: user?.sshKeys ?? [],
      },
      resources: [vmOptions(vm, around), ...(vm.diskGb === null ? [] : [new VmDisk(vm, vm.diskGb)]), new VmRestart(vm)],
    },
    {
      name: 'agent',
      title: 'started, with its guest agent',
      needs: vm.needs.flatMap((target) => world.ends.get(target) ?? []),
      inputs: {},
      resources: [new VmPower(vm)],
    },
    {
      name: 'cloud-init',
      title: 'cloud-init',
      needs: [],
      inputs: {},
      resources: [
        inside(new CloudInit(vm), 'that cloud-init is through'),
        ...(user === null || password === null
          ? []
          : [inside(new Password(user.name, password), `the password of ${user.name}`)]),
      ],
    },
    {
      name: 'mounts',
      title: 'NFS shares',
      needs: world.isExporting && shares.some(({ isOfThisHost }) => isOfThisHost) ? ['nfs'] : [],
      inputs: { shares: shares.map((share) => ({ ...share })) },
      resources:
        shares.length === 0
          ? []
          : [
              inside(new Packages('nfs-shares', ['nfs-common']), 'that nfs-common is installed'),
              inside(new NfsShares(shares), shares.map(({ guestPath }) => `mount ${guestPath}`).join(', ')),
            ],
    },
    {
      name: 'files',
      title: 'files',
      needs: [],
      inputs: Object.fromEntries(
        injections.map(({ destination, owner, group, mode, source }): [string, Value] => [
          destination,
          { owner, group, mode, source: 'file' in source ? source.file : { ...source.secret } },
        ]),
      ),
      resources: injections.map((one) => inside(new Injection(one), `put ${one.destination} there`)),
    },
    {
      name: 'features',
      title: 'features',
      needs: [],
      inputs: Object.fromEntries(scriptsOf(vm, world).map(({ name, sha256 }) => [name, sha256])),
      resources: scriptsOf(vm, world).map((script) => {
        const onShare = features?.share ? `${features.share.mountPoint}/${script.file}` : null
        const feature = { script, timeoutSeconds: vm.featureTimeoutSeconds, onShare }
        return inside(new Feature(feature), `run feature ${script.name}`)
      }),
    },
  ]
  const all = fingerprint(links)
  if (vm.isTemplate) {
    return [...links, { name: 'template', title: 'template', needs: [], inputs: {}, resources: [new VmTemplate(vm)] }]
  }
  const finalForm = { name: 'final-form', title: 'final-form snapshot', needs: [], inputs: { of: all } }
  return [...links, { ...finalForm, resources: snapshots.finalForm ? [new FinalForm(vm, all)] : [] }]
}

/** Of all that is declared of a guest; no secret is among it. */
function fingerprint(links: readonly Link[]): string {
  const inputs = links.map(({ name, inputs: declared }) => [name, declared])
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16)
}

/** In the order in which they are declared; base_setup is what the first boot does, unless it has a script. */
function scriptsOf({ features }: DeclaredVm, { config }: World) {
  const scripts = featureScripts(config)
  return features.flatMap((name) => scripts.get(name) ?? [])
}

function storageNeeds({ storage }: DeclaredVm, { pools }: World): string[] {
  const pool = storage === null ? undefined : pools.get(storage)
  return pool === undefined ? [] : [`storage:${pool}`]
}

const sourceNeeds = ({ origin }: DeclaredVm, { ends }: World): string[] =>
  origin?.kind === 'clone' ? [ends.get(`vm:${origin.vmid}`) ?? []].flat() : []

function tasksOf(vm: DeclaredVm, world: World): Task[] {
  const links = chainOf(vm, world).filter(({ resources }) => resources.length > 0)
  const idOf = (link: Link): string => `${vm.target}:${link.name}`
  return links.map((link, index) => {
    const before = links[index - 1]
    return {
      id: idOf(link),
      title: `VM ${vm.id} (${vm.name}): ${link.title}`,
      version: 1,
      groups: [vm.target, 'guests'],
      needs: [...new Set([...(before ? [idOf(before)] : []), ...link.needs])],
      inputs: link.inputs,
      resources: link.resources,
    }
  })
}

export const vm: TaskModule<PhxConfig> = {
  name: 'vm',
  expand(config) {
    const { vms, containers } = declaredGuests(config)
    const world: World = {
      config,
      ends: new Map(),
      isExporting: declaredNfs(config).entries.length > 0,
      bootOrders: bootOrders([...vms, ...containers]),
      features: new Map(declaredFeatures(config).map((one) => [String(one.vmid), one])),
      pools: new Map(declaredZfs(config).storages.map((one) => [one.id, one.dataset.split('/')[0] ?? ''])),
    }
    const ends = new Map(
      vms.flatMap((one) =>
        tasksOf(one, world)
          .slice(-1)
          .map(({ id }) => [one.target, id] as const),
      ),
    )
    return vms.flatMap((one) => tasksOf(one, { ...world, ends }))
  },
  orders(verb, config, stamped) {
    const { vms, containers } = declaredGuests(config)
    if (verb === 'destroy') return removals([...vms, ...containers], vms, stamped)
    return vms.filter(({ isTemplate }) => !isTemplate).map((one) => powerTask(verb, one, vms))
  },
}

const removalOf = (target: string): string => `${target}:destroy`

/** `guests` are all that are declared. */
function removals(
  guests: readonly Pick<DeclaredVm, 'target' | 'id' | 'needs'>[],
  vms: readonly DeclaredVm[],
  stamped: readonly string[],
): Task[] {
  const made = stamped.flatMap((task) => /^vm:(\d+):/.exec(task)?.[1] ?? [])
  return [...new Set([...vms.map(({ id }) => id), ...made])].map((id): Task => {
    const target = `vm:${id}`
    const declared = vms.find((one) => one.id === id)
    const dependants = guests.filter(({ needs }) => needs.includes(target)).map((one) => one.target)
    const doomed = {
      id,
      shutdownTimeoutSeconds: declared?.shutdownTimeoutSeconds ?? 120,
      isProtected: declared?.isProtected ?? false,
      dependants,
    }
    return {
      id: removalOf(target),
      title: `VM ${id} and its disks`,
      version: 1,
      groups: [target],
      // Those that hang on it go first.
      needs: dependants.filter((other) => vms.some((one) => one.target === other)).map(removalOf),
      inputs: {},
      resources: [new VmAbsent(doomed)],
      forgets: stamped.filter((task) => task.startsWith(`${target}:`)),
    }
  })
}

/** A start goes down to what is needed, a stop up to what needs it; templates have nothing to do with either. */
function powerTask(verb: Exclude<Order, 'destroy'>, one: DeclaredVm, vms: readonly DeclaredVm[]): Task {
  const others = vms.filter(({ target, needs, isTemplate }) => {
    if (isTemplate || verb === 'restart') return false
    return verb === 'start' ? one.needs.includes(target) : needs.includes(one.target)
  })
  const resource = { start: new VmPower(one), stop: new VmStopped(one), restart: new VmRestarted(one) }[verb]
  return {
    id: `${one.target}:${verb}`,
    title: `VM ${one.id} (${one.name})`,
    version: 1,
    groups: [one.target, 'guests'],
    needs: others.map(({ target }) => `${target}:${verb}`),
    inputs: {},
    resources: [new VmThere(one), resource],
    // An order leaves nothing that would have to be kept.
    forgets: [],
  }
}
