/** Containers: phoenix_lxc_configs.json, in which several fields changed their meaning on the way. */
import { readGuestFirewall } from './firewall.ts'
import { type GuestReader, readDependencies, readStorage } from './guests.ts'
import { readHostPath } from './host-folders.ts'
import { readCard } from './lxc-network.ts'
import type { Old } from './old.ts'
import type { Fields } from './read.ts'

const LXC = 'guests.lxc_configs.*'

export function readLxc(guests: GuestReader, ctid: string, lxc: Old): Fields | undefined {
  const { reader, world } = guests
  const { report } = reader
  if (!/^[1-9][0-9]{2,8}$/.test(ctid)) {
    return report.leavesOut(lxc, `"${ctid}" is no id of a container`, 'the key is a number from 100 on, as text')
  }
  const made = reader.fields(lxc, LXC, {
    template: (old) => {
      if (!lxc.get('clone_from_ctid').isPresent && !lxc.get('clone_from_template_ctid').isPresent) {
        return reader.value(old, `${LXC}.template`)
      }
      report.dropped(old, 'the container is a clone: its template was not used')
      return undefined
    },
    clone_from_ctid: (old) => textId(guests, old),
    clone_from_template_ctid: () => undefined,
    storage_pool: (old) => readStorage(guests, old),
    network_config: (old) => readCard(guests, old, `${LXC}.network_config`, lxc),
    secondary_network_config: (old) => readCard(guests, old, `${LXC}.secondary_network_config`, lxc),
    public_interface: (old) => {
      const mend = 'write secondary_network_config: {"name": "net1", "bridge": …, "ip": …, "gw": …}'
      return report.leavesOut(old, 'a second card in the form of one commit', mend)
    },
    features: (old) => (old.text === undefined ? reader.value(old, `${LXC}.features`) : undefined),
    lxc_options: (old) => reader.list(old, (line) => rawLine(guests, line)),
    gpu_assignment: (old) => gpus(guests, old),
    zfs_volumes: (old) => reader.list(old, (volume) => readVolume(guests, volume)),
    volumes: () => undefined,
    mount_points: (old) =>
      reader.list(old, (mount) => {
        if (!mount.isObject) return reader.fields(mount, `${LXC}.mount_points[]`)
        return readHostPath(reader, mount, world) === undefined
          ? undefined
          : reader.fields(mount, `${LXC}.mount_points[]`)
      }),
    swap_mb: (old) => report.dropped(old, 'no script read it'),
    health_check: (old) => report.dropped(old, 'the script read health_checks, another field'),
    application_script: (old) => readApplication(guests, old),
    id_maps: (old) => {
      report.dropped(old, 'what it says was never read: any entry gave the default mapping of Proxmox VE')
      return undefined
    },
    dependencies: (old) => readDependencies(guests, old),
    firewall: (old) => readGuestFirewall(reader, old, `${LXC}.firewall`),
  })
  if (made === undefined) return undefined
  addPctOptions(guests, lxc, made)
  addOldCloneSource(guests, lxc, made)
  addDedicatedVolumes(guests, lxc, made)
  return made
}

/** Until 1 September `features` was a text for pct, not a list of scripts. */
function addPctOptions({ reader }: GuestReader, lxc: Old, made: Fields): void {
  const old = lxc.get('features')
  if (old.text === undefined) return
  const options = old.text.split(/[\s,]+/).filter(Boolean)
  if (options.length === 0) {
    reader.report.dropped(old, 'empty: no features')
    return
  }
  made.pct_options = reader.from(old, [...new Set([...options, ...((made.pct_options as string[] | undefined) ?? [])])])
  reader.report.normalised(old, old.text, 'pct_options', 'options of pct, from before features named scripts')
}

function addOldCloneSource(guests: GuestReader, lxc: Old, made: Fields): void {
  const old = lxc.get('clone_from_template_ctid')
  if (!old.isPresent) return
  guests.reader.report.normalised(old, 'clone_from_template_ctid', 'clone_from_ctid')
  made.clone_from_ctid ??= String(old.value)
}

/** "Dedicated volumes": the same shape under another name. */
function addDedicatedVolumes(guests: GuestReader, lxc: Old, made: Fields): void {
  const { reader } = guests
  const old = lxc.get('volumes')
  if (!old.isPresent) return
  const volumes = (made.zfs_volumes as Fields[] | undefined) ?? []
  const dedicated = reader.list(old, (volume) => readVolume(guests, volume)) as Fields[]
  for (const volume of dedicated) {
    const taken = volumes.find(({ mount_point }) => mount_point === volume.mount_point)
    const origin = reader.originOf(volume)
    if (taken === undefined) volumes.push(volume)
    else if (origin !== undefined) {
      const message = `${String(volume.mount_point)} is the mount point of ${String(taken.name)} too; the scripts put this one in its place`
      reader.report.leavesOut(origin, message, 'pct config ID shows which volume is mounted there: keep that one')
    }
  }
  if (dedicated.length > 0) reader.report.normalised(old, 'volumes', 'zfs_volumes')
  made.zfs_volumes = volumes
}

function readVolume(guests: GuestReader, volume: Old): Fields | undefined {
  const made = guests.reader.fields(volume, `${LXC}.zfs_volumes[]`, { pool: (old) => readStorage(guests, old, true) })
  if (made === undefined || made.pool !== undefined) return made
  const message = `no pool or storage ${String(volume.get('pool').value ?? '')} is declared for the volume ${String(made.name ?? '')}`
  return guests.reader.report.leavesOut(
    volume,
    message,
    `name a declared pool, or one of ${guests.storages.join(', ')}`,
  )
}

/** The file is where the scripts were; without it the new config would not validate. */
function readApplication({ reader }: GuestReader, old: Old): undefined {
  const message = `phx looks for ${String(old.value)} beside the config, and no longer gives it the configs of all guests`
  return reader.report.leavesOut(old, message, 'see that it can do without, put it there, and write application_script')
}

function textId({ reader }: GuestReader, old: Old): string {
  const made = String(old.value)
  reader.became(old, made)
  return made
}

/** `lxc.a=b`, `lxc.a:b` and `lxc.a: b` mean the same; the scripts took them apart at blanks. */
function rawLine({ reader }: GuestReader, line: Old): unknown {
  if (reader.report.secrets.isAt(line)) {
    return reader.report.leavesOut(line, 'there is a secret in this line', 'put it into a file in the container')
  }
  const parts = /^\s*(lxc\.[a-z0-9._]+)\s*[=:]\s*(.*)$/.exec(line.text ?? '')
  const made = parts === null ? line.value : `${parts[1]}: ${parts[2]}`
  reader.became(line, made)
  return made
}

/** `0, 1`, `0 1` and `0,1`. */
function gpus({ reader }: GuestReader, old: Old): unknown {
  const words = String(old.value)
    .split(/[\s,]+/)
    .filter(Boolean)
  const made = words.length === 0 ? 'none' : words.join(',')
  reader.became(old, made)
  return made
}
