/**
 * Changes of a machine that runs: some take effect at once, the rest stays pending until it starts anew (qm(1),
 * "hotplug"). Which is which is qemu-server's rule, for no recording has a machine that runs.
 */
import { NotSimulated } from '../../tool.ts'
import { parseKeys, type Values } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { agentSetting } from './agent-setting.ts'
import { regenerate } from './cloudinit-drive.ts'
import { recordForCloudInit } from './cloudinit-pending.ts'
import { type VirtualMachine, writeMachine } from './config.ts'
import { netKeys } from './device-keys.ts'
import { busOf, fileOf, isCdrom, isCloudInit, isDrive, parseDrive } from './drives.ts'
import { attempt, deletions, detach, keepAfterAll, removeDrive } from './pending.ts'
import { cloudInitOptions } from './schema.ts'
import type { Place } from './verb.ts'

/** They mean nothing to the emulator. */
const free = new Set([
  ...'description hookscript lock migrate_downtime migrate_speed name onboot protection shares startup tags'.split(' '),
  'vmstatestorage',
  ...Object.keys(cloudInitOptions),
])

type Feature = 'network' | 'disk' | 'cpu' | 'memory' | 'usb' | 'cloudinit'

function featuresOf({ values }: VirtualMachine): Set<Feature> {
  const told = values.get('hotplug') ?? '1'
  if (told === '0') return new Set()
  return new Set((told === '1' ? 'network,disk,usb' : told).split(/[,;\s]+/) as Feature[])
}

/** Errors by key. Of the rest of what was asked for, and can't be done now, nothing is said. */
export function hotplug(place: Place, vm: VirtualMachine, asked: ReadonlySet<string>): Map<string, string> {
  const errors = new Map<string, string>()
  const features = featuresOf(vm)
  if (features.has('memory')) throw new NotSimulated('a running machine with memory hotplug')
  for (const [key, value] of [...vm.pending].filter(([name]) => free.has(name))) settle(vm, key, value)
  for (const [key, force] of deletions(vm.pending)) {
    if (!asked.has(key) || !canDelete(vm, features, key)) continue
    attempt(
      () => {
        const old = vm.values.get(key)
        if (isDrive(key)) removeDrive(place, vm, key, force)
        vm.values.delete(key)
        recordForCloudInit(vm, key, old, undefined)
        keepAfterAll(vm.pending, key)
      },
      (said) => errors.set(key, `hotplug problem - ${said}`),
    )
  }
  for (const [key, value] of [...vm.pending].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (key === 'delete' || !asked.has(key)) continue
    attempt(
      () => {
        if (!canChange(place, vm, features, key, value)) return
        settle(vm, key, value)
        // A drive that has to be plugged in must have its data first.
        if (isDrive(key) && isCloudInit(parseDrive(key, value))) regenerate(place, vm)
      },
      (said) => errors.set(key, `hotplug problem - ${said}`),
    )
  }
  writeMachine(place.machine, place.vmid, vm)
  if (features.has('cloudinit') && (vm.special.get('cloudinit')?.size ?? 0) > 0 && regenerate(place, vm))
    writeMachine(place.machine, place.vmid, vm)
  return errors
}

function settle(vm: VirtualMachine, key: string, value: string): void {
  recordForCloudInit(vm, key, vm.values.get(key), value)
  vm.values.set(key, value)
  vm.pending.delete(key)
}

function canDelete(vm: VirtualMachine, features: ReadonlySet<Feature>, key: string): boolean {
  if (free.has(key) || key === 'cpuunits' || key === 'cpulimit') return true
  if (key === 'hotplug') return !/cpu|memory/.test(vm.values.get(key) ?? '')
  if (key === 'tablet') return features.has('usb')
  if (key === 'vcpus') return features.has('cpu')
  if (key === 'balloon') return vm.values.get(key) !== '0'
  if (/^usb\d+$/.test(key)) return canPlugUsb(vm, features)
  if (/^net\d+$/.test(key)) return features.has('network')
  return isDrive(key) && features.has('disk') && /^(scsi|virtio)$/.test(busOf(key))
}

function canChange(
  place: Place,
  vm: VirtualMachine,
  features: ReadonlySet<Feature>,
  key: string,
  value: string,
): boolean {
  const live = vm.values.get(key)
  if (key === 'cpuunits' || key === 'cpulimit') return true
  if (key === 'hotplug') return !/cpu|memory/.test(`${value} ${live ?? ''}`)
  if (key === 'tablet') return features.has('usb')
  if (key === 'vcpus') return features.has('cpu')
  if (key === 'balloon') return (live !== '0') === (value !== '0')
  if (key === 'agent') return live !== undefined && isSame(startedWith(live), startedWith(value))
  if (/^usb\d+$/.test(key)) return canPlugUsb(vm, features)
  if (/^net\d+$/.test(key)) return features.has('network') || isSameCard(live, value)
  return isDrive(key) && canChangeDrive(place, vm, features.has('disk'), key, parseDrive(key, value))
}

const canPlugUsb = ({ values }: VirtualMachine, features: ReadonlySet<Feature>): boolean =>
  features.has('usb') && /^(l26|win8|win1\d)$/.test(values.get('ostype') ?? '')

const keysOf = (parsed: Values | string): Values => (typeof parsed === 'string' ? new Map() : parsed)
const isSame = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  one.size === other.size && [...one].every(([key, value]) => other.get(key) === value)

/** What of the agent's setting the emulator was started with. */
function startedWith(value: string): Values {
  const setting = agentSetting(value)
  setting.delete('fstrim_cloned_disks')
  return setting
}

/** The same card, perhaps on another bridge. */
function isSameCard(live: string | undefined, value: string): boolean {
  if (live === undefined) return false
  const [one, other] = [live, value].map((text) => keysOf(parseKeys('', netKeys, text)))
  const isEqual = ['model', 'macaddr', 'queues', 'mtu'].every((key) => one?.get(key) === other?.get(key))
  return isEqual && one?.has('bridge') === true && other?.has('bridge') === true
}

/** Whether the drive is changed, or plugged in, now. What was in its place before hangs on nothing then. */
function canChangeDrive(place: Place, vm: VirtualMachine, canPlug: boolean, name: string, drive: Values): boolean {
  const bus = busOf(name)
  if (bus === 'efidisk' || bus === 'tpmstate') return false
  const text = vm.values.get(name)
  if (text !== undefined) {
    const live = parseDrive(name, text)
    if (isCdrom(live) !== isCdrom(drive)) throw new Refusal('unable to change media type\n')
    if (isCdrom(live)) {
      if (fileOf(drive) === 'none' && isCloudInit(live)) detach(place, vm, live)
      return true
    }
    if (fileOf(live) === fileOf(drive)) {
      const fixed = ['aio', 'discard', 'iothread', 'queues', 'product', 'cache', 'ssd', 'vendor', 'ro']
      return fixed.every((key) => live.get(key) === drive.get(key))
    }
    if (!canPlug) return false
    detach(place, vm, live)
  }
  return canPlug && (bus === 'scsi' || bus === 'virtio')
}
