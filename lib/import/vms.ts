/** Virtual machines: phoenix_vm_configs.json, or the same inside the hypervisor's file until 28 September. */
import { readGuestFirewall } from './firewall.ts'
import { type GuestReader, readDependencies, readStorage } from './guests.ts'
import type { Old } from './old.ts'
import type { Fields } from './read.ts'

const VM = 'guests.vms[]'

export function readVmDefaults(guests: GuestReader, old: Old): Fields | undefined {
  const { reader } = guests
  return reader.fields(old, 'guests.vm_defaults', {
    storage_pool: (one) => readStorage(guests, one),
    disk_size_gb: (one) => neverApplied(guests, one),
  })
}

export function readVm(guests: GuestReader, vm: Old): Fields | undefined {
  const { reader } = guests
  if (vm.isObject && !vm.get('vmid').isPresent) {
    return reader.report.leavesOut(vm, 'this VM has no vmid, so no script could make it', 'add "vmid", from 100 on')
  }
  const made = reader.fields(vm, VM, {
    storage_pool: (old) => readStorage(guests, old),
    disk_size_gb: (old) => neverApplied(guests, old),
    dependencies: (old) => readDependencies(guests, old),
    network_config: (old) => readNetwork(guests, old, vm),
    user_config: (old) => readUser(guests, old, vm),
    snapshots: (old) =>
      reader.report.dropped(old, 'the script asked for other names, so no snapshot was ever found or made'),
    docker_stacks: (old) => readStacks(guests, old),
    firewall: (old) => readGuestFirewall(reader, old, `${VM}.firewall`),
  })
  return made
}

/** The scripts resized a disk to 32 GB, whatever was declared; phx would grow it to what is. */
function neverApplied({ reader }: GuestReader, old: Old): undefined {
  const message =
    'no script ever applied this size; phx would grow the disk to it, and refuse one that is larger already'
  return reader.report.leavesOut(
    old,
    message,
    'qm config ID shows the real size: write that, or the one that is wanted',
  )
}

function readNetwork({ reader }: GuestReader, old: Old, vm: Old): Fields | undefined {
  const { report } = reader
  const made = reader.fields(old, `${VM}.network_config`, { nameservers: (list) => reader.words(list) })
  if (made === undefined) return undefined
  const misplaced = vm.get('user_config', 'gw')
  if (!misplaced.isPresent) return made
  made.gw ??= misplaced.value
  if (made.gw === misplaced.value) report.normalised(misplaced, 'user_config.gw', 'network_config.gw')
  else report.leavesOut(misplaced, 'network_config names another gateway', 'keep the one that is meant')
  return made
}

function readUser({ reader }: GuestReader, old: Old, vm: Old): Fields | undefined {
  return reader.fields(old, `${VM}.user_config`, {
    // With the network, where it belongs.
    gw: () => undefined,
    password: (password) => {
      if (password.isObject) return reader.value(password, `${VM}.user_config.password`)
      if (!reader.report.secrets.isAt(password)) return undefined
      return reader.report.secrets.reference(password, `vm-${String(vm.get('vmid').value)}-password`)
    },
  })
}

/** A stack was a name, and later a name with an environment. */
function readStacks({ reader }: GuestReader, old: Old): undefined {
  const stacks = old.items().map((stack) => {
    const name = stack.text ?? stack.get('name').text ?? '?'
    return `${name} (${stack.get('environment').text ?? 'production'})`
  })
  reader.report.unmanaged(old, `phx does not manage stacks: ${stacks.join(', ')}`)
}
