/** Module `vm`: a virtual machine as a chain of tasks, each with its own look at what is there. */
import { featureScripts } from '../lib/config/feature-scripts.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { bootOrders } from '../lib/config/guests/boot-order.ts'
import { type DeclaredInjection, sumOf } from '../lib/config/guests/files.ts'
import type { DeclaredVm } from '../lib/config/guests/vm.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import { declaredNfs } from '../lib/config/nfs.ts'
import { describeSecret } from '../lib/config/secrets.ts'
import { type DeclaredFeatures, declaredFeatures, featurePlaces, featuresTask } from '../lib/config/vm-features.ts'
import { declaredZfs } from '../lib/config/zfs.ts'
import type { Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { Password } from '../lib/resources/account/password.ts'
import { Feature } from '../lib/resources/guest/feature.ts'
import { Image } from '../lib/resources/guest/image.ts'
import { Injection } from '../lib/resources/guest/injection.ts'
import { Inside } from '../lib/resources/guest/inside.ts'
import { NfsShares } from '../lib/resources/guest/mounts.ts'
import { type DoomedGuest, GuestStopped, GuestThere } from '../lib/resources/guest/orders.ts'
import { FinalForm } from '../lib/resources/guest/snapshot.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { VmAbsent } from '../lib/resources/vm/absent.ts'
import { CloudInit } from '../lib/resources/vm/cloud-init.ts'
import { CloudInitDrive } from '../lib/resources/vm/cloud-init-drive.ts'
import { VmDisk } from '../lib/resources/vm/disk.ts'
import { Machine } from '../lib/resources/vm/machine.ts'
import { vmOptions } from '../lib/resources/vm/options.ts'
import { VmRestarted } from '../lib/resources/vm/orders.ts'
import { VmPower } from '../lib/resources/vm/power.ts'
import { stranger } from '../lib/resources/vm/refuse.ts'
import { VmRestart } from '../lib/resources/vm/restart.ts'
import { VmTemplate } from '../lib/resources/vm/template.ts'
import { FeaturesGone } from '../lib/resources/vm-features/gone.ts'
import { chainTasks, fingerprint, firewallLinks, formOf, type Link, undeclared } from './chain.ts'
import { doomedGuests, powerTask, removal } from './orders.ts'

interface World {
  readonly vms: readonly DeclaredVm[]
  readonly config: PhxConfig
  /** Whether there is a task for the exports of this host. */
  readonly isExporting: boolean
  /** By machine, what the step vm-features makes for it. */
  readonly features: ReadonlyMap<string, DeclaredFeatures>
  /** Places in the order of starting, by target. */
  readonly bootOrders: ReadonlyMap<string, number>
  /** Pools by the id of a declared storage. */
  readonly pools: ReadonlyMap<string, string>
  /** Tasks that left a stamp. */
  readonly stamped: ReadonlySet<string>
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
  const scripts = scriptsOf(vm, world)
  const among = scripts.map(({ name }) => name)
  const inside = (resource: Resource, promise: string): Resource => new Inside(vm, resource, promise)
  const links: Link[] = [
    {
      name: 'image',
      title: 'image',
      isOfTheForm: false,
      needs: [],
      inputs: { image: origin === null || origin.kind === 'clone' ? null : { ...origin } },
      resources: origin === null || origin.kind === 'clone' ? [] : [new Image(origin, id)],
    },
    {
      name: 'create',
      title: origin?.kind === 'clone' ? `clone of ${origin.vmid}` : 'machine',
      needs: [...storageNeeds(vm, world), ...sourceNeeds(vm)],
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
        mac_address: vm.macAddress,
        searchdomain: vm.searchDomain,
        user: user?.name ?? null,
        keys: [...(user?.sshKeys ?? [])].sort(),
        start: { at_boot: vm.startsAtBoot, order: vm.bootOrder ?? around.bootOrder, delay: vm.bootDelaySeconds },
        protected: vm.isProtected,
        vendor: around.vendorSnippet,
        ...(vm.firewall?.isEnabled ? { firewall: true } : {}),
      },
      resources: [
        vmOptions(vm, around),
        ...(vm.diskGb === null ? [] : [new VmDisk(vm, vm.diskGb)]),
        new CloudInitDrive(vm),
        new VmRestart(vm),
      ],
    },
    ...firewallLinks(vm, origin?.kind === 'clone' ? origin.vmid : null, world.vms, world.config, world.stamped),
    {
      name: 'agent',
      title: 'started, with its guest agent',
      isOfTheForm: false,
      // A guest is a group: what it ends with is meant, be it a container's.
      needs: vm.needs,
      inputs: {},
      resources: [new VmPower(vm)],
    },
    {
      name: 'cloud-init',
      title: 'cloud-init',
      needs: [],
      inputs: password === null ? {} : { password: describeSecret(password) },
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
      inputs: { shares: Object.fromEntries(shares.map(({ guestPath, ...share }) => [guestPath, share])) },
      // Also once none is declared any more, as long as phx has a record of some.
      resources:
        shares.length === 0 && !world.stamped.has(`${vm.target}:mounts`)
          ? []
          : [
              ...(shares.length === 0
                ? []
                : [inside(new Packages('nfs-shares', ['nfs-common']), 'that nfs-common is installed')]),
              inside(
                new NfsShares(shares, `vm-${id}`),
                shares.map(({ guestPath }) => `mount ${guestPath}`).join(', ') || 'that no share is mounted',
              ),
            ],
    },
    {
      name: 'files',
      title: 'files',
      needs: [],
      inputs: Object.fromEntries(injections.map((one) => [one.destination, injectionInput(one, world.config)])),
      resources: injections.map((one) => inside(new Injection(one), `put ${one.destination} there`)),
    },
    {
      name: 'features',
      title: 'features',
      needs: [],
      inputs: Object.fromEntries(scripts.map(({ name, sha256 }) => [name, sha256])),
      resources: scripts.map((script) => {
        const onShare = features?.share ? `${features.share.mountPoint}/${script.file}` : null
        const feature = { script, timeoutSeconds: vm.featureTimeoutSeconds, onShare, among }
        return inside(new Feature(feature), `run feature ${script.name}`)
      }),
    },
  ]
  const all = fingerprint(formOf(links))
  if (vm.isTemplate) {
    return [...links, { name: 'template', title: 'template', needs: [], inputs: {}, resources: [new VmTemplate(vm)] }]
  }
  return [
    ...links,
    {
      name: 'final-form',
      title: 'final-form snapshot',
      isAfterAll: true,
      needs: [],
      inputs: { of: all, keep: snapshots.keep },
      resources: snapshots.finalForm ? [new FinalForm(vm, all)] : [],
    },
  ]
}

/** A file by what is in it, wherever it lies; a secret by where it is kept, whatever it is. */
function injectionInput({ owner, group, mode, source }: DeclaredInjection, config: PhxConfig): Value {
  const content = 'file' in source ? (sumOf(config, source.file) ?? source.file) : describeSecret(source.secret)
  return { owner, group, mode, content }
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

const sourceNeeds = ({ origin, needs }: DeclaredVm): string[] =>
  origin?.kind === 'clone' ? needs.filter((target) => target === `vm:${origin.vmid}`) : []

export const vm: TaskModule<PhxConfig> = {
  name: 'vm',
  expand(config, orphans) {
    const { vms, containers } = declaredGuests(config)
    const world: World = {
      vms,
      config,
      isExporting: declaredNfs(config).entries.length > 0,
      bootOrders: bootOrders([...vms, ...containers]),
      features: new Map(declaredFeatures(config).map((one) => [String(one.vmid), one])),
      pools: new Map(declaredZfs(config).storages.map((one) => [one.id, one.dataset.split('/')[0] ?? ''])),
      stamped: new Set(orphans),
    }
    const chains = vms.flatMap((one) => chainTasks(one, `VM ${one.id} (${one.name})`, chainOf(one, world)))
    const named = vms.flatMap(({ id, origin }) => (origin?.kind === 'clone' ? [id, origin.vmid] : [id]))
    return [...chains, ...undeclared('vm', 'VMs that are not declared', named, orphans)]
  },
  orders(verb, config, stamped) {
    if (verb === 'destroy')
      return doomedGuests('vm', config, stamped).map((doomed) => removalOf(doomed, config, stamped))
    return declaredGuests(config)
      .vms.filter(({ isTemplate }) => !isTemplate)
      .map((one) => {
        const resource = { start: new VmPower(one), stop: new GuestStopped(one), restart: new VmRestarted(one) }[verb]
        const there = new GuestThere(one, (conf) => stranger(one, { ...conf, id: one.id }))
        return powerTask(verb, one, config, { title: `VM ${one.id} (${one.name})`, resources: [there, resource] })
      })
  },
}

function removalOf(doomed: DoomedGuest, config: PhxConfig, stamped: readonly string[]): Task {
  const id = Number(doomed.id)
  const declared = declaredGuests(config).vms.find((one) => one.id === doomed.id)
  const places = featurePlaces(config, id)
  return removal('vm', doomed, stamped, {
    title: `VM ${id} and its disks`,
    resources: [
      new VmAbsent({ ...doomed, persistent: declared?.persistentDisks ?? [] }),
      ...(places === null ? [] : [new FeaturesGone(id, places)]),
    ],
    forgets: featuresTask(id),
  })
}
