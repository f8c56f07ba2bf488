/** What happens to a machine: `sim VERB …`, for tests and for people who set a scene with `phx sim FOLDER -- sim …`. */
import { areas } from './areas.ts'
import { findDevice, settleVolumes } from './devices.ts'
import { unmountEverything } from './disk-tools/mount.ts'
import { tidy, writeText } from './filesystem.ts'
import { runIn } from './guest/attach.ts'
import { placeIn } from './guest/inside.ts'
import type { Disk, SimState } from './model.ts'
import { rereadTable } from './partitions.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from './tool.ts'
import { settle } from './udev.ts'
import { disksChanged, forgetPools, importAtBoot } from './zpool/kernel.ts'

type Event = (state: SimState, args: readonly string[], stdin: string) => ToolAnswer

/** Also of a disk that is not there at the moment. */
function diskNamed(state: SimState, name: string): Disk | undefined {
  const id = name.replace(/^\/dev\/disk\/by-id\//, '')
  return findDevice(state, name)?.disk ?? state.disks.find(({ ids, serial }) => ids.includes(id) || serial === name)
}

const onDisk =
  (change: (state: SimState, disk: Disk, args: readonly string[]) => void): Event =>
  (state, args) => {
    const disk = diskNamed(state, args[0] ?? '')
    if (disk === undefined) return answer(1, '', `sim: no disk ${args[0] ?? ''}\n`)
    change(state, disk, args.slice(1))
    return answer(0)
  }

/** Kernel names are dealt anew among the disks of a kind; the system disk stays the first. */
function shuffleNames(state: SimState): void {
  const systemDisk = state.mounts.find(({ target }) => target === '/')?.source.replace('/dev/', '')
  const kinds = new Set(state.disks.map(({ kname }) => kname.slice(0, 2)))
  for (const kind of kinds) {
    const disks = state.disks.filter(({ kname }) => kname.startsWith(kind) && kname !== systemDisk)
    const names = disks.map(({ kname }) => kname)
    disks.forEach((disk, index) => {
      disk.kname = names[(index + 1) % names.length] ?? disk.kname
    })
  }
}

/** Orderly or not, the result is the same here: every change was on its disk before the call that made it returned. */
export function bootMachine(state: SimState): void {
  unmountEverything(state)
  state.swaps = []
  forgetPools(state)
  shuffleNames(state)
  for (const disk of state.disks) rereadTable(disk)
  settleVolumes(state)
  importAtBoot(state)
  settle(state)
  for (const area of areas) area.boot?.(state)
}

const boot: Event = (state) => {
  bootMachine(state)
  return answer(0)
}

const events: Readonly<Record<string, Event>> = {
  unplug: onDisk((state, disk) => {
    disk.present = false
    disksChanged(state)
  }),
  plug: onDisk((state, disk) => {
    disk.present = true
    disksChanged(state)
  }),
  'read-errors': onDisk((_, disk, [on]) => {
    disk.readErrors = on === 'on'
  }),
  'read-only': onDisk((_, disk, [on]) => {
    disk.readOnly = on === 'on'
  }),
  reboot: boot,
  'power-cut': boot,
  in: (state, [guest = '', separator, ...argv], stdin) => {
    const place = placeIn(state, guest.replace(/^(vm|lxc):/, ''))
    if (separator !== '--') return answer(1, '', 'sim: in GUEST -- TOOL ARGS\n')
    return place?.guest.power ? runIn(place, argv, stdin) : answer(1, '', `sim: ${guest} is not running\n`)
  },
  wait: () => answer(0),
  hold: (state, [path = '']) => {
    state.holders.push({ path: tidy(path), by: 'sleep' })
    return answer(0)
  },
  release: (state, [path = '']) => {
    state.holders = state.holders.filter((holder) => holder.path !== tidy(path))
    return answer(0)
  },
  'remove-tool': (state, [tool = '']) => {
    state.missingTools = [...(state.missingTools ?? []), tool]
    return answer(0)
  },
  write: (state, [path = ''], stdin) => {
    const fault = writeText(state, tidy(path), stdin)
    return fault === null ? answer(0) : answer(1, '', `sim: ${path}: ${fault}\n`)
  },
}

export const sim: Tool = (state, { args, stdin }) => {
  const [verb = '', ...rest] = args
  for (const area of areas) {
    const happen = area.events?.[verb]
    if (!happen) continue
    const fault = happen(state, rest, stdin)
    return fault === null ? answer(0) : answer(1, '', `sim ${verb}: ${fault}\n`)
  }
  const event = Object.hasOwn(events, verb) ? events[verb] : undefined
  if (event === undefined) throw new NotSimulated(`sim ${verb}: there is ${Object.keys(events).join(', ')}`)
  return event(state, rest, stdin)
}
