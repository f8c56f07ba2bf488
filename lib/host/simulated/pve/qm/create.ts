/** `qm create`: a new machine with new drives; without options it has none (qm.jsonl, group "create"). */
import { NotSimulated } from '../../tool.ts'
import { requireFree } from '../guest-machine.ts'
import type { Parameters } from '../options.ts'
import { printKeys } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { confOf, newMachine, type VirtualMachine, writeMachine } from './config.ts'
import { bootKeys } from './device-keys.ts'
import { createDisks } from './disks.ts'
import { checkDrives, checkStorages, resolveCdrom } from './drive-checks.ts'
import { drivesOf, isCdrom, isDrive } from './drives.ts'
import type { VmMachine } from './machine.ts'
import { joinPool, requirePool } from './pools.ts'
import { startMachine } from './power.ts'
import { settable } from './schema.ts'
import { clampedUnits, newUuid, requireMachine, sshKeysFrom, tagsOf, withAddress } from './settings.ts'
import { inTask } from './task.ts'
import type { QmCall, QmVerb } from './verb.ts'

const flag = { kind: 'boolean' } as const
const text = { kind: 'string' } as const

/** What `create` takes and a configuration doesn't have. */
const ownOptions = {
  archive: text,
  bwlimit: { kind: 'integer', minimum: 0 },
  force: flag,
  'ha-managed': flag,
  'import-working-storage': text,
  'live-restore': flag,
  pool: text,
  start: flag,
  storage: text,
  unique: flag,
} as const

/** The version that new machines note down. */
const emulatorVersion = '10.1.2'

export const createVerb: QmVerb = {
  parameters: { ...settable, ...ownOptions },
  work: (call) => {
    const { machine, vmid, given } = call
    sshKeysFrom(call)
    const own = takeOwn(given)
    const pool = own.get('pool')
    if (pool !== undefined) requirePool(machine, pool)
    const storage = own.get('storage')
    resolveCdrom(given)
    checkStorages(call, storage)
    checkDrives(call)
    for (const [name, value] of given) given.set(name, settled(machine, name, value))
    inTask(call, (task) => {
      try {
        requireFree(machine, vmid)
        // The number is taken from here on (PVE::API2::Qemu, create_and_lock_config).
        machine.writeFile(confOf(vmid), 'lock: create\n', 0o640)
        writeMachine(machine, vmid, built(task, storage))
      } catch (error) {
        if (error instanceof Refusal) throw new Refusal(`unable to create VM ${vmid} - ${error.message}`)
        throw error
      }
      if (pool !== undefined) joinPool(machine, vmid, pool)
      if (own.get('start') !== '1') return
      task.voice.out('Execute autostart\n')
      startMachine(task)
    })
  },
}

function takeOwn(given: Parameters): Parameters {
  const own: Parameters = new Map()
  for (const name of Object.keys(ownOptions)) {
    const value = given.get(name)
    if (value !== undefined) own.set(name, value)
    given.delete(name)
  }
  for (const name of ['archive', 'ha-managed', 'live-restore'])
    if (own.has(name)) throw new NotSimulated(`qm create --${name}`)
  return own
}

function settled(machine: VmMachine, name: string, value: string): string {
  if (/^net\d+$/.test(name)) return withAddress(machine, value)
  if (name === 'tags') return tagsOf(value)
  if (name === 'cpuunits') return clampedUnits(value)
  if (name === 'ostype' && value.startsWith('w')) throw new NotSimulated('pinning the machine version for Windows')
  if (name === 'machine') requireMachine(value)
  return value
}

/** Of one that can't be made nothing is left. */
function built(call: QmCall, storage: string | undefined): VirtualMachine {
  try {
    return build(call, storage)
  } catch (error) {
    call.machine.remove(confOf(call.vmid))
    throw error
  }
}

function build(call: QmCall, storage: string | undefined): VirtualMachine {
  const { machine, given } = call
  const vm = newMachine()
  for (const [name, value] of given) if (!isDrive(name)) vm.values.set(name, value)
  const wanted = new Map([...given].filter(([name]) => isDrive(name)))
  for (const [name, value] of createDisks(call, vm, wanted, storage)) vm.values.set(name, value)
  vm.values.set('meta', `creation-qemu=${emulatorVersion},ctime=${machine.now()}`)
  if ((vm.values.get('boot') ?? '') === '') vm.values.set('boot', usualOrder(vm))
  if (!vm.values.has('smbios1')) vm.values.set('smbios1', `uuid=${newUuid(machine)}`)
  if ((vm.values.get('vmgenid') ?? '1') === '1') vm.values.set('vmgenid', newUuid(machine))
  return vm
}

/** The first disk, the first medium, the first card. */
function usualOrder({ values }: VirtualMachine): string {
  const drives = drivesOf(values).filter(([name]) => !/^(efidisk|tpmstate)/.test(name))
  const cards = Array.from({ length: 32 }, (_, index) => `net${index}`)
  const first = [
    drives.find(([, drive]) => !isCdrom(drive))?.[0],
    drives.find(([, drive]) => isCdrom(drive))?.[0],
    cards.find((card) => values.has(card)),
  ].filter((name) => name !== undefined)
  return first.length === 0 ? '' : printKeys(bootKeys, new Map([['order', first.join(';')]]))
}
